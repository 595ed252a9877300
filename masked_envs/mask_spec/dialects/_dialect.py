"""What a dialect is: a writer and a reader for each kind of mask that a library can express."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..checks import Array, describe, holds_hidden

_FLATTEN = "declare the action as Discrete over all combinations, whose flat mask every dialect has"
INSTEAD = {
    "per_head": _FLATTEN,
    "joint": f"{_FLATTEN}: mask.reshape(-1)",
    "conditional": f"{_FLATTEN}: with two heads, mask.reshape(-1)",
    "binary": f"declare it as MultiDiscrete([2] * n), whose per_head mask is mask.reshape(-1), or {_FLATTEN}",
    "interval": "scale the action of the agent from [-1, 1] into the bounds of the mask",
    "dict": "convert its parts one by one",
}
"""What to do about a kind that a dialect cannot express; flat and candidates have all dialects."""


class Codec(NamedTuple):
    """How one kind of mask goes into one dialect and back."""

    write: Callable[[Any, Any, bool], Any]
    """(spec, canonical mask or batch of masks, whether it is a batch) -> the mask in the dialect"""
    read: Callable[[Any, Any], Any]
    """(spec, mask in the dialect) -> canonical mask or batch of masks, not yet checked"""


@dataclass(frozen=True)
class Dialect:
    """How one library writes masks.

    Attributes:
        name: of the library.
        limit: which masks it takes, for the error about one that it does not take.
        codecs: by kind of mask; a kind that is missing cannot be expressed exactly.
        counts_from_0: whether it ignores the `start` of a Discrete space.
    """

    name: str
    limit: str
    codecs: Mapping[str, Codec]
    counts_from_0: bool = True

    def codec(self, spec: Any) -> Codec:
        """The writer and the reader for a mask.

        Raises:
            ValueError: the dialect cannot express it, or a part of it.
        """
        codec = self.codecs.get(spec.kind)
        if codec is None:
            why = f"{self.limit}. Instead, {INSTEAD[spec.kind]}"
            raise ValueError(f"{self.name} cannot express {spec.kind} masks: {why}")
        if self.counts_from_0 and getattr(spec, "start", 0) != 0:
            why = "it chooses from 0 and ignores start. Instead, declare the actions from 0 and add start inside"
            raise ValueError(f"{self.name} cannot express the mask of {spec.action_space}: {why}")
        if spec.kind == "dict":  # of bounds it depends on the mask
            spec.each(lambda part: None if part.kind == "interval" else self.codec(part))
        return codec

    def convert(self, spec: Any, mask: Any) -> Any:
        """See `MaskSpec.convert`."""
        codec = self.codec(spec)
        _, batch = spec.check(mask)
        return codec.write(spec, mask, batch)

    def parse(self, spec: Any, mask: Any) -> Any:
        """See `MaskSpec.parse`."""
        canonical = self.codec(spec).read(spec, mask)
        spec.check(canonical)
        return canonical


def array_codec(
    dtype: npt.DTypeLike,
    shape: Callable[[Any], tuple[int, ...]] = lambda spec: spec.shape,
    write: Callable[[Any, Array], Array] = lambda spec, mask: mask,
    read: Callable[[Any, Array], Array] = lambda spec, array: array,
) -> Codec:
    """A codec into arrays (..., mask) of one dtype, so that one mask and a batch are the same.

    Args:
        dtype: of the arrays.
        shape: of the array of one mask; by default that of the canonical mask.
        write: the canonical mask (..., mask) in that shape.
        read: the reverse.
    """

    def write_array(spec: Any, mask: Array, batch: bool) -> Array:
        return write(spec, mask).astype(dtype)

    def read_array(spec: Any, value: Any) -> Array:
        return read(spec, expect_array(value, shape(spec), dtype, batch=True)).astype(np.int8)

    return Codec(write_array, read_array)


def expect_array(value: Any, shape: tuple[int, ...], dtype: npt.DTypeLike, *, batch: bool, most: int = 1) -> Array:
    """The value as an array, where it is one (or a tensor in main memory) of whole numbers from 0 to `most`.

    Args:
        value: what came from the other library.
        shape: of one mask.
        dtype: exactly.
        batch: whether one more leading axis is accepted.
        most: the largest value.

    Raises:
        ValueError: anything else; the message names what was expected and what was given.
    """
    form = f"an array of shape {shape}{' (or a batch of them)' if batch else ''} and dtype {np.dtype(dtype)}"
    array = np.asarray(value) if hasattr(value, "__array__") and not holds_hidden(value) else None
    if array is None or array.dtype != dtype:
        raise ValueError(f"expected {form}, got {describe(value)}")
    if array.shape != shape and not (batch and array.ndim == len(shape) + 1 and array.shape[1:] == shape):
        raise ValueError(f"expected {form}, got {describe(value)}")
    if not np.isin(array, range(most + 1)).all():
        raise ValueError(f"expected {form} with values 0 to {most}, got values {np.unique(array)[:5].tolist()}")
    return array
