"""The dialects that write what `gymnasium.Space.sample(mask)` takes: gymnasium and pettingzoo.

They differ in what a batch is. Gymnasium has batched spaces: a MultiDiscrete for Discrete, which takes a tuple of
vectors, and a Box for MultiDiscrete and MultiBinary, which takes no mask at all. PettingZoo has none: there a batch is
a list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..trees import rows_of, stack
from .base import describe
from .codec import Array, Codec, expect_array

FREE = 2  # in the mask of a MultiBinary: the bit may be either


def list_codec(write_one: Callable[[Any, Any], Any], read_one: Callable[[Any, Any], Any]) -> Codec:
    """From the codec of one mask: a batch is a list."""

    def write(spec: Any, mask: Any, batch: bool) -> Any:
        return [write_one(spec, row) for row in rows_of(mask)] if batch else write_one(spec, mask)

    def read(spec: Any, value: Any) -> Any:
        if not isinstance(value, list):
            return read_one(spec, value)
        return stack([read_one(spec, one) for one in value]) if value else spec.full(0)

    return Codec(write, read)


def single_codec(write_one: Callable[[Any, Any], Any], read_one: Callable[[Any, Any], Any]) -> Codec:
    """From the codec of one mask: there is no batch."""

    def write(spec: Any, mask: Any, batch: bool) -> Any:
        if batch:
            raise ValueError(
                f"gymnasium cannot express a batch of {spec.kind} masks: the batched action space is a Box, whose "
                "sample takes no mask. Instead, convert the masks one by one, or draw actions with MaskSpec.sample"
            )
        return write_one(spec, mask)

    return Codec(write, read_one)


def tuple_codec(write_one: Callable[[Any, Any], Any], read_one: Callable[[Any, Any], Any]) -> Codec:
    """From the codec of one mask: a batch is a tuple."""

    def write(spec: Any, mask: Any, batch: bool) -> Any:
        return tuple(write_one(spec, row) for row in mask) if batch else write_one(spec, mask)

    def read(spec: Any, value: Any) -> Any:
        if not isinstance(value, tuple):
            return read_one(spec, value)
        return stack([read_one(spec, one) for one in value]) if value else spec.full(0)

    return Codec(write, read)


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
        raise ValueError(f"Space.sample cannot be told that a bit may be neither 0 nor 1: bit {stuck[0]}")
    return np.where(may_be_0 & may_be_1, FREE, may_be_1).astype(np.int8)


def read_bits(spec: Any, value: Any) -> Array:
    """The reverse of `write_bits`."""
    bits = expect_array(value, (spec.n,), np.int8, batch=False, most=FREE)
    return np.stack([bits != 1, bits != 0], axis=-1).astype(np.int8)
