"""Checks and small helpers that every kind of mask uses; this file imports nothing of the package.

Actions are read strictly: a value that is not an action of the expected form is reported as such, never converted.
A bool is a flag and not an action; a float is not an integer, even where their values agree; a dtype that does not fit
without loss (uint64 into int64, float64 into float32) is refused, as `gymnasium.Space.contains` does; a masked array
(`numpy.ma`) has entries without a value, so it is no action either, and no mask.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Container, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .words import beginning

Array = npt.NDArray[Any]

NOT_AN_INDEX = -1
"""Stands for an action that is not of the expected form, where integers are stored."""

LARGEST = 2**63 - 1  # of 64 bits

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


def shown(value: object, length: int = 200) -> str:
    """A value in a message, whatever it is: it may be long, huge, or of a broken `__repr__`.

    Python itself refuses to write an integer of more than 4,300 digits, and says so in place of the message.
    """
    try:
        text = beginning(value, length)
    except Exception:  # that of any object
        return f"a value of the type {type(value).__name__}, which cannot be written out"
    return text if len(text) <= length else f"{text[:length]}..."


def describe(value: Any) -> str:
    """What a value is, for error messages: shape and dtype of an array, else its beginning and its type."""
    array = np.asarray(value) if issubclass(type(value), (np.ndarray, np.generic)) else value
    try:
        return f"{type(value).__name__} of shape {tuple(array.shape)} and dtype {array.dtype}"
    except Exception:  # that of any object; most are no array
        return f"{shown(value, 60)} ({type(value).__name__})"


def check_sizes(sizes: Any, name: str) -> tuple[int, ...]:
    """The sizes as Python ints.

    Raises:
        ValueError: not a sequence of positive integers.
    """
    array = plain_array(sizes)
    items = items_of(sizes) if array is None else array.tolist() if array.ndim == 1 else None
    numbers = [_plain_number(n) for n in items or ()]
    if not numbers or not all(isinstance(n, (int, np.integer)) and 1 <= n <= LARGEST for n in numbers):
        raise ValueError(f"{name} must be positive integers, not {shown(sizes)}")
    return tuple(int(n) for n in numbers)


def check_integer(name: str, number: Any, low: int = 1, high: int | None = LARGEST) -> int:
    """An integer from `low` to `high`, as a Python int; None is no bound.

    Raises:
        ValueError: anything else.
    """
    plain = _plain_number(number)
    words = f"an integer of at least {low}" if high in (None, LARGEST) else f"in {low}..{high}"
    if not isinstance(plain, (int, np.integer)) or plain < low:
        raise ValueError(f"{name} must be {words}, not {shown(number)}")
    if high is not None and plain > high:
        bits = " and of 64 bits" if high == LARGEST else ""
        raise ValueError(f"{name} must be {words}{bits}, not {shown(number)}")
    return int(plain)


def is_one_of(value: Any, choices: Container[str]) -> bool:
    """Whether a value is one of some words. What is no text is not compared: that may give an array, or an error."""
    return isinstance(value, str) and value in choices


def check_choice(name: str, value: Any, choices: Collection[str]) -> None:
    """Raise a ValueError for anything but one of some words."""
    if not is_one_of(value, choices):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {shown(value)}")


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


def items_of(value: Any) -> Sequence[Any] | None:
    """The elements of a list or tuple; None for anything else. Of a subclass they are what it holds, whatever its own
    methods say of its length and its elements.
    """
    kind = type(value)  # not isinstance: an object may claim any class
    if kind is list or kind is tuple:
        return value  # type: ignore[no-any-return]
    if issubclass(kind, list):
        return list(list.__iter__(value))
    return tuple(tuple.__iter__(value)) if issubclass(kind, tuple) else None


def parts_of(value: Any) -> dict[str, Any] | None:
    """The entries of a dict whose keys are text, in the same way; None for anything else."""
    kind = type(value)
    if not issubclass(kind, dict):
        return None
    if not all(type(key) is str for key in dict.keys(value)):
        if not all(issubclass(type(key), str) for key in dict.keys(value)):
            return None
        return {str.__str__(key): part for key, part in dict.items(value)}
    return value if kind is dict else dict(dict.items(value))


def by_agent(actions: Any) -> dict[Any, Any] | None:
    """Actions by agent in a plain dict, read once; None for what is no mapping. Of a dict it is what it holds, whatever
    a subclass says of it; the actions stay as they are.
    """
    kind = type(actions)
    if kind is not dict and not issubclass(kind, Mapping):
        return None
    items = dict.items(actions) if issubclass(kind, dict) else actions.items()
    return {str.__str__(name) if issubclass(type(name), str) else name: action for name, action in items}


def as_array(action: Any) -> Array | None:
    """An array, an integer, or a list or tuple of numbers, as a plain NumPy array; None for anything else."""
    if issubclass(type(action), np.ndarray):
        return plain_array(action)
    items = items_of(action)
    if items is None:
        number = action if type(action) in PLAIN_NUMBERS else _plain_number(action)
        return None if number is None or isinstance(number, (float, np.floating)) else np.asarray(number)
    if not {*map(type, items)} <= PLAIN_NUMBERS:
        items = [_plain_number(item) for item in items]
        if None in items:
            return None
    try:
        return np.asarray(items)
    except OverflowError:  # an integer beyond all floats beside a float
        return None


def numbers_of(value: Any) -> Array | None:
    """A number, or a list, tuple or array of numbers, as a plain NumPy array; None for anything else."""
    number = _plain_number(value)
    array = as_array(value) if number is None else np.asarray(number)
    return array if array is not None and array.dtype.kind in "iuf" else None


def plain_array(array: Any) -> Array | None:
    """An array without its subclass, and so without what that says of its shape; None for a masked array, whose hidden
    entries have no value, and for anything else.
    """
    kind = type(array)
    if kind is np.ndarray:
        return array  # type: ignore[no-any-return]
    return None if not issubclass(kind, np.ndarray) or issubclass(kind, np.ma.MaskedArray) else np.asarray(array)


def held(value: Any) -> Any:
    """An action as what it holds, which is what was judged: subclasses of dict, list, tuple, array and number become
    the plain kind. Whatever says nothing else than it holds, or cannot be an action, is returned itself.
    """
    kind = type(value)
    if kind in PLAIN_NUMBERS or kind is np.ndarray:
        return value
    parts, items = parts_of(value), items_of(value)
    if parts is not None:
        plain = {key: held(part) for key, part in parts.items()}
        return value if kind is dict and all(plain[key] is parts[key] for key in parts) else plain
    if items is not None:
        inner = [held(item) for item in items]
        if items is value and all(one is other for one, other in zip(inner, items, strict=True)):
            return value
        return inner if issubclass(kind, list) else tuple(inner)
    plain_one = plain_array(value) if issubclass(kind, np.ndarray) else _plain_number(value)
    return value if plain_one is None else plain_one


def holds_hidden(value: Any) -> bool:
    """Whether a value is a masked array, or a list or tuple with one in it."""
    items = items_of(value)
    if items is not None:
        return any(map(holds_hidden, items))
    return issubclass(type(value), np.ma.MaskedArray)


def _plain_number(element: Any) -> Any:
    """An element of a list as one real number of Python or NumPy; None for anything else.

    NumPy would turn bools among integers into 0 and 1, and ask an object of a subclass what it wants to be.
    """
    kind = type(element)
    if kind in PLAIN_NUMBERS:
        return element
    if issubclass(kind, np.ndarray):
        array = plain_array(element)
        return array[()] if array is not None and array.shape == () and array.dtype.kind in "iuf" else None
    if issubclass(kind, (np.integer, np.floating)):
        return element if kind.__module__ == "numpy" else np.generic.item(element)
    if issubclass(kind, float):
        return float.__float__(element)
    return int.__index__(element) if issubclass(kind, int) and kind is not bool else None


def name_of(dtype: Any) -> Any:
    """The name of a dtype; what is none, as it is."""
    try:
        return np.dtype(dtype).name if isinstance(dtype, (str, type, np.dtype)) else dtype
    except TypeError:
        return dtype


def fits_int64(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype is of integers that int64 holds."""
    return dtype.kind in "iu" and np.can_cast(dtype, np.int64)


def fits_float(dtype: np.dtype[Any], into: np.dtype[Any]) -> bool:
    """Whether a dtype is of floats that `into` holds."""
    return dtype.kind == "f" and np.can_cast(dtype, into)


def row_of_actions(actions: Any, row: int) -> Any:
    """One row of a list, tuple or array of actions."""
    items = items_of(actions)
    if items is not None:
        return items[row]
    if actions.dtype == object or issubclass(type(actions), np.ma.MaskedArray):
        return actions[row, ...]  # the bare element would hide what kind of array it comes from
    return np.asarray(actions)[row]


# --- choices of earlier heads -----------------------------------------------------------------------------------------


def check_prefix(heads: npt.NDArray[np.int64], k: int, prefix: Any) -> npt.NDArray[np.int64]:
    """The choices before head k, one row of integers (1, k) that are in range.

    Raises:
        ValueError: a head out of range, or not k integers in range.
    """
    check_head(heads, k)
    choices = as_array(prefix) if items_of(prefix) is not None else plain_array(prefix)
    if choices is None or choices.shape != (k,) or (k and not fits_int64(choices.dtype)):
        raise ValueError(f"head {k} needs the {k} choices before it, got {shown(prefix)}")
    return _in_range(heads, choices[None].astype(np.int64))


def check_prefixes(heads: npt.NDArray[np.int64], k: int, prefixes: Any, rows: int) -> npt.NDArray[np.int64]:
    """The choices before head k in each row of a batch, (rows, k), in range.

    Raises:
        ValueError: a head out of range, or not k integers in range for each row.
    """
    check_head(heads, k)
    choices = plain_array(prefixes)
    if choices is None or choices.shape != (rows, k) or not fits_int64(choices.dtype):
        expected = f"an array of integers of shape {(rows, k)}"
        raise ValueError(f"head {k} of {rows} masks needs the choices before it, {expected}, got {describe(prefixes)}")
    return _in_range(heads, choices.astype(np.int64))


def check_head(heads: npt.NDArray[np.int64], k: Any) -> None:
    """Raise a ValueError for anything but the number of a head."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 0 <= k < len(heads):
        raise ValueError(f"head {shown(k)} is not in 0..{len(heads) - 1}")


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
