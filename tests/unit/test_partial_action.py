"""Actions that a person makes choice by choice, against a list of all legal ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from toys import binary, candidates, conditional_three, conditional_two, hybrid, hybrid_tuple, interval, joint, per_head

from masked_envs.api import MaskedEnv
from masked_envs.mask_spec import MaskSpec
from masked_envs.play.partial_action import Choice, HeadsPart, NumbersPart, PartialAction

LISTED = [candidates, per_head, joint, conditional_two, conditional_three, binary, hybrid_tuple]


def positions(toy: Any, number: int = 6) -> Iterator[tuple[MaskedEnv, PartialAction]]:
    env = MaskedEnv(toy.ENV, backend="python")
    env.reset(seed=3)
    for _ in range(number):
        yield env, PartialAction(env.mask_spec, env.action_mask, env.head_mask)
        if any(env.step(env.sample_legal())[2:4]):
            env.reset()


def flat(action: Any) -> tuple[int, ...]:
    """The numbers of an action, in the order of its parts."""
    parts = action if isinstance(action, tuple) and any(np.ndim(part) for part in action) else [action]
    return tuple(int(number) for part in parts for number in np.asarray(part).reshape(-1))


def legal_actions(env: MaskedEnv) -> set[tuple[int, ...]]:
    return {flat(action) for action in env.mask_spec.list_legal(env.action_mask, head_mask=env.head_mask)}


def whole(partial: PartialAction, forget: Any) -> Iterator[PartialAction]:
    """The partial action, completed in every way, the preset values of bits included."""
    for key, part in partial.parts.items():
        for head in range(len(part.values)):
            if part.values[head] is None or (key, head) not in forget:
                options = part.options(head)
                for value in np.flatnonzero(options).tolist():
                    kept = partial._values()
                    partial.choose([Choice(key, head, value)])
                    yield from whole(partial, {*forget, (key, head)})
                    partial.take_back()
                    assert partial._values() == kept
                return
    yield partial


@pytest.mark.parametrize("toy", LISTED, ids=lambda toy: toy.__name__)
def test_the_actions_that_can_be_made_are_the_legal_ones(toy: Any) -> None:
    for env, partial in positions(toy):
        made = [flat(done.action) for done in whole(partial, set()) if done.is_complete]
        assert set(made) == legal_actions(env)


@pytest.mark.parametrize("toy", LISTED, ids=lambda toy: toy.__name__)
def test_what_is_refused_is_in_no_legal_action(toy: Any) -> None:
    for env, partial in positions(toy):
        legal = legal_actions(env)
        start = 0
        for key, part in partial.parts.items():
            assert isinstance(part, HeadsPart)
            offset = getattr(part.spec, "start", 0)
            for head, size in enumerate(part.spec.heads.tolist()):
                for value in range(size):
                    possible = any(action[start + head] == value + offset for action in legal)
                    reason = partial.why_not([Choice(key, head, value)])
                    if head == 0 or part.spec.kind in ("per_head", "binary"):
                        assert (reason == "") == possible
                        assert possible or reason == "the rules do not allow it"
                    elif None in part.values[:head]:
                        assert reason == "something must be chosen before it"
            start += len(part.spec.heads)


def test_only_bits_and_numbers_wait_to_be_confirmed() -> None:
    waiting = {
        toy.__name__.rpartition(".")[2]: next(positions(toy))[1].needs_confirmation
        for toy in (*LISTED, hybrid, interval)
    }
    assert {name for name, waits in waiting.items() if waits} == {"binary", "hybrid", "interval"}


def test_a_dict_without_a_choice_waits_to_be_confirmed() -> None:
    spec = MaskSpec.dict({"a": MaskSpec.flat(2), "b": MaskSpec.binary(1)})
    partial = PartialAction(spec, {"a": np.array([0, 1], np.int8), "b": np.array([[1, 0]], np.int8)})
    assert partial.is_complete and partial.needs_confirmation
    assert partial.action["a"] == 1 and partial.action["b"].tolist() == [0]


def test_a_choice_without_an_alternative_makes_itself() -> None:
    mask = np.array([[0, 1, 0], [1, 1, 0]], np.int8)
    partial = PartialAction(MaskSpec.conditional((2, 3)), mask)
    assert not partial.is_complete and not partial.needs_confirmation
    partial.choose([Choice((), 0, 0)])
    assert partial.is_complete and partial.action.tolist() == [0, 1]
    assert partial.take_back() and not partial.take_back()
    partial.choose([Choice((), 0, 1)])
    assert not partial.is_complete
    partial.choose([Choice((), 1, 0)])
    partial.choose([Choice((), 0, 0)])  # another first choice: the second is made anew
    assert partial.action.tolist() == [0, 1]


def test_numbers_stay_within_the_bounds_to_the_last_bit() -> None:
    spec = MaskSpec.interval([-1.0, -1.0], [1.0, 1.0], meaning="safe")
    low, high = np.float32(-0.1), np.float32(0.3)
    mask = np.array([[low, 0.5], [high, 0.5]], np.float32)
    partial = PartialAction(spec, mask)
    assert partial.action.dtype == np.float32 and partial.action.tolist() == [0.0, 0.5]  # the nearest to 0
    part = partial.parts[()]
    assert isinstance(part, NumbersPart)
    for wanted in (-7.0, float(low), 0.3, float(high), 7.0):
        partial.choose([Choice((), 0, part.nearest(0, wanted))])
        assert spec.allows(mask, partial.action)
    below, above = (partial.why_not([Choice((), 0, number)]) for number in (-0.5, 0.5))
    assert below == "it is below -0.1, the least that is legal now; it would break a safety limit"
    assert above == "it is above 0.3, the most that is legal now; it would break a safety limit"
    assert partial.why_not([Choice((), 1, 0.5)]) == ""


def test_an_action_begins_with_the_numbers_before_as_far_as_they_are_legal() -> None:
    spec = MaskSpec.interval([0.0, 0.0], [1.0, 1.0])
    first = PartialAction(spec, spec.full())
    first.choose([Choice((), 0, 0.75), Choice((), 1, 0.5)])
    tight = np.array([[0.0, 0.6], [0.5, 1.0]], np.float32)
    assert PartialAction(spec, tight, before=first.preset).action.tolist() == [0.5, np.float32(0.6)]


def test_an_action_begins_with_the_bits_before_as_far_as_they_are_legal() -> None:
    spec = MaskSpec.binary(4)
    first = PartialAction(spec, spec.full())
    assert first.action.tolist() == [0, 0, 0, 0]
    first.choose([Choice((), 0, 1), Choice((), 1, 1)])
    mask = np.array([[1, 0], [1, 1], [0, 1], [1, 1]], np.int8)
    assert PartialAction(spec, mask, before=first.preset).action.tolist() == [0, 1, 1, 0]
