"""Emptiness, the legal fraction, flat and dense forms, heads and words: every kind against plain enumeration."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st
from mask_oracle import (
    SPECS,
    actions_of,
    as_action,
    batch_of,
    cells_of,
    every_mask,
    legal_actions,
    mask_from,
    row_of,
    same,
)

from masked_envs.mask_spec import MaskSpec

INTERVAL = MaskSpec.interval([-1.0, 0.0, 2.0], [1.0, 4.0, 2.0])
HYBRID = MaskSpec.dict({"aim": INTERVAL, "fire": MaskSpec.flat(2, start=1)})

each_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
each_kind = pytest.mark.parametrize(
    "spec", [*SPECS.values(), INTERVAL, HYBRID], ids=[*SPECS.keys(), "interval", "hybrid"]
)


def some_masks(spec, number=60):
    """Random masks, those that allow nothing included, and the full one."""
    rng = np.random.default_rng(3)
    densities = rng.random(number)
    bits = [(rng.random(cells_of(spec)) < density).astype(int).tolist() for density in densities]
    return [mask_from(spec, iter(row)) for row in bits] + [spec.full(), spec.empty()]


# --- how much is legal ------------------------------------------------------------------------------------------------


@each_spec
def test_emptiness_and_force_and_fraction_are_those_of_the_enumeration(spec):
    masks, total = some_masks(spec), len(actions_of(spec))
    numbers = [len(legal_actions(spec, mask)) for mask in masks]
    assert 0 in numbers and total in numbers
    for mask, number in zip(masks, numbers, strict=True):
        assert spec.is_empty(mask) is (number == 0)
        assert spec.is_forced(mask) is (number == 1)
        fraction = spec.legal_fraction(mask)
        assert fraction == pytest.approx(number / total) and type(fraction) is float
    batch = batch_of(masks)
    assert spec.is_empty(batch).tolist() == [number == 0 for number in numbers]
    assert spec.is_forced(batch).tolist() == [number == 1 for number in numbers]
    assert spec.legal_fraction(batch) == pytest.approx([number / total for number in numbers])
    assert spec.legal_fraction(batch).dtype == np.float64 and spec.is_empty(batch).dtype == np.bool_


def test_the_fraction_of_an_interval_is_that_of_the_volume():
    masks = np.array(
        [
            [[-1, 0, 2], [1, 4, 2]],  # everything
            [[0, 1, 2], [0.5, 3, 2]],  # a quarter of one dimension, half of another
            [[0, 1, 2], [0, 3, 2]],  # a line
            [[0.5, 0, 2], [0, 4, 2]],  # bounds that cross
        ],
        np.float32,
    )
    expected = [1.0, 1 / 8, 0.0, 0.0]
    assert INTERVAL.legal_fraction(masks).tolist() == expected
    assert [INTERVAL.legal_fraction(mask) for mask in masks] == expected
    assert INTERVAL.is_empty(masks).tolist() == [False, False, False, True]
    assert not INTERVAL.is_forced(masks).any() and INTERVAL.is_forced(np.float32([[0, 1, 2], [0, 1, 2]]))
    fire = np.array([[1, 1], [1, 0], [1, 1], [1, 1]], np.int8)
    assert HYBRID.legal_fraction({"aim": masks, "fire": fire}).tolist() == [1.0, 1 / 16, 0.0, 0.0]
    widest = MaskSpec.interval([-np.finfo(np.float64).max], [np.finfo(np.float64).max], dtype=np.float64)
    assert widest.legal_fraction(widest.full()) == 1.0


def test_a_monte_carlo_estimate_agrees_with_the_volume():
    rng = np.random.default_rng(0)
    mask = np.float32([[-0.5, 1, 2], [0.75, 2, 2]])
    drawn = INTERVAL.sample(INTERVAL.full(20_000), rng)
    inside = INTERVAL.allows(np.stack([mask] * len(drawn)), drawn).mean()
    assert INTERVAL.legal_fraction(mask) == pytest.approx(inside, abs=0.01)


def test_the_fraction_of_many_heads_is_a_number():
    heads, bits = MaskSpec.per_head([10] * 400), MaskSpec.binary(3000)
    assert heads.legal_fraction(heads.full()) == 1.0 and bits.legal_fraction(bits.full()) == 1.0
    assert not bits.is_forced(bits.full()) and not heads.is_empty(heads.full())


@each_kind
def test_the_empty_mask_allows_nothing(spec):
    empty = spec.empty()
    assert spec.count(empty) == 0 and spec.is_empty(empty) and spec.legal_fraction(empty) == 0.0
    assert same(spec.empty(3), batch_of([empty] * 3)) and spec.is_empty(spec.empty(3)).all()
    assert spec.empty_choices(empty) and not spec.empty_choices(spec.full())


def test_bounds_within_a_point_cannot_cross():
    with pytest.raises(ValueError, match=r"single point \(2.0,\) cannot allow nothing"):
        MaskSpec.interval(2, 2).empty()


@each_kind
def test_what_is_no_action_is_allowed_by_no_mask(spec):
    buffer = np.zeros(1, spec.action_buffer)
    buffer[0] = spec.no_action
    action = spec.decode(buffer[0], batch=False)
    assert spec.allows(spec.full(), action) is False


# --- which choices have nothing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "mask", "expected"),
    [
        (MaskSpec.flat(3), [0, 0, 0], ["the action"]),
        (MaskSpec.per_head([2, 1, 2]), [1, 0, 0, 0, 0], ["head 1", "head 2"]),
        (MaskSpec.joint([2, 2]), [[0, 0], [0, 0]], ["the action"]),
        (MaskSpec.binary(3), [[0, 0], [1, 0], [0, 0]], ["bit 0", "bit 2"]),
    ],
)
def test_empty_choices_are_named(spec, mask, expected):
    mask = np.array(mask, np.int8)
    assert spec.empty_choices(mask) == expected
    both = MaskSpec.dict({"a": spec, "b": INTERVAL})
    crossed = np.float32([[0, 3, 2], [-1, 1, 2]])
    named = [f"part 'a': {what}" for what in expected]
    assert both.empty_choices({"a": mask, "b": crossed}) == [*named, "part 'b': dimension 0", "part 'b': dimension 1"]


@each_spec
def test_a_mask_with_empty_choices_is_empty(spec):
    for mask in some_masks(spec):
        assert bool(spec.empty_choices(mask)) == spec.is_empty(mask)


# --- flat, dense, head by head ----------------------------------------------------------------------------------------


@each_kind
def test_a_flat_mask_is_that_of_gymnasium(spec):
    """Gymnasium flattens single masks, in the order of the space."""
    masks = [spec.full(), spec.empty()]
    for mask in masks:
        flat = spec.flatten(mask)
        assert flat.shape == (spec.flat_size,) and flat.tolist() == spaces.flatten(spec.space, mask).tolist()
    rows = spec.flatten(batch_of(masks))
    assert rows.tolist() == [spec.flatten(mask).tolist() for mask in masks]
    rows[...] = 0
    assert same(masks[0], spec.full()), "a copy"


@each_spec
def test_a_dense_mask_has_one_entry_per_action_in_order(spec):
    masks = some_masks(spec, 20)
    for mask in masks:
        dense = spec.dense(mask)
        assert dense.dtype == np.int8 and dense.shape == tuple(spec.heads)
        every, legal = actions_of(spec), set(legal_actions(spec, mask))
        assert dense.ravel().tolist() == [action in legal for action in every]
    whole = spec.dense(batch_of(masks))
    assert whole.tolist() == [spec.dense(mask).tolist() for mask in masks]
    assert same(spec.complete(masks[0]), masks[0])


@pytest.mark.parametrize("spec", [INTERVAL, HYBRID], ids=["interval", "hybrid"])
def test_a_continuum_has_no_dense_mask(spec):
    assert spec.is_continuous and not SPECS["dict"].is_continuous
    for operation in (spec.dense, spec.list_legal):
        with pytest.raises(ValueError, match="continuum"):
            operation(spec.full())


WITH_HEADS = {name: spec for name, spec in SPECS.items() if spec.kind != "dict"}


def choices_of(spec, action):
    """An action as choices from 0, one per head."""
    return (action - spec.start,) if isinstance(action, int) else action


@pytest.mark.parametrize("spec", WITH_HEADS.values(), ids=WITH_HEADS.keys())
def test_the_mask_of_a_head_holds_the_choices_of_the_legal_actions(spec):
    for mask in itertools.islice(every_mask(spec), 200):
        legal = [choices_of(spec, action) for action in legal_actions(spec, mask)]
        for prefix in {action[:k] for action in legal for k in range(len(action))}:
            expected = {action[len(prefix)] for action in legal if action[: len(prefix)] == prefix}
            head = spec.head_mask(mask, len(prefix), prefix)
            assert head.dtype == np.int8 and set(np.flatnonzero(head)) == expected
            head[...] = 0
        for k in range(1, len(spec.heads)):
            wrong = next((p for p in itertools.product(*map(range, spec.heads[:k])) if not fits(spec, mask, p)), None)
            if wrong is not None:
                with pytest.raises(ValueError, match="is not legal: head"):
                    spec.head_mask(mask, k, wrong)


@pytest.mark.parametrize("spec", WITH_HEADS.values(), ids=WITH_HEADS.keys())
def test_the_heads_of_a_batch_are_those_of_its_rows(spec):
    masks = list(itertools.islice((mask for mask in every_mask(spec) if spec.count(mask)), 40))
    for k in range(len(spec.heads)):
        prefixes = [choices_of(spec, legal_actions(spec, mask)[-1])[:k] for mask in masks]
        expected = [spec.head_mask(mask, k, prefix) for mask, prefix in zip(masks, prefixes, strict=True)]
        batch, given = np.stack(masks), np.array(prefixes, np.int64).reshape(len(masks), k)
        np.testing.assert_array_equal(spec.head_mask(batch, k, given), expected)
        for wrong in (prefixes, given[1:], given.astype(float) + 0.5):
            with pytest.raises(ValueError, match=rf"an array of integers of shape \({len(masks)}, {k}\)"):
                spec.head_mask(batch, k, wrong)
        if k > 0:
            given[3, 0] = 99
            with pytest.raises(ValueError, match=r"the prefix \[99.*is not legal: head 0 may not take 99"):
                spec.head_mask(batch, k, given)


def fits(spec, mask, prefix):
    """Whether each choice of a prefix is legal after those before it, by the definition of the kind."""
    if spec.kind == "per_head":
        return all(mask[sum(spec.nvec[:j]) + choice] for j, choice in enumerate(prefix))
    if spec.kind == "binary":
        return all(mask[j, choice] for j, choice in enumerate(prefix))
    return any(choices_of(spec, action)[: len(prefix)] == prefix for action in legal_actions(spec, mask))


def test_kinds_without_heads_say_so():
    with pytest.raises(ValueError, match="bounds and no heads"):
        INTERVAL.head_mask(INTERVAL.full(), 0, ())
    with pytest.raises(ValueError, match="ask one of its parts, 'move', 'target'"):
        SPECS["dict"].head_mask(SPECS["dict"].full(), 0, ())


# --- in words ---------------------------------------------------------------------------------------------------------


def test_the_legal_actions_in_words():
    assert MaskSpec.flat(4, start=1).describe_legal(np.int8([1, 0, 1, 1])) == "1, 3, 4"
    assert MaskSpec.flat(4).describe_legal(np.ones(4, np.int8), limit=2) == "0, 1, ..."
    assert MaskSpec.joint([2, 2]).describe_legal(np.int8([[0, 1], [1, 0]])) == "(0, 1), (1, 0)"
    bounds = np.float32([[0, 1, 2], [0.5, 3, 2]])
    assert INTERVAL.describe_legal(bounds) == "between [0.0, 1.0, 2.0] and [0.5, 3.0, 2.0]"
    words = HYBRID.describe_legal({"aim": bounds, "fire": np.int8([1, 0])})
    assert words == "aim: between [0.0, 1.0, 2.0] and [0.5, 3.0, 2.0]; fire: 1"
    pair = MaskSpec.dict([MaskSpec.flat(2), MaskSpec.flat(2)])
    assert pair.describe_legal(pair.full(), limit=3) == "(0, 0), (0, 1), (1, 0), ..."


# --- head_mask for every kind -----------------------------------------------------------------------------------------


def never(*arguments):
    raise AssertionError("a mask that holds everything asks nobody")


@each_kind
def test_every_operation_of_every_kind_takes_a_head_mask(spec):
    rng, mask, masks = np.random.default_rng(0), spec.full(), spec.full(2)
    for each, heads in ((mask, never), (masks, never), (masks, [never, never]), (mask, None), (masks, None)):
        assert np.all(spec.allows(each, spec.sample(each, rng, heads), heads))
        assert same(spec.count(each, heads), spec.count(each)) and not np.any(spec.is_empty(each, heads))
        assert same(spec.is_forced(each, heads), spec.is_forced(each))
        assert same(spec.legal_fraction(each, heads), spec.legal_fraction(each))
        assert same(spec.complete(each, heads), each)
        if not spec.is_continuous:
            assert same(spec.dense(each, heads), spec.dense(each))
    assert spec.describe_legal(mask, head_mask=never) and spec.empty_choices(mask, never) == []
    if not spec.is_continuous:
        assert len(spec.list_legal(mask, head_mask=never)) == len(actions_of(spec))


@given(st.data())
def test_a_row_of_a_batch_of_actions_is_the_action(data):
    spec = data.draw(st.sampled_from([*SPECS.values()]))
    actions = [as_action(spec, data.draw(st.sampled_from(actions_of(spec)))) for _ in range(3)]
    batch = batch_of([np.asarray(a) if isinstance(a, int) else a for a in actions])
    for row, action in enumerate(actions):
        found = spec.action_of_row(batch, row)
        assert same(found, row_of(batch, row)) and same(spec.encode(found), spec.encode(action))
    assert math.prod(spec.heads.tolist()) == len(actions_of(spec))
