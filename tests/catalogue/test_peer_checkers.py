"""Gymnasium's and PettingZoo's own checkers and wrappers find nothing to complain of, for every id."""

from __future__ import annotations

import functools
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from gymnasium.vector.utils import concatenate, create_empty_array
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker, RecordEpisodeStatistics, RenderCollection, TimeLimit
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test
from pettingzoo.utils import BaseWrapper
from streams import fingerprint, legal_action, row_of
from surfaces import ALL_SURFACES, GAMES, IDS, ONE_OF_EACH_PLAY, has_sb3_form, make, some_and_long, surfaces

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration

pytestmark = pytest.mark.core

SINGLE_SURFACES = [pair for pair in ALL_SURFACES if pair[1] in ("env", "seat")]
SOME = [pair for pair in SINGLE_SURFACES if pair[0] in ONE_OF_EACH_PLAY]  # what they wrap has been checked by then
EVERY_SINGLE_SURFACE = pytest.mark.parametrize(
    ("env_id", "surface"), some_and_long(SOME, [pair for pair in SINGLE_SURFACES if pair not in SOME])
)
PLACES = ("observation", "info")
MASK_IN = pytest.mark.parametrize("mask_in", PLACES)
SIMULTANEOUS = tuple(env_id for env_id, entry in CATALOGUE.items() if entry.play == "simultaneous")
STEPS = 60  # of an episode that is cut short


def complaints_of(test, *arguments, **named):
    """The warnings of a checker."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        test(*arguments, **named)
    return {str(each.message) for each in caught}


def legal(env, info, rng):
    return legal_action(env, info["action_mask"], rng)


# --- Gymnasium -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env_id", "surface", "mask_in"),
    [(*pair, place) for pair in SINGLE_SURFACES for place in PLACES if place == "observation" or pair in SOME],
)
def test_check_env(env_id, surface, mask_in):
    """No warning but those that Gymnasium's own environments get: CartPole, whose velocities have no bounds either, and
    Pendulum, whose torques have a unit too.

    It samples without a mask, so invalid actions are let pass; it draws in every render mode, in a dummy window.
    """
    env = make(env_id, surface, on_invalid="noop", mask_in=mask_in)
    assert not complaints_of(check_env, env.unwrapped) - their_complaints()
    assert env.unwrapped.observation_space.contains(env.reset(seed=0)[0])


@functools.cache
def their_complaints():
    theirs = [gym.make(env_id).unwrapped for env_id in ("CartPole-v1", "Pendulum-v1")]
    return set().union(*(complaints_of(check_env, env, skip_render_check=True) for env in theirs))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_check_env_does_complain():
    """The negative control: of an observation outside of its space, it does."""

    class Shifted(gym.Wrapper):
        unwrapped = property(lambda self: self)

        def reset(self, **arguments):
            observation, info = self.env.reset(**arguments)
            return {**observation, "action_mask": observation["action_mask"] + 2}, info

    with pytest.raises(AssertionError, match="observation space"):
        check_env(Shifted(make(IDS[0], "env", on_invalid="noop")), skip_render_check=True)


@MASK_IN
@EVERY_SINGLE_SURFACE
def test_the_passive_checker(env_id, surface, mask_in):
    env = make(env_id, surface, mask_in=mask_in, disable_env_checker=False, render_mode="rgb_array")
    assert isinstance(env, PassiveEnvChecker)

    def play():
        rng = np.random.default_rng(0)
        for seed in range(2):
            _, info = env.reset(seed=seed)
            for _ in range(STEPS):
                *_, terminated, truncated, info = env.step(legal(env, info, rng))
                if terminated or truncated:
                    break
        env.render()

    assert not complaints_of(play) - their_complaints()


@EVERY_SINGLE_SURFACE
def test_a_stack_of_wrappers(env_id, surface):
    """Time limit, order, statistics and pictures; the mask and the counter are found through all of them."""
    bare = make(env_id, surface, render_mode="rgb_array")
    env = RecordEpisodeStatistics(RenderCollection(TimeLimit(OrderEnforcing(bare), 5), pop_frames=False))
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)
    rng, total, over, steps = np.random.default_rng(0), 0.0, False, 0
    _, info = env.reset(seed=0)
    while not over:
        action_masks, spec = env.get_wrapper_attr("action_masks"), env.unwrapped.mask_spec
        if has_sb3_form(spec):
            masks = action_masks()
            np.testing.assert_array_equal(masks, spec.convert(info["action_mask"], to="sb3"))
            assert masks.dtype == np.bool_ and masks.any()
        else:
            with pytest.raises(ValueError, match=f"sb3 cannot express {spec.kind} masks"):
                action_masks()
        assert surface == "env" or not env.unwrapped.invalid_actions
        _, reward, terminated, truncated, info = env.step(legal(env, info, rng))
        over, total, steps = terminated or truncated, total + reward, steps + 1
    assert steps == 5 if truncated else 1 < steps < 5
    assert info["episode"]["l"] == steps and info["episode"]["r"] == pytest.approx(total)
    frames = env.render()
    assert len(frames) == steps + 1 and {frame.dtype for frame in frames} == {np.dtype(np.uint8)}
    assert len({frame.shape for frame in frames}) == 1 and len(frames[0].shape) == 3
    assert len({frame.tobytes() for frame in frames}) > 1


@pytest.mark.parametrize("vector", [SyncVectorEnv, functools.partial(AsyncVectorEnv, context="fork")])
@EVERY_SINGLE_SURFACE
def test_gymnasiums_vector_environments_step_ours(env_id, surface, vector):
    """Byte for byte as single environments beside them do."""
    makers = [functools.partial(make, env_id, surface, time_limit=STEPS) for _ in range(2)]
    envs, alone = vector(makers), [maker() for maker in makers]
    try:
        observations, info = envs.reset(seed=4)
        for row, env in enumerate(alone):
            assert fingerprint(row_of(observations, row)) == fingerprint(env.reset(seed=4 + row)[0])
        rng, spec, over = np.random.default_rng(0), alone[0].unwrapped.mask_spec, [False, False]
        for _ in range(STEPS + 5):
            chosen = [legal_action(*pair, rng) for pair in zip(alone, rows(info["action_mask"]), strict=True)]
            actions = concatenate(spec.action_space, chosen, create_empty_array(spec.action_space, len(chosen)))
            observations, rewards, terminated, truncated, info = envs.step(actions)
            for row, env in enumerate(alone):
                given = (env.reset()[0], 0.0, False, False) if over[row] else env.step(chosen[row])[:4]
                seen = (row_of(observations, row), rewards[row], bool(terminated[row]), bool(truncated[row]))
                assert fingerprint(seen) == fingerprint(given)
                over[row] = given[2] or given[3]
        assert envs.get_attr("invalid_actions") == (0, 0)
    finally:
        envs.close()


def rows(masks):
    if isinstance(masks, dict):  # beside each part Gymnasium says which rows have it
        masks = {key: part for key, part in masks.items() if not key.startswith("_")}
    return [row_of(masks, i) for i in range(2)]


@pytest.mark.parametrize("env_id", IDS)
def test_specifications_go_through_json(env_id):
    again = gym.envs.registration.EnvSpec.from_json(gym.spec(env_id).to_json())
    assert again == gym.spec(env_id)
    for surface in set(surfaces(env_id)) & {"env", "seat"}:
        env = make(env_id, surface, time_limit=7)
        twin = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
        assert twin.spec.kwargs == env.spec.kwargs and twin.spec.kwargs["time_limit"] == 7
        assert fingerprint(twin.reset(seed=1)) == fingerprint(env.reset(seed=1))


# --- PettingZoo ------------------------------------------------------------------------------------------------------


@functools.cache
def complaints_of_their_connect_four():
    """The test excuses PettingZoo's own games by name from what it says of any other Dict observation."""
    theirs = pytest.importorskip("pettingzoo.classic.connect_four.connect_four").raw_env()
    theirs.metadata = {**theirs.metadata, "name": "nobody_v0"}
    return complaints_of(api_test, theirs, num_cycles=200)


class WithoutMasks(BaseWrapper):
    """Their tests sample from a mask as Gymnasium's spaces read it, and those have no form for a conditional mask."""

    @property
    def infos(self):
        hidden = {"action_mask"}
        return {agent: {k: info[k] for k in info.keys() - hidden} for agent, info in self.env.infos.items()}


def for_their_tests(env_id, mask_in="observation"):
    """The AEC form of a game; one whose masks they cannot read plays a legal action instead of what they sample."""
    env = masked_envs.make_aec(env_id, mask_in=mask_in)
    if env.mask_spec(env.possible_agents[0]).kind in ("flat", "candidates"):
        return env
    return WithoutMasks(masked_envs.make_aec(env_id, mask_in="info", on_invalid="resample"))


@MASK_IN
@pytest.mark.parametrize("env_id", GAMES)
def test_pettingzoos_api_test(env_id, mask_in):
    """No warning but those that PettingZoo's own game gets, such as of an empty board, which is all zeros."""
    env = for_their_tests(env_id, mask_in)
    complaints = complaints_of(api_test, env, num_cycles=200) - complaints_of_their_connect_four()
    if isinstance(env, WithoutMasks):  # which is of no flat actions
        complaints = {text for text in complaints if not text.startswith("Action space for each agent probably should")}
    assert not complaints
    assert isinstance(env, WithoutMasks) or env.invalid_actions == 0


@pytest.mark.parametrize("env_id", SIMULTANEOUS)
def test_pettingzoos_parallel_api_test(env_id):
    env = masked_envs.make_parallel(env_id)
    assert not complaints_of(parallel_api_test, env, num_cycles=200)
    assert env.invalid_actions == 0


@pytest.mark.parametrize("env_id", GAMES)
def test_pettingzoos_seed_tests(env_id):
    assert not complaints_of(seed_test, functools.partial(for_their_tests, env_id), num_cycles=100)
    if declaration(env_id).play == "simultaneous":
        make_one = functools.partial(masked_envs.make_parallel, env_id, on_invalid="noop")  # it samples without a mask
        assert not complaints_of(parallel_seed_test, make_one, num_cycles=100)
