"""What a dialect is made of: a writer and a reader for each kind of mask, and the check of what is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .base import describe

Array = npt.NDArray[Any]


class Codec(NamedTuple):
    """How one kind of mask goes into one dialect and back."""

    write: Callable[[Any, Any, bool], Any]
    """(spec, canonical mask or batch of masks, whether it is a batch) -> the mask in the dialect"""
    read: Callable[[Any, Any], Any]
    """(spec, mask in the dialect) -> canonical mask or batch of masks, not yet checked"""


def expect_array(value: Any, shape: tuple[int, ...], dtype: npt.DTypeLike, *, batch: bool, most: int = 1) -> Array:
    """The value, where it is an array (or a tensor in main memory) of whole numbers from 0 to `most`.

    Args:
        value: what came from the other library.
        shape: of one mask.
        dtype: exactly.
        batch: whether one more leading axis is welcome.
        most: the largest value.

    Raises:
        ValueError: anything else; the message names what was expected and what was given.
    """
    form = f"an array of shape {shape}{' (or a batch of them)' if batch else ''} and dtype {np.dtype(dtype)}"
    array = np.asarray(value) if hasattr(value, "__array__") else None
    if array is None or array.dtype != dtype:
        raise ValueError(f"expected {form}, got {describe(value)}")
    if array.shape != shape and not (batch and array.ndim == len(shape) + 1 and array.shape[1:] == shape):
        raise ValueError(f"expected {form}, got {describe(value)}")
    if not np.isin(array, range(most + 1)).all():
        raise ValueError(f"expected {form} with values 0 to {most}, got values {np.unique(array)[:5].tolist()}")
    return array
