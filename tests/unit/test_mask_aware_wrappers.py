"""Wrappers that leave the mask alone, held against Gymnasium's own on the bare observation; and the monitor."""

from __future__ import annotations

import functools
import json
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from streams import fingerprint, legal_action

import masked_envs
from masked_envs import InvalidActionError
from masked_envs.wrappers import (
    Delay,
    Flatten,
    FrameStack,
    Normalize,
    OnObservation,
    RecordInvalidActions,
    StickyAction,
)
from masked_envs.wrappers import replay as replay_record

pytestmark = pytest.mark.core

CART, BOARD, PARTS = "MaskedCartPole-v0", "MaskedConnectFour-v0", "ParametricCartPole-v0"
CHANGING = {"availability": "step"}

FORMS = {
    "stacked": (lambda env: FrameStack(env, 3), lambda env: gym.wrappers.FrameStackObservation(env, 3)),
    "normalized": (Normalize, gym.wrappers.NormalizeObservation),
    "flattened": (Flatten, gym.wrappers.FlattenObservation),
    "late": (lambda env: Delay(env, 2), lambda env: gym.wrappers.DelayObservation(env, 2)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("env_id", "arguments"), [(CART, CHANGING), (BOARD, {}), (PARTS, {})])
def test_the_observation_is_gymnasiums_and_the_mask_is_that_of_the_position(
    form: str, env_id: str, arguments: Any
) -> None:
    ours_of, theirs_of = FORMS[form]
    if env_id == PARTS and form == "normalized":
        pytest.skip("Gymnasium's NormalizeObservation takes no Dict")
    ours = ours_of(gym.make(env_id, **arguments))
    theirs = theirs_of(gym.make(env_id, mask_in="info", **arguments))
    rng = np.random.default_rng(0)
    seen, info = ours.reset(seed=1)
    bare, their_info = theirs.reset(seed=1)
    for _ in range(40):
        rest = {key: part for key, part in seen.items() if key != "action_mask"}
        mine = rest if isinstance(bare, dict) else rest["observation"]
        if (env_id, form) == (PARTS, "flattened"):  # with the mask among them, the parts come in another order
            mine, bare = np.sort(mine), np.sort(bare)
        assert fingerprint(mine) == fingerprint(bare)
        assert fingerprint(seen["action_mask"]) == fingerprint(ours.get_wrapper_attr("action_mask"))
        assert fingerprint(seen["action_mask"]) == fingerprint(their_info["action_mask"])
        assert ours.observation_space.contains(seen)
        action = legal_action(ours, info["action_mask"], rng)
        seen, reward, terminated, truncated, info = ours.step(action)
        bare, their_reward, *_, their_info = theirs.step(action)
        assert reward == their_reward
        if terminated or truncated:
            seen, info = ours.reset()
            bare, their_info = theirs.reset()
    assert ours.get_wrapper_attr("invalid_actions") == 0


@pytest.mark.parametrize("form", FORMS)
def test_wrapped_environments_obey_every_law(form: str) -> None:
    make = lambda: FORMS[form][0](gym.make(CART, **CHANGING))  # noqa: E731
    report = masked_envs.check_masked_env(make, steps=20, raise_on_failure=False)
    # What a wrapper remembers is in no position of the environment within it.
    remembers = form != "flattened"
    assert {finding.law for finding in report.failures} == ({"L10"} if remembers else set()), report
    about = ("set_state", "a later reset")  # running statistics go on over a reset
    assert all(any(words in finding.sentence for words in about) for finding in report.failures)


def test_gymnasiums_own_frame_stack_breaks_the_mask() -> None:
    """The negative control: on the whole observation it stacks the mask as well."""
    env = gym.wrappers.FrameStackObservation(gym.make(CART), 3)
    seen, _ = env.reset(seed=0)
    assert seen["action_mask"].shape != env.get_wrapper_attr("action_mask").shape
    report = masked_envs.check_masked_env(lambda: env, steps=20, raise_on_failure=False)
    assert any("Box(0, 1, (3, 6), int8)" in finding.sentence for finding in report.failures if finding.law == "L2")
    assert not any("raised" in finding.sentence for finding in report.failures), "the mask is wrong, and no step is"
    assert "L7" in {finding.law for finding in report.not_judged}


def test_any_wrapper_of_observations_may_be_put_there() -> None:
    env = OnObservation(gym.make(CART), lambda env: gym.wrappers.DtypeObservation(env, np.float64))
    seen, _ = env.reset(seed=0)
    assert seen["observation"].dtype == np.float64 and seen["action_mask"].dtype == np.int8
    with pytest.raises(TypeError, match="a part action_mask"):
        Flatten(gym.make(CART, mask_in="info"))


# --- sticky actions -------------------------------------------------------------------------------------------------


def invalid_when_sticky(wrap: Any) -> int:
    env, rng = wrap(gym.make(BOARD, on_invalid="noop")), np.random.default_rng(0)
    for seed in range(20):
        _, info = env.reset(seed=seed)
        over = False
        while not over:
            _, _, terminated, truncated, info = env.step(legal_action(env, info["action_mask"], rng))
            over = terminated or truncated
    return int(env.get_wrapper_attr("invalid_actions"))


def test_a_sticky_action_is_never_one_that_the_mask_forbids() -> None:
    assert invalid_when_sticky(lambda env: StickyAction(env, 0.6)) == 0
    assert invalid_when_sticky(lambda env: gym.wrappers.StickyAction(env, 0.6)) > 0


def test_sticky_actions_stick_and_are_reproducible() -> None:
    played = []
    for _ in range(2):
        env = StickyAction(gym.make(CART, num_actions=2), 0.5)
        env.reset(seed=3)
        played.append([float(env.step(k % 2)[0]["observation"][1]) for k in range(8)])
    assert played[0] == played[1]
    pushes = np.sign(np.diff(played[0]))
    assert not np.array_equal(pushes, np.resize([1, -1], 7)) and not np.array_equal(pushes, np.resize([-1, 1], 7))
    with pytest.raises(ValueError, match="repeat_action_probability"):
        StickyAction(gym.make(CART), 1.0)
    with pytest.raises(TypeError, match="no mask_spec"):
        StickyAction(gym.make("CartPole-v1"), 0.5)


# --- the monitor ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_invalid", ["raise", "noop", "resample", "terminate"])
def test_every_invalid_action_is_recorded_and_can_be_replayed(on_invalid: str, tmp_path) -> None:
    make = functools.partial(gym.make, BOARD, on_invalid=on_invalid)
    env = RecordInvalidActions(make(), tmp_path / "invalid.jsonl")
    env.reset(seed=7)
    for _ in range(6):
        env.step(3)
    try:
        env.step(3)  # the column is full
    except InvalidActionError:
        assert on_invalid == "raise"
    (record,) = env.records
    assert (record.episode, record.step, record.seed, record.action) == (0, 6, 7, 3)
    assert record.actions == (3,) * 6 and record.mask.tolist() == [1, 1, 1, 0, 1, 1, 1]
    (line,) = (tmp_path / "invalid.jsonl").read_text().splitlines()
    assert json.loads(line)["mask"] == record.mask.tolist()
    again = replay_record(record, make)
    assert fingerprint(again.get_wrapper_attr("action_mask")) == fingerprint(record.mask)
    assert again.unwrapped.invalid_actions == 0


def test_legal_play_is_not_recorded_and_episodes_are_counted() -> None:
    env, rng = RecordInvalidActions(gym.make(BOARD, on_invalid="noop"), most=2), np.random.default_rng(0)
    for _ in range(2):
        _, info = env.reset()
        for _ in range(3):
            _, _, _, _, info = env.step(legal_action(env, info["action_mask"], rng))
    assert env.records == []
    for _ in range(3):
        env.step(-1)
    assert [(record.episode, record.step) for record in env.records] == [(1, 3), (1, 4)]
    with pytest.raises(ValueError, match="without a seed"):
        replay_record(env.records[0], lambda: gym.make(BOARD))
    with pytest.raises(TypeError, match="mask_spec"):
        RecordInvalidActions(gym.make("CartPole-v1"))
