"""Gymnasium: what `Space.sample(mask)` takes (gymnasium/spaces, vector/utils/space_utils.py, 1.2.2).

int8; a tuple of vectors for MultiDiscrete; 0, 1 or 2 (either) for MultiBinary. A batch is what the batched space takes:
a tuple of vectors for Discrete, whose batched space is a MultiDiscrete. The batched space of a MultiDiscrete or
MultiBinary is a Box, whose `sample` takes no mask at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import trees
from ..checks import Array, describe
from ._dialect import Codec, Dialect, expect_array

FREE = 2  # in the mask of a MultiBinary: the bit may be either


# --- one mask -----------------------------------------------------------------------------------------------------


def write_vector(spec: Any, mask: Array) -> Array:
    """What `Discrete.sample` takes."""
    return mask.astype(np.int8)


def read_vector(spec: Any, value: Any) -> Array:
    """The reverse of `write_vector`."""
    vector: Array = expect_array(value, spec.shape, np.int8, batch=False).copy()
    return vector


def write_heads(spec: Any, mask: Array) -> tuple[Array, ...]:
    """What `MultiDiscrete.sample` takes."""
    return tuple(head.astype(np.int8) for head in spec.split(mask))


def read_heads(spec: Any, value: Any) -> Array:
    """The reverse of `write_heads`."""
    if not isinstance(value, tuple) or len(value) != len(spec.nvec):
        raise ValueError(f"expected a tuple of {len(spec.nvec)} vectors, one per head, got {describe(value)}")
    heads = [expect_array(head, (n,), np.int8, batch=False) for head, n in zip(value, spec.nvec, strict=True)]
    return np.concatenate(heads)


def write_bits(spec: Any, mask: Array) -> Array:
    """What `MultiBinary.sample` takes.

    Raises:
        ValueError: a bit that may be neither 0 nor 1.
    """
    may_be_0, may_be_1 = mask[:, 0] != 0, mask[:, 1] != 0
    stuck = np.flatnonzero(~(may_be_0 | may_be_1))
    if len(stuck):
        raise ValueError(f"Space.sample has no mask for a bit that may be neither 0 nor 1: bit {stuck[0]}")
    return np.where(may_be_0 & may_be_1, FREE, may_be_1).astype(np.int8)


def read_bits(spec: Any, value: Any) -> Array:
    """The reverse of `write_bits`."""
    bits = expect_array(value, (spec.n,), np.int8, batch=False, most=FREE)
    return np.stack([bits != 1, bits != 0], axis=-1).astype(np.int8)


# --- one mask or a batch ------------------------------------------------------------------------------------------


def sequence_codec(container: type, write_one: Callable[[Any, Any], Any], read_one: Callable[[Any, Any], Any]) -> Codec:
    """From the functions for one mask: a batch is a tuple, or a list, of masks."""

    def write(spec: Any, mask: Any, batch: bool) -> Any:
        return container(write_one(spec, row) for row in trees.rows(mask)) if batch else write_one(spec, mask)

    def read(spec: Any, value: Any) -> Any:
        if not isinstance(value, container):
            return read_one(spec, value)
        masks = [read_one(spec, one) for one in value]  # type: ignore[attr-defined]
        return trees.stack(masks) if masks else spec.full(0)

    return Codec(write, read)


def single_codec(write_one: Callable[[Any, Any], Any], read_one: Callable[[Any, Any], Any]) -> Codec:
    """From the functions for one mask: there is no batch."""

    def write(spec: Any, mask: Any, batch: bool) -> Any:
        if batch:
            raise ValueError(
                f"gymnasium cannot express a batch of {spec.kind} masks: the batched action space is a Box, whose "
                "sample takes no mask. Instead, convert the masks one by one, or draw actions with MaskSpec.sample"
            )
        return write_one(spec, mask)

    return Codec(write, read_one)


# --- a dict of masks, part by part --------------------------------------------------------------------------------


def write_parts(spec: Any, mask: Any, batch: bool) -> Any:
    """What `Dict.sample` and `Tuple.sample` take."""
    masks = spec.unpack(mask, "the mask")
    return spec.pack(spec.each(lambda part, value: _write_part(part, value, batch), masks))


def _write_part(part: Any, mask: Any, batch: bool) -> Any:
    """In a Dict or Tuple, None stands for the mask of a space that takes none."""
    is_box = part.kind == "interval" or (batch and part.kind in ("per_head", "binary"))
    if not is_box:
        return DIALECT.convert(part, mask)
    if np.array_equal(mask, part.full(len(mask) if batch else None)):
        return None
    raise ValueError(f"Space.sample takes no mask for a Box, and this {part.kind} mask forbids something")


def read_parts(spec: Any, value: Any) -> Any:
    """The reverse of `write_parts`."""
    return _read_part(spec, value, _batch_size(spec, value))


def _batch_size(part: Any, value: Any) -> int | None:
    """The number of rows, which only the masks of Discrete parts tell; None for one mask."""
    if value is None:
        return None
    if part.kind == "dict":
        sizes = part.each(_batch_size, part.unpack(value, "the mask"))
        return next((size for size in sizes if size is not None), None)
    return len(value) if isinstance(value, tuple) and part.kind in ("flat", "candidates") else None


def _read_part(part: Any, value: Any, rows: int | None) -> Any:
    if value is None:
        return part.full(rows)
    if part.kind == "dict":
        values = part.unpack(value, "the mask")
        return part.pack(part.each(lambda inner, one: _read_part(inner, one, rows), values))
    return DIALECT.parse(part, value)


# --- the dialect --------------------------------------------------------------------------------------------------

LIMIT = "Space.sample masks Discrete, MultiDiscrete and MultiBinary actions, each choice by itself"

VECTOR = sequence_codec(tuple, write_vector, read_vector)

DIALECT = Dialect(
    "gymnasium",
    LIMIT,
    {
        "flat": VECTOR,
        "candidates": VECTOR,
        "per_head": single_codec(write_heads, read_heads),
        "binary": single_codec(write_bits, read_bits),
        "dict": Codec(write_parts, read_parts),
    },
    counts_from_0=False,
)
