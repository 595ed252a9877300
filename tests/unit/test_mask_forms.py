"""How third-party masks are read: every known form gives the same mask, and nothing is reshaped or guessed."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from masked_envs import MaskSpec
from masked_envs.adaptation import UnknownFormError, read_mask, read_masks, spec_for

BITS = np.array([1, 0, 0, 1, 1])
FORMS = {
    "int8": BITS.astype(np.int8),
    "int64": BITS.astype(np.int64),
    "uint8": BITS.astype(np.uint8),
    "bool": BITS.astype(bool),
    "float32": BITS.astype(np.float32),
    "list of bits": BITS.tolist(),
    "list of bools": BITS.astype(bool).tolist(),
    "list of floats": BITS.astype(float).tolist(),
    "bools of two kinds": [True, np.False_, False, np.True_, True],
    "tuple": tuple(BITS.tolist()),
    "minus infinity": np.where(BITS, 0.0, -np.inf),
    "minus 1e9": np.where(BITS, 0.0, -1e9).astype(np.float32),
    "a list of scores": np.where(BITS, 0.0, -np.inf).tolist(),
    "numbers": [0, 3, 4],
    "numbers, unsorted": [4, 0, 3],
    "numbers in a tuple": (np.int64(0), np.int64(3), np.int64(4)),
    "numbers in a set": {0, 3, 4},
    "numbers in a frozenset": frozenset({0, 3, 4}),
    "numbers as keys": {0: "a", 3: "b", 4: "c"}.keys(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["", "action_mask", "legal_actions"])
def test_every_known_form_is_read(form: str, name: str) -> None:
    mask = read_mask(MaskSpec.flat(5), FORMS[form], name)
    assert mask.dtype == np.int8 and mask.tolist() == BITS.tolist()


def test_ranges_and_starts() -> None:
    assert read_mask(MaskSpec.flat(5), range(1, 5, 2)).tolist() == [0, 1, 0, 1, 0]
    assert read_mask(MaskSpec.flat(3, start=5), [5, 7]).tolist() == [1, 0, 1]
    assert read_mask(MaskSpec.flat(3, start=-1), {-1}).tolist() == [1, 0, 0]
    assert read_mask(MaskSpec.flat(3), []).tolist() == [0, 0, 0]


def test_a_canonical_array_is_itself() -> None:
    """So that a checker sees an environment that writes into what it handed out."""
    for spec, mask in ((MaskSpec.flat(3), np.ones(3, np.int8)), (MaskSpec.joint([2, 2]), np.eye(2, dtype=np.int8))):
        assert read_mask(spec, mask) is mask


# --- what can be read in two ways -----------------------------------------------------------------------------------

TWO_WAYS = {
    "[0, 1] of Discrete(2)": (MaskSpec.flat(2), [0, 1], ""),
    "(0, 1) of Discrete(2)": (MaskSpec.flat(2), (0, 1), ""),
    "integers of NumPy": (MaskSpec.flat(2), [np.int64(0), np.int64(1)], "moves"),
    "[0] of Discrete(1)": (MaskSpec.flat(1), [0], ""),
    "candidates": (MaskSpec.candidates(2), [0, 1], "available_actions"),
    "an array of numbers by its name": (MaskSpec.flat(2), np.array([0, 1]), "legal_actions"),
    "in a part": (MaskSpec.dict({"a": MaskSpec.flat(2), "b": MaskSpec.flat(3)}), {"a": [0, 1], "b": [0, 1, 1]}, ""),
    "bits of MultiBinary": (MaskSpec.binary(3), [1, 0, 1], ""),
    "bits of MultiBinary, bool": (MaskSpec.binary(3), np.array([True, False, True]), "action_mask"),
    "bits of MultiBinary, int8": (MaskSpec.binary(2), np.array([0, 1], np.int8), ""),
}


@pytest.mark.parametrize("case", TWO_WAYS)
def test_what_can_be_read_in_two_ways_is_an_error_that_says_how_to_write_it(case: str) -> None:
    with pytest.raises(UnknownFormError, match=r"can be read as .* and as .*: give an? "):
        read_mask(*TWO_WAYS[case])


def test_type_and_name_decide_between_the_two_ways() -> None:
    two = MaskSpec.flat(2)
    for numbers in ({0, 1}, frozenset((0, 1)), range(2), {0: 0, 1: 0}.keys()):
        assert read_mask(two, numbers).tolist() == [1, 1]
    for zeros_and_ones in (np.array([0, 1], np.int8), np.array([0, 1]), [False, True], [0.0, 1.0]):
        assert read_mask(two, zeros_and_ones).tolist() == [0, 1]
    assert read_mask(two, [1, 0]).tolist() == [1, 0]  # numbers are listed in rising order
    assert read_mask(MaskSpec.flat(1), {0}).tolist() == [1] and read_mask(MaskSpec.flat(1), [False]).tolist() == [0]
    for name in ("legal_actions", "get_legal_actions", "legal_moves", "valid_actions"):
        assert read_mask(two, [0, 1], name).tolist() == [1, 1]
    for name in ("action_mask", "legal_action_mask", "action_masks"):
        assert read_mask(two, [0, 1], name).tolist() == [0, 1]
    assert read_mask(MaskSpec.flat(5), np.array([0, 3, 4]), "legal_moves").tolist() == BITS.tolist()


def test_numbers_in_an_array_without_a_name_are_refused_with_the_way_to_write_them() -> None:
    with pytest.raises(UnknownFormError, match=r"shape \(5,\).*got ndarray of shape \(3,\).*array\.tolist\(\)"):
        read_mask(MaskSpec.flat(5), np.array([0, 3, 4]))


# --- layouts --------------------------------------------------------------------------------------------------------

TABLE = np.tri(3, 5, dtype=np.int8)
CUBE = np.arange(24).reshape(2, 3, 4) % 2
LAYOUTS = {
    "a transposed joint table": (MaskSpec.joint([3, 5]), TABLE.T, "(3, 5)", "(5, 3)"),
    "the same as lists": (MaskSpec.joint([3, 5]), TABLE.T.tolist(), "(3, 5)", "(5, 3)"),
    "(10, 4) for (4, 10)": (MaskSpec.joint([4, 10]), np.ones((10, 4)), "(4, 10)", "(10, 4)"),
    "axes of a cube": (MaskSpec.joint([2, 3, 4]), CUBE.transpose(0, 2, 1), "(2, 3, 4)", "(2, 4, 3)"),
    "a flattened joint table": (MaskSpec.joint([3, 5]), TABLE.ravel(), "(3, 5)", "(15,)"),
    "a transposed table of heads": (MaskSpec.conditional([3, 5, 2]), TABLE.T, "(3, 5)", "(5, 3)"),
    "(2, n) of bits": (MaskSpec.binary(4), [[1, 1, 1, 1], [1, 0, 1, 0]], "(4, 2)", "(2, 4)"),
    "(2, n) of bits as an array": (MaskSpec.binary(3), np.ones((2, 3), bool), "(3, 2)", "(2, 3)"),
    "a row": (MaskSpec.flat(5), BITS[None], "(5,)", "(1, 5)"),
    "a column": (MaskSpec.flat(5), BITS[:, None].astype(float), "(5,)", "(5, 1)"),
    "a board of cells": (MaskSpec.flat(6), np.ones((2, 3), np.int8), "(6,)", "(2, 3)"),
    "a table for independent heads": (MaskSpec.per_head([2, 3]), np.ones((2, 3), np.int8), "(5,)", "(2, 3)"),
    "heads in columns": (MaskSpec.per_head([3, 3]), np.ones((3, 2), np.int8), "(6,)", "(3, 2)"),
    "heads as a table of combinations": (MaskSpec.per_head([2, 2]), np.ones((2, 2), np.int8), "(4,)", "(2, 2)"),
    "bounds by dimension": (MaskSpec.interval([0] * 3, [1] * 3), np.zeros((3, 2), np.float32), "(3,)", "(3, 2)"),
    "bounds in one row": (MaskSpec.interval([0, 0], [1, 1]), np.zeros(4), "(2,)", "(4,)"),
    "packed bits": (MaskSpec.flat(6), np.packbits(np.ones(6, bool)), "(6,)", "(1,)"),
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_another_layout_is_an_error_that_names_both_shapes(case: str) -> None:
    spec, value, expected, given = LAYOUTS[case]
    with pytest.raises(UnknownFormError, match=f"{re.escape(expected)}.*got .*{re.escape(given)}"):
        read_mask(spec, value)


@pytest.mark.parametrize("case", [case for case in LAYOUTS if "heads" not in case])
def test_the_action_space_alone_says_the_same(case: str) -> None:
    spec, value, expected, given = LAYOUTS[case]
    with pytest.raises(UnknownFormError, match=f"{re.escape(expected)}.*got .*{re.escape(given)}"):
        spec_for(spec.action_space, value)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.float32])
def test_a_row_for_each_head_of_one_size(dtype: Any) -> None:
    """As Jumanji and others write the masks of several agents; the same as a list of the rows."""
    table = np.array([[1, 0, 1], [0, 1, 1]], dtype)
    spec = MaskSpec.per_head([3, 3])
    assert read_mask(spec, table).tolist() == read_mask(spec, list(table)).tolist() == [1, 0, 1, 0, 1, 1]
    assert spec_for(spec.action_space, table).kind == "per_head"
    batch = read_masks(spec, np.stack([table, table[::-1]]), 2, np.ones(2, bool))
    assert batch.tolist() == [[1, 0, 1, 0, 1, 1], [0, 1, 1, 1, 0, 1]]
    with pytest.raises(UnknownFormError):
        read_mask(spec, table * dtype(0.5)) if dtype is np.float32 else read_mask(spec, table[:1])


@pytest.mark.parametrize("odd", [0.9, 0.5, 2, -1, np.nan, 1.0000001])
@pytest.mark.parametrize(
    "spec",
    [MaskSpec.flat(3), MaskSpec.joint([2, 2]), MaskSpec.per_head([2, 2]), MaskSpec.conditional([2, 2])],
    ids=lambda spec: spec.kind,
)
def test_numbers_other_than_zero_and_one_are_refused(spec: MaskSpec, odd: float) -> None:
    mask = np.ones(spec.space.shape)
    mask.flat[-1] = odd
    with pytest.raises(UnknownFormError, match="expected"):
        read_mask(spec, mask)
    with pytest.raises(UnknownFormError, match="row 1"):
        read_masks(spec, np.stack([np.ones_like(mask), mask]), 2, np.ones(2, bool))


@pytest.mark.parametrize(
    "value", ["00101", 7, None, [0, 5], [-1, 2], [1, 1], np.full(5, 2.0), [[0, 1], [2]], object(), {1: 2}, [None] * 5]
)
@pytest.mark.parametrize("name", ["", "legal_actions"])
def test_what_is_no_mask_is_refused(value: Any, name: str) -> None:
    with pytest.raises(UnknownFormError, match=r"no mask of Discrete\(5\): expected zeros and ones of shape \(5,\)"):
        read_mask(MaskSpec.flat(5), value, name)


# --- heads, bits, bounds, parts -------------------------------------------------------------------------------------


def test_heads_are_read_in_a_row_or_one_by_one() -> None:
    heads = MaskSpec.per_head([2, 3])
    for value in ([1, 0, 1, 1, 0], (np.array([1, 0]), [1, 1, 0]), [[True, False], [True, True, False]]):
        assert read_mask(heads, value).tolist() == [1, 0, 1, 1, 0]


def test_bits_are_read_as_pairs_a_row_or_in_gymnasiums_form() -> None:
    spec = MaskSpec.binary(2)
    for value in ([[1, 1], [1, 0]], [True, True, True, False], np.array([2, 0], np.int8)):
        assert read_mask(spec, value).tolist() == [[1, 1], [1, 0]]


def test_bounds_are_rounded_inwards() -> None:
    """What float32 cannot hold becomes the nearest number within; equal bounds stay equal."""
    spec = MaskSpec.interval([0, 0, 0], [1, 1, 1])
    low, high = np.array([0.1, 0.3, 0.7]), np.array([0.1, 0.7, 0.9])
    read = read_mask(spec, (low, high))
    assert read.dtype == np.float32
    assert (read[0].astype(float) >= low)[1:].all() and (read[1].astype(float) <= high)[1:].all()
    assert read[0][0] == read[1][0] == np.float32(0.1)
    assert np.abs(read - np.array([low, high])).max() < 1e-7
    for outside in (([0.0] * 3, [1.5] * 3), ([np.nan] * 3, [1.0] * 3)):
        with pytest.raises(UnknownFormError, match=r"low and high within \[0.0, 0.0, 0.0\] and \[1.0, 1.0, 1.0\]"):
            read_mask(spec, outside)


PARTS = MaskSpec.dict({"side": MaskSpec.flat(3), "size": MaskSpec.interval([0.0], [100.0])})


def test_an_error_names_every_part_that_is_wrong_and_the_form_it_should_have() -> None:
    with pytest.raises(UnknownFormError) as error:
        read_mask(PARTS, {"side": [True, 0.9, True], "size": (0.0, 45.0)})
    side, size = str(error.value).split("float32)): ")[1].split("; ")
    assert side.startswith("side: expected zeros and ones of shape (3,)") and side.endswith("with the value 0.9")
    assert size == "size: expected two arrays of shape (1,), low and high, got (0.0, 45.0)"
    with pytest.raises(UnknownFormError, match=r"\): size: expected") as error:
        read_mask(PARTS, {"side": {0}, "size": [[0.0, 1.0]]})
    assert "side" not in str(error.value).split("): ")[1]


@pytest.mark.parametrize("value", [{"side": {0}}, {"side": {0}, "size": None, "more": None}, ({0}, None), None, 1])
def test_other_parts_are_named(value: Any) -> None:
    with pytest.raises(UnknownFormError, match="expected a dict of masks with the keys 'side', 'size'"):
        read_mask(PARTS, value)


def test_none_stands_for_a_part_that_nothing_is_forbidden_of() -> None:
    """As in Gymnasium's own masks of a Tuple and a Dict."""
    pair = MaskSpec.dict([MaskSpec.flat(3), MaskSpec.interval([-1, -1], [1, 1])])
    for value in (([1, 0, 1], None), [[1, 0, 1], None]):
        choice, bounds = read_mask(pair, value)
        assert choice.tolist() == [1, 0, 1] and bounds.tolist() == [[-1, -1], [1, 1]]
    whole = read_mask(PARTS, {"side": None, "size": ([0.0], [2.0])})
    assert whole["side"].tolist() == [1, 1, 1] and whole["size"].tolist() == [[0.0], [2.0]]
    nested = MaskSpec.dict({"a": pair, "b": MaskSpec.binary(1)})
    assert read_mask(nested, {"a": None, "b": None})["a"][0].tolist() == [1, 1, 1]
    with pytest.raises(UnknownFormError, match="expected two arrays"):
        read_mask(MaskSpec.interval([0], [1]), None)  # a function that forgot to return


# --- the spec that a value implies ----------------------------------------------------------------------------------


def test_the_value_decides_the_kind_of_heads() -> None:
    space = spaces.MultiDiscrete([2, 3])
    assert spec_for(space, np.ones(5)).kind == "per_head"
    assert spec_for(space, ([1, 0], [1, 1, 1])).kind == "per_head"
    assert spec_for(space, np.ones((2, 3), bool)).kind == "joint"  # a product, but a table
    assert spec_for(space, [[1, 1, 1], [1, 1, 1]]).kind == "joint"
    square = spaces.MultiDiscrete([2, 2])
    assert spec_for(square, np.ones((2, 2))).kind == "joint" and spec_for(square, ([1, 0], [1, 1])).kind == "per_head"
    with pytest.raises(UnknownFormError, match="mask_spec='per_head' or 'joint'"):
        spec_for(square, [[1, 0], [1, 1]])
    parts = spaces.Dict(move=space, note=spaces.Tuple((square, spaces.Discrete(2))))
    spec = spec_for(parts, {"move": np.ones((2, 3)), "note": (np.ones(4), None)})
    assert [part.kind for part in spec.parts] == ["joint", "dict"]


@pytest.mark.parametrize(
    ("space", "words"),
    [
        (spaces.MultiDiscrete([[2, 2], [2, 2]]), "one axis"),
        (spaces.MultiDiscrete([2, 2], start=[1, 0]), "from 0"),
        (spaces.Graph(spaces.Discrete(2), None), "no kind of mask"),
        (spaces.Dict(a=spaces.Text(3)), "no kind of mask"),
    ],
)
def test_spaces_without_masks_are_named(space: Any, words: str) -> None:
    with pytest.raises(UnknownFormError, match=words):
        spec_for(space, np.ones((2, 2, 2, 2)))


# --- batches --------------------------------------------------------------------------------------------------------

BATCHES = {
    "flat": (MaskSpec.flat(3), np.array([[1, 0, 1], [0, 1, 0]], bool), [[1, 0, 1], [0, 1, 0]]),
    "numbers": (MaskSpec.flat(3), [{0, 2}, [1]], [[1, 0, 1], [0, 1, 0]]),
    "a tuple of rows": (MaskSpec.flat(3), (np.array([1, 0, 1]), [False, True, False]), [[1, 0, 1], [0, 1, 0]]),
    "pairs": (MaskSpec.binary(1), np.ones((2, 1, 2)), [[[1, 1]], [[1, 1]]]),
    "bounds": (MaskSpec.interval([0], [1]), np.array([[[0], [1]], [[0.5], [0.5]]]), [[[0], [1]], [[0.5], [0.5]]]),
}


@pytest.mark.parametrize("case", BATCHES)
def test_batches_are_read_row_by_row(case: str) -> None:
    spec, value, rows = BATCHES[case]
    masks = read_masks(spec, value, 2, np.ones(2, bool))
    assert spec.contains(masks) and masks.tolist() == rows
    first = read_masks(spec, value, 2, np.array([True, False]))
    assert first.tolist() == [rows[0], spec.full().tolist()]


def test_rows_that_are_not_read_may_hold_anything() -> None:
    masks = read_masks(MaskSpec.flat(2), [[True, False], None], 2, np.array([True, False]))
    assert masks.tolist() == [[1, 0], [1, 1]]
    with pytest.raises(UnknownFormError, match="row 1"):
        read_masks(MaskSpec.flat(2), [[True, False], None], 2, np.ones(2, bool))
    for short in ([[True, False]], np.ones((3, 2)), np.ones(2)):
        with pytest.raises(UnknownFormError, match="expected"):
            read_masks(MaskSpec.flat(2), short, 2, np.ones(2, bool))


def test_batches_of_parts() -> None:
    by_part = {"side": np.array([[1, 0, 1], [0, 1, 0]]), "size": None}
    by_row = [{"side": {0, 2}, "size": None}, {"side": [False, True, False], "size": ([0], [100])}]
    for value in (by_part, by_row):
        masks = read_masks(PARTS, value, 2, np.ones(2, bool))
        assert masks["side"].tolist() == [[1, 0, 1], [0, 1, 0]] and masks["size"].tolist() == [[[0], [100]]] * 2
    with pytest.raises(UnknownFormError, match=r"side: row 1: .* 0\.9"):
        read_masks(PARTS, {"side": np.array([[1, 0, 1], [0, 0.9, 0]]), "size": None}, 2, np.ones(2, bool))
