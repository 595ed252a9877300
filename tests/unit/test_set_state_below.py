"""Positions set below a wrapper, as tree search does: the mask is that of the position, and nothing stale is used."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from own_envs import Jobs, Nim, mask_of

import masked_envs
from masked_envs import InvalidActionError, MaskSpec, adapt
from masked_envs.adaptation.position import MaskedState
from masked_envs.wrappers import (
    ActionMask,
    FlatActions,
    RecordInvalidActions,
    SequentialActions,
    VectorActionMask,
    replay,
)

pytestmark = pytest.mark.core

FULL, LAST = [True, True, True], [True, False, False]  # of a heap of 7, and of 1


def nim(start: int = 7, **arguments: Any) -> ActionMask:
    return ActionMask(Nim(start), mask_of, **arguments)


WAYS: dict[str, Any] = {
    "a function": lambda: nim(),
    "a named method": lambda: ActionMask(Nim(), "free"),
    "a place": lambda: ActionMask(Nim(), mask_at="env.unwrapped.free()"),
    "adapt": lambda: adapt(type("Masked", (Nim,), {"action_masks": Nim.free})()),
    "adapt, an attribute": lambda: adapt(type("Masked", (Nim,), {"legal_actions": property(lambda s: set(s.few()))})()),
    "below other wrappers": lambda: gym.wrappers.TimeLimit(nim(), 50),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_mask_is_that_of_the_position_and_step_goes_by_it(way: str) -> None:
    env = WAYS[way]()
    masks, count = env.get_wrapper_attr("action_masks"), lambda: env.get_wrapper_attr("invalid_actions")
    env.reset(seed=0)
    early = env.unwrapped.get_state()
    for _ in range(2):
        env.step(2)
    late = env.unwrapped.get_state()
    assert masks().tolist() == LAST
    env.unwrapped.set_state(early)
    assert masks().tolist() == FULL
    env.step(2)  # which the mask of before would have refused
    env.unwrapped.set_state(late)
    with pytest.raises(InvalidActionError):
        env.step(2)  # which the mask of before would have let through
    assert (env.unwrapped.heap, count()) == (1, 1)
    assert env.get_wrapper_attr("action_mask").tolist() == [1, 0, 0]
    assert {env.get_wrapper_attr("sample_legal")() for _ in range(20)} == {0}


def test_any_other_change_of_the_position_is_seen_too() -> None:
    env = nim()
    env.reset(seed=0)
    env.unwrapped.heap = 2
    assert env.action_masks().tolist() == [True, True, False]
    with pytest.raises(InvalidActionError):
        env.step(2)
    env.unwrapped.step(0)
    assert env.action_masks().tolist() == LAST


@pytest.mark.parametrize("on_invalid", ["terminate", "noop", "resample"])
def test_every_answer_goes_by_the_mask_of_the_position(on_invalid: str) -> None:
    env = nim(on_invalid=on_invalid)
    env.reset(seed=0)
    env.unwrapped.set_state(1)
    info = env.step(2)[-1]
    assert info["invalid_action"] and env.invalid_actions == 1
    assert env.unwrapped.heap == (0 if on_invalid == "resample" else 1)


def test_a_search_goes_on_from_a_position_before_the_end() -> None:
    env = nim()
    env.reset(seed=0)
    start = env.unwrapped.get_state()
    for action in (2, 2, 0):
        ended = env.step(action)
    assert ended[2] and env.action_masks().all()
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)
    env.unwrapped.set_state(start)
    assert env.action_masks().tolist() == FULL and env.step(2)[0]["observation"].tolist() == [4]
    env.unwrapped.set_state(2)
    assert env.action_masks().tolist() == [True, True, False]


def test_an_end_that_nobody_moved_stays_an_end() -> None:
    for env in (ActionMask(Jobs(), mask_of), nim(), ActionMask(Unpicklable(), mask_of)):
        env.reset(seed=0)
        while not env.step(env.sample_legal())[2]:
            pass
        for _ in range(2):
            with pytest.raises(gym.error.ResetNeeded):
                env.step(0)
            assert env.action_masks().all()
        env.reset(seed=0)
        assert env.step(0)[2] is False


class Unpicklable(Nim):
    def get_state(self) -> Any:
        return lambda: self.heap


# --- positions of the wrapper itself ----------------------------------------------------------------------------------


class InInfo(Nim):
    """Nim with the mask in info alone, where it cannot be asked for again."""

    def told(self) -> dict[str, Any]:
        return {"action_mask": np.array(self.free())}


@pytest.mark.parametrize(
    "make", [lambda **a: nim(30, **a), lambda **a: adapt(InInfo(30), **a)], ids=["asked", "in info"]
)
def test_a_position_of_the_wrapper_holds_its_mask_its_end_and_its_stream(make: Any) -> None:
    env = make(on_invalid="resample")
    env.reset(seed=0)
    early, seen = env.get_state(), env.action_masks().tolist()
    first = [env.step(9)[0]["observation"].tolist() for _ in range(3)]
    late = env.get_state()
    env.set_state(pickle.loads(pickle.dumps(early)))
    assert env.action_masks().tolist() == seen == FULL
    assert [env.step(9)[0]["observation"].tolist() for _ in range(3)] == first and env.get_state() == late
    assert early != late and hash(early) != hash(late) and {early: 1}[copy.deepcopy(early)] == 1
    while not env.step(9)[2]:
        pass
    over = env.get_state()
    env.set_state(early)
    assert env.action_masks().tolist() == FULL
    env.set_state(over)
    assert env.action_masks().all()
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)


def test_a_position_keeps_what_the_environment_writes_over() -> None:
    class WritesOver(InInfo):
        """Hands out one array and writes each observation into it."""

        def seen(self) -> Any:
            self.array = getattr(self, "array", np.zeros(1, np.int64))
            self.array[:] = self.heap
            return self.array

    env = ActionMask(WritesOver(), mask_at='info["action_mask"]', on_invalid="noop")
    env.reset(seed=0)
    state = env.get_state()
    for _ in range(2):  # a position can be returned to more than once
        env.step(2)
        assert env.step(9)[0]["observation"].tolist() == [4]
        env.set_state(state)
        assert env.step(9)[0]["observation"].tolist() == [7]


def test_only_environments_with_positions_have_them() -> None:
    env = ActionMask(Jobs(), mask_of)
    assert not env.has_wrapper_attr("get_state") and not env.has_wrapper_attr("set_state")
    env = nim()
    env.reset()
    assert isinstance(env.get_wrapper_attr("get_state")(), MaskedState)
    with pytest.raises(TypeError, match=r"expected what get_state\(\) of ActionMask gave, not int"):
        env.set_state(7)


def test_copies_go_their_own_ways() -> None:
    for env in (nim(), adapt(InInfo()), ActionMask(Nim(), mask_at="env.free()")):
        env.reset(seed=0)
        twin = copy.deepcopy(env)
        twin.step(2)
        twin.step(2)
        assert (env.action_masks().tolist(), twin.action_masks().tolist()) == (FULL, LAST)
        assert pickle.loads(pickle.dumps(copy.deepcopy(env).step(1)[0]))["observation"].tolist() == [5]


# --- rows -------------------------------------------------------------------------------------------------------------


def batch(envs: Any) -> Any:
    return [env.unwrapped.free() for env in envs.unwrapped.envs]


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.DISABLED])
@pytest.mark.parametrize("ask", [{"mask_fn": batch}, {"mask_at": "env.free()"}], ids=["function", "place"])
def test_rows_are_asked_anew(mode: AutoresetMode, ask: Any) -> None:
    envs = VectorActionMask(SyncVectorEnv([Nim] * 3, autoreset_mode=mode), **ask)
    envs.reset(seed=0)
    envs.step(np.array([0, 0, 0]))
    envs.unwrapped.envs[1].unwrapped.set_state(1)
    assert envs.action_masks().tolist() == [FULL, LAST, FULL]
    with pytest.raises(InvalidActionError, match="row 1"):
        envs.step(np.array([2, 2, 2]))
    assert envs.invalid_actions.tolist() == [0, 1, 0] and [env.unwrapped.heap for env in envs.unwrapped.envs] == [
        6,
        1,
        6,
    ]
    assert (envs.sample_legal() == [1, 0, 1]).tolist()[1]
    _, _, terminated, _, _ = envs.step(np.array([2, 0, 2]))
    assert terminated.tolist() == [False, True, False]
    assert envs.action_masks().tolist() == [FULL, FULL, FULL]


def test_a_row_that_waits_for_reset_can_be_moved_from_its_end() -> None:
    envs = VectorActionMask(SyncVectorEnv([Nim] * 2, autoreset_mode=AutoresetMode.DISABLED), batch)
    envs.reset(seed=0)
    for action in (2, 2, 0):
        *_, info = envs.step(np.array([action, 0]))
    assert info["action_mask"].tolist() == [[1, 1, 1], [1, 1, 1]]
    envs.unwrapped.envs[0].unwrapped.set_state(2)
    assert envs.action_masks().tolist() == [[True, True, False], FULL]
    with pytest.raises(InvalidActionError, match="row 0"):
        envs.step(np.array([2, 0]))


# --- this package's own wrappers --------------------------------------------------------------------------------------


class Two(Nim):
    """Take from two heaps at once, by a joint mask."""

    action_space = gym.spaces.MultiDiscrete([3, 3])

    def free(self) -> Any:
        return np.array([[1 <= a + b <= min(3, self.heap) for b in range(3)] for a in range(3)])

    def step(self, action: Any) -> Any:
        assert self.free()[tuple(action)]
        return super().step(int(sum(action)) - 1)


MADE: dict[str, Any] = {
    "of this package": lambda: gym.make("MaskedPairs-v0"),
    "anyone's": lambda: ActionMask(Two(), mask_of),
    "anyone's, adapted": lambda: adapt(
        type("Masked", (Two,), {"action_mask": property(Two.free)})(), mask_spec="joint"
    ),
}


@pytest.mark.parametrize("made", MADE)
def test_a_partial_action_is_dropped_when_the_position_is_set(made: str) -> None:
    env = SequentialActions(MADE[made]())
    env.reset(seed=0)
    state, mask = env.unwrapped.get_state(), env.action_mask
    env.step(env.sample_legal())
    second = env.unwrapped.get_state()
    env.step(env.sample_legal())
    moved = env.unwrapped.get_state()
    assert moved != state
    env.step(env.sample_legal())  # half of the next action
    env.unwrapped.set_state(second)
    assert np.array_equal(env.action_mask, mask)
    observed, *_ = env.step(int(np.flatnonzero(mask)[0]))
    assert np.count_nonzero(observed["choices"]) == 1


def test_a_partial_action_is_dropped_even_where_the_position_is_the_same() -> None:
    env = SequentialActions(gym.make("MaskedPairs-v0"))
    env.reset(seed=0)
    state, mask = env.unwrapped.get_state(), env.action_mask
    env.step(env.sample_legal())
    assert not np.array_equal(env.action_mask, mask)
    env.unwrapped.set_state(state)
    assert np.array_equal(env.action_mask, mask)


@pytest.mark.parametrize("made", MADE)
def test_choices_go_on_from_a_position_before_the_end(made: str) -> None:
    env = SequentialActions(MADE[made]())
    env.reset(seed=0)
    state, mask, ended = env.unwrapped.get_state(), env.action_mask, False
    while not ended:
        *_, terminated, truncated, _ = env.step(env.sample_legal())
        ended = terminated or truncated
    env.unwrapped.set_state(state)
    assert np.array_equal(env.action_mask, mask)
    env.step(env.sample_legal())


def test_flat_masks_are_those_of_the_position() -> None:
    env = FlatActions(ActionMask(Two(), mask_of))
    env.reset(seed=0)
    env.unwrapped.set_state(1)
    assert env.action_mask.reshape(3, 3).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    with pytest.raises(InvalidActionError):
        env.step(8)


def test_a_record_of_an_episode_that_was_left_cannot_be_replayed() -> None:
    for make in (nim, lambda: gym.make("MaskedConnectFour-v0")):
        env = RecordInvalidActions(make())
        env.reset(seed=0)
        state = env.get_wrapper_attr("get_state")()
        env.step(0)
        env.get_wrapper_attr("set_state")(state)
        with pytest.raises(InvalidActionError):
            env.step(99)
        (record,) = env.records
        with pytest.raises(ValueError, match="or left by set_state"):
            replay(record, make)


def test_the_checker_agrees() -> None:
    """State saved and restored continues with the same bytes (L10)."""
    for make in (nim, lambda: adapt(InInfo())):
        report = masked_envs.check_masked_env(make, steps=8, raise_on_failure=False)
        assert report.passed, report


# --- how often a mask is asked for ------------------------------------------------------------------------------------


def test_a_mask_is_asked_for_once_where_it_is_read_once() -> None:
    asked: list[int] = []

    def counted(env: Any) -> Any:
        asked.append(env.unwrapped.heap)
        return env.unwrapped.free()

    env = ActionMask(Nim(), counted)
    env.reset(seed=0)
    assert asked == [7]
    env.step(0)
    assert asked == [7, 7, 6]  # before the step, and after it
    env.action_masks()
    assert asked == [7, 7, 6, 6]
    for action in (2, 2):
        env.step(action)
    before = len(asked)
    env.action_masks()
    assert len(asked) == before  # nothing is asked for after the end


def test_dependent_heads_are_not_enumerated() -> None:
    """Ten heads of three have 59,049 actions; to see that one is legal takes one call for each later head."""
    for heads in (4, 10, 12):
        calls: list[int] = []

        class Squad(Nim):
            action_space = gym.spaces.MultiDiscrete([3] * heads)

        def head(env: Any, k: int, prefix: Any, calls: list[int] = calls) -> Any:
            calls.append(k)
            return np.array([True, True, len(prefix) < 3])

        spec = MaskSpec.conditional([3] * heads)
        env = ActionMask(Squad(), lambda env: np.ones((3, 3), bool), mask_spec=spec, head_mask=head)
        env.reset(seed=0)
        assert sorted(calls) == list(range(2, heads))
    dead_end = lambda env, k, prefix: np.array([False, False, prefix[-1] == 2])  # noqa: E731
    env = ActionMask(Squad(), lambda env: np.ones((3, 3), bool), mask_spec=spec, head_mask=dead_end)
    env.reset(seed=0)  # only through the last choice of every head
    empty = lambda env, k, prefix: np.zeros(3, bool)  # noqa: E731
    with pytest.raises(masked_envs.EmptyMaskError):
        ActionMask(Squad(), lambda env: np.ones((3, 3), bool), mask_spec=spec, head_mask=empty).reset(seed=0)
