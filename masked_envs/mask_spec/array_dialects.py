"""The dialects that write a mask as one array: sb3, torchrl, tianshou, rllib.

The functions here map arrays (..., mask) of one side to the other, so that one mask and a batch are the same.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .codec import Array, Codec, expect_array


def array_codec(
    dtype: npt.DTypeLike,
    shape: Callable[[Any], tuple[int, ...]] = lambda spec: spec.shape,
    write: Callable[[Any, Array], Array] = lambda spec, mask: mask,
    read: Callable[[Any, Array], Array] = lambda spec, array: array,
) -> Codec:
    """A codec into arrays of this dtype, and of this shape for one mask; as they are, where nothing else is said."""

    def write_array(spec: Any, mask: Array, batch: bool) -> Array:
        return write(spec, mask).astype(dtype)

    def read_array(spec: Any, value: Any) -> Array:
        return read(spec, expect_array(value, shape(spec), dtype, batch=True)).astype(np.int8)

    return Codec(write_array, read_array)


def pairs_to_row(spec: Any, mask: Array) -> Array:
    """(..., n, 2) to (..., 2n): bit after bit, may be 0, may be 1."""
    return mask.reshape(*mask.shape[:-2], 2 * spec.n)


def row_to_pairs(spec: Any, row: Array) -> Array:
    """The reverse of `pairs_to_row`."""
    return row.reshape(*row.shape[:-1], spec.n, 2)


def heads_to_joint(spec: Any, mask: Array) -> Array:
    """The outer product of the masks of the heads, (..., *nvec)."""
    last = len(spec.nvec) - 1
    heads = [
        head.reshape(*head.shape[:-1], *(1,) * k, spec.nvec[k], *(1,) * (last - k))
        for k, head in enumerate(spec.split(mask))
    ]
    return functools.reduce(np.multiply, heads)


def joint_to_heads(spec: Any, joint: Array) -> Array:
    """What each head may take in some combination, (..., sum nvec).

    Raises:
        ValueError: not every combination of these is allowed, so that no mask per head says the same.
    """
    count = len(spec.nvec)
    others = [tuple(j - count for j in range(count) if j != k) for k in range(count)]
    mask = np.concatenate([joint.any(axis=axes) for axes in others], axis=-1)
    if not np.array_equal(heads_to_joint(spec, mask), joint):
        raise ValueError(f"this joint mask over {spec.nvec} is no product of one mask per head; use MaskSpec.joint")
    return mask


def only_two_heads(spec: Any, mask: Array) -> Array:
    """The table of a conditional mask, where it says everything.

    Raises:
        ValueError: there are later heads, which the table does not speak of.
    """
    if len(spec.nvec) > 2:
        raise ValueError(f"only a conditional mask of two heads is a joint mask; this one has {len(spec.nvec)}")
    return mask
