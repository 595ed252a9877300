"""Checks and small helpers that every kind of mask uses; this file imports nothing of the package.

Actions are read strictly: a value that is not an action of the expected form is reported as such, never converted.
A bool is a flag and not an action; a float is not an integer, even where their values agree; a dtype that does not fit
without loss (uint64 into int64, float64 into float32) is refused, as `gymnasium.Space.contains` does; a masked array
(`numpy.ma`) has entries without a value, so it is no action either, and no mask.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

NOT_AN_INDEX = -1
"""Stands for an action that is not of the expected form, where integers are stored."""

SMALL = 128  # bytes; below, one look at the bytes object is faster than a NumPy reduction
PLAIN_NUMBERS = frozenset({int, float, np.int64, np.float32, np.float64})  # types, for a quick look at a list


class HeadMask(Protocol):
    """A function that says what head k may take, given the choices of the heads before it: int8 (nvec[k],)."""

    def __call__(self, k: int, prefix: Sequence[int], /) -> Array: ...


class RowHeadMask(Protocol):
    """The same for a batch: what head k of a row may take, given the choices of that row's earlier heads."""

    def __call__(self, row: int, k: int, prefix: Sequence[int], /) -> Array: ...


HeadMasks = HeadMask | RowHeadMask | Sequence[HeadMask]
"""For one mask a `HeadMask`; for a batch a `RowHeadMask`, or one `HeadMask` per row."""


def describe(value: Any) -> str:
    """What a value is, for error messages: shape and dtype of an array, else its type."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and dtype is not None:
        return f"{type(value).__name__} of shape {tuple(shape)} and dtype {dtype}"
    return f"{reprlib.repr(value)} ({type(value).__name__})"


def check_sizes(sizes: Any, name: str) -> tuple[int, ...]:
    """The sizes as Python ints.

    Raises:
        ValueError: not a sequence of positive integers.
    """
    listed = tuple(sizes) if isinstance(sizes, (tuple, list, np.ndarray)) else ()
    if not listed or any(isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1 for n in listed):
        raise ValueError(f"{name} must be positive integers, not {reprlib.repr(sizes)}")
    return tuple(int(n) for n in listed)


def check_generator(rng: Any) -> None:
    """Raise a TypeError for anything but a NumPy Generator."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, such as env.np_random, not {describe(rng)}")


def only_bits(mask: Array) -> bool:
    """Whether an int8 or bool array holds nothing but 0 and 1."""
    if mask.dtype == np.bool_:
        return True
    if mask.size <= SMALL:
        return not mask.tobytes().strip(b"\x00\x01")
    return bool(np.maximum.reduce(mask.view(np.uint8), axis=None) <= 1)


# --- actions --------------------------------------------------------------------------------------------------------


def as_array(action: Any) -> Array | None:
    """An array, an integer, or a list or tuple of numbers, as a plain NumPy array; None for anything else."""
    if isinstance(action, np.ndarray):
        return plain_array(action)
    if isinstance(action, (list, tuple)):
        if not all(map(_is_number, action)):
            return None
    elif not isinstance(action, (int, np.integer)) or isinstance(action, bool):
        return None
    try:
        return np.asarray(action)
    except OverflowError:  # an integer beyond all floats beside a float
        return None


def plain_array(array: Array) -> Array | None:
    """The array without its subclass; None for a masked array, whose hidden entries have no value."""
    return None if isinstance(array, np.ma.MaskedArray) else np.asarray(array)


def holds_hidden(value: Any) -> bool:
    """Whether a value is a masked array, or a list or tuple with one in it."""
    if isinstance(value, (list, tuple)):
        return any(map(holds_hidden, value))
    return isinstance(value, np.ma.MaskedArray)


def _is_number(element: Any) -> bool:
    """Whether an element of a list is one real number. NumPy would turn bools among integers into 0 and 1."""
    if type(element) in PLAIN_NUMBERS:
        return True
    if isinstance(element, np.ndarray):
        return element.shape == () and element.dtype.kind in "iuf" and not isinstance(element, np.ma.MaskedArray)
    return isinstance(element, (int, float, np.integer, np.floating)) and not isinstance(element, bool)


def fits_int64(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype is of integers that int64 holds."""
    return dtype.kind in "iu" and np.can_cast(dtype, np.int64)


def fits_float(dtype: np.dtype[Any], into: np.dtype[Any]) -> bool:
    """Whether a dtype is of floats that `into` holds."""
    return dtype.kind == "f" and np.can_cast(dtype, into)


def row_of_actions(actions: Any, row: int) -> Any:
    """One row of a list, tuple or array of actions."""
    if isinstance(actions, np.ndarray) and (actions.dtype == object or isinstance(actions, np.ma.MaskedArray)):
        return actions[row, ...]  # the bare element would hide what kind of array it comes from
    return actions[row]


# --- choices of earlier heads -----------------------------------------------------------------------------------------


def check_prefix(heads: npt.NDArray[np.int64], k: int, prefix: Any) -> npt.NDArray[np.int64]:
    """The choices before head k, one row of integers (1, k) that are in range.

    Raises:
        ValueError: a head out of range, or not k integers in range.
    """
    check_head(heads, k)
    choices = as_array(list(prefix)) if isinstance(prefix, (list, tuple, np.ndarray)) else None
    if choices is None or choices.shape != (k,) or (k and not fits_int64(choices.dtype)):
        raise ValueError(f"head {k} needs the {k} choices before it, got {prefix!r}")
    return _in_range(heads, choices[None].astype(np.int64))


def check_prefixes(heads: npt.NDArray[np.int64], k: int, prefixes: Any, rows: int) -> npt.NDArray[np.int64]:
    """The choices before head k in each row of a batch, (rows, k), in range.

    Raises:
        ValueError: a head out of range, or not k integers in range for each row.
    """
    check_head(heads, k)
    if not isinstance(prefixes, np.ndarray) or prefixes.shape != (rows, k) or not fits_int64(prefixes.dtype):
        expected = f"an array of integers of shape {(rows, k)}"
        raise ValueError(f"head {k} of {rows} masks needs the choices before it, {expected}, got {describe(prefixes)}")
    return _in_range(heads, prefixes.astype(np.int64))


def check_head(heads: npt.NDArray[np.int64], k: Any) -> None:
    """Raise a ValueError for anything but the number of a head."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 0 <= k < len(heads):
        raise ValueError(f"head {k!r} is not in 0..{len(heads) - 1}")


def _in_range(heads: npt.NDArray[np.int64], prefixes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    outside = np.argwhere((prefixes < 0) | (prefixes >= heads[: prefixes.shape[1]]))
    for row, j in outside[:1].tolist():
        choices = prefixes[row].tolist()
        raise ValueError(f"the prefix {choices} is not legal: head {j} may not take {choices[j]}")
    return prefixes


# --- counts -----------------------------------------------------------------------------------------------------------


def count_cells(rows: Array) -> npt.NDArray[np.int64]:
    """The number of ones of each mask row, int64 (rows,)."""
    counts: npt.NDArray[np.int64] = rows.sum(axis=tuple(range(1, rows.ndim)), dtype=np.int64)
    return counts


def count_dtype(sizes: Sequence[int]) -> type:
    """What a number of actions is stored in: int64, or Python ints where the product of the sizes is larger."""
    return np.int64 if math.prod(sizes) <= np.iinfo(np.int64).max else object


def product_of_counts(counts: npt.NDArray[np.int64], sizes: Sequence[int]) -> Array:
    """The product over the last axis, exact: see `count_dtype`."""
    product: Array = np.multiply.reduce(counts.astype(count_dtype(sizes)), axis=-1)
    return product


def outer(parts: Sequence[Array]) -> Array:
    """The outer product of masks, each (rows, ...) over its own choices: (rows, ..., ...)."""
    whole = parts[0]
    for part in parts[1:]:
        left = whole.reshape(*whole.shape, *[1] * (part.ndim - 1))
        right = part.reshape(len(part), *[1] * (whole.ndim - 1), *part.shape[1:])
        whole = left & right
    return whole


def shown(value: object, length: int = 200) -> str:
    """A value in a message, whatever it is: it may be long, huge, or of a broken `__repr__`.

    Python itself refuses to write an integer of more than 4,300 digits, and says so in place of the message.
    """
    try:
        text = repr(value)
    except Exception:  # that of any object
        return f"a value of the type {type(value).__name__}, which cannot be written out"
    return text if len(text) <= length else f"{text[:length]}..."
