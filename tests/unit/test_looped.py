"""LoopedVectorEnv, beside the vector environments of this package, whose rules step all rows at once."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from streams import fingerprint, legal_action, row_of
from surfaces import ROWS, TOYS, in_one_action, makers

from masked_envs import InvalidActionError
from masked_envs.wrappers import ActionMask, FrameStack, LoopedVectorEnv, VectorSequentialActions

pytestmark = pytest.mark.core

MODES = (AutoresetMode.SAME_STEP, AutoresetMode.DISABLED)
PLAYED = [name for name, toy in TOYS.items() if in_one_action(toy)]
SHARED = ("action_mask", "invalid_action")
FLAT, JOINT = (
    next(name for name in PLAYED if TOYS[name].mask(TOYS[name].resolve({})).kind == kind) for kind in ("flat", "joint")
)


def pair(name, mode, mask_in="info", **arguments):
    """The loop over single environments, and the vector environment of the same rules."""
    make = makers(name)
    singles = [make["env"](backend="python", **arguments) for _ in range(ROWS)]
    native = make["vector"](backend="python", autoreset_mode=mode, mask_in=mask_in, **arguments)
    return LoopedVectorEnv(singles, mode, mask_in), native


def told(info):
    """What both say in info."""
    about = {key: info[key] for key in SHARED if key in info}
    if "final_obs" in info:
        about |= {"final_obs": list(info["final_obs"]), "_final_obs": info["_final_obs"]}
        about["final_info"] = {key: info["final_info"][key] for key in SHARED if key in info["final_info"]}
    return about


def seen(given):
    *what, info = given
    return fingerprint([*what, told(info)])


@pytest.mark.parametrize(("mode", "mask_in"), [(MODES[0], "info"), (MODES[1], "observation")])
@pytest.mark.parametrize("name", PLAYED)
def test_rows_are_those_of_the_native_vector_environment(name, mode, mask_in):
    looped, native = pair(name, mode, mask_in, on_invalid="noop")
    assert looped.single_observation_space == native.single_observation_space
    assert looped.action_space == native.action_space and looped.mask_spec == native.mask_spec
    assert seen(looped.reset(seed=3)) == seen(native.reset(seed=3))
    rng, ends = np.random.default_rng(0), 0
    for t in range(30):
        actions = legal_action(native, native.action_mask, rng)
        chosen = {}
        if mode is AutoresetMode.DISABLED and t % 3:
            chosen = {"where": np.arange(ROWS) != t % ROWS}
        ours, theirs = looped.step(actions, **chosen), native.step(actions, **chosen)
        assert seen(ours) == seen(theirs)
        over = theirs[2] | theirs[3]
        ends += int(over.sum())
        if mode is AutoresetMode.DISABLED and over.any():
            with pytest.raises(ResetNeeded):
                looped.step(actions)
            options = {"reset_mask": over}
            assert seen(looped.reset(options=dict(options))) == seen(native.reset(options=dict(options)))
    assert ends
    np.testing.assert_array_equal(looped.invalid_actions, native.invalid_actions)


def test_an_invalid_action_is_counted_in_its_row_and_moves_none():
    looped, native = pair(FLAT, AutoresetMode.DISABLED)
    rng = np.random.default_rng(0)
    for envs in (looped, native):
        envs.reset(seed=0)
    before = fingerprint(looped.action_mask)
    actions = np.array(legal_action(native, native.action_mask, rng))
    actions[1:] = -1
    for envs in (looped, native):
        with pytest.raises(InvalidActionError, match=r"row 1 \(and 1 more\)"):
            envs.step(actions)
        assert envs.invalid_actions.tolist() == [0, 1, 1]
    assert fingerprint(looped.action_mask) == before


class Stairs(gym.Env):
    """Up or down, never below 0; the mask is behind `action_masks()`, as sb3-contrib's users write it."""

    observation_space, action_space = gym.spaces.Box(0, 9, (1,), np.float32), gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at = 0 if options is None else options["at"]
        return np.array([self.at], np.float32), {}

    def step(self, action):
        self.at += 1 if action else -1
        assert self.at >= 0
        return np.array([self.at], np.float32), 1.0, self.at == 3, False, {}

    def action_masks(self):
        return np.array([self.at > 0, True])


def test_environments_of_ones_own_are_masked_where_they_are_not_yet():
    raw = LoopedVectorEnv([Stairs() for _ in range(3)], AutoresetMode.SAME_STEP, "info")
    observations, info = raw.reset(seed=0, options={"at": 1})
    assert observations.tolist() == [[1], [1], [1]] and info["action_mask"].tolist() == [[1, 1]] * 3
    observations, _, _, _, info = raw.step(np.array([0, 1, 1]))
    assert (
        observations.tolist() == [[0], [2], [2]] and raw.action_masks().tolist() == [[False, True]] + [[True] * 2] * 2
    )
    with pytest.raises(InvalidActionError):
        raw.step([0, 0, 0])
    _, _, terminated, _, info = raw.step([1, 0, 1])
    assert terminated.tolist() == [False, False, True] and info["final_obs"][2].tolist() == [3]
    assert raw.sample_legal().shape == (3,)


def test_what_is_no_masked_environment_is_refused():
    with pytest.raises(TypeError, match="mask"):
        LoopedVectorEnv([gym.make("CartPole-v1")], AutoresetMode.SAME_STEP)
    with pytest.raises(ValueError, match="SAME_STEP and DISABLED"):
        LoopedVectorEnv([Stairs()], AutoresetMode.NEXT_STEP)
    with pytest.raises(ValueError, match="same observation_space"):
        LoopedVectorEnv([Stairs(), FrameStack(ActionMask(Stairs(), "action_masks"), 2)], AutoresetMode.SAME_STEP)
    with pytest.raises(ResetNeeded):
        LoopedVectorEnv([Stairs()], AutoresetMode.DISABLED).step([1])


def test_sequences_of_choices_play_over_it():
    looped, native = pair(JOINT, AutoresetMode.DISABLED)
    ours, theirs = (VectorSequentialActions(envs, autoreset_mode=AutoresetMode.SAME_STEP) for envs in (looped, native))
    assert fingerprint(ours.reset(seed=1)[0]) == fingerprint(theirs.reset(seed=1)[0])
    rng = np.random.default_rng(0)
    for _ in range(40):
        actions = theirs.sample_legal(rng)
        one, other = ours.step(actions), theirs.step(actions)
        assert fingerprint(list(one[:4])) == fingerprint(list(other[:4]))
        assert fingerprint(row_of(one[4]["action_mask"], 0)) == fingerprint(row_of(other[4]["action_mask"], 0))
