"""Building blocks for the rules of an environment: `rule`, state records and array verbs.

A rule is a function that gives the same bytes as plain Python and compiled by numba. A verb is a small array operation
with two implementations: a loop for compilers, and one NumPy call for plain Python, where a loop over a board would be
a hundred times slower. numba turns loops over `.flat` into vector instructions. Only verbs have two implementations;
tests/unit/test_core_rules.py checks that they agree.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from ..mask_spec.checks import shown

Function = TypeVar("Function", bound=Callable[..., Any])

RESERVED_FIELDS = ("rng", "elapsed_steps", "to_move")


def rule(function: Function) -> Function:
    """Mark a function as a rule, which backends may compile; what it may contain is listed in `core.law`."""
    function.is_rule = True  # type: ignore[attr-defined]
    return function


def verb(python: Callable[..., Any]) -> Callable[[Function], Function]:
    """Mark a rule that plain Python replaces by `python`, an equivalent NumPy call."""

    def mark(function: Function) -> Function:
        function.is_rule = True  # type: ignore[attr-defined]
        function.python_body = python  # type: ignore[attr-defined]
        return function

    return mark


def state_record(**fields: Any) -> np.dtype[Any]:
    """The packed dtype of one environment's state.

    Args:
        fields: name to dtype, or to (dtype, shape). Scalars must be int64 or float64: in arithmetic NumPy keeps narrow
            integers narrow, and numba widens them.

    Every record also has `rng` (the random stream of the row), `elapsed_steps` (steps since reset) and `to_move` (the
    index of the agent to act in a turn-based game, else 0).

    Raises:
        ValueError: a field that every record has. TypeError: a scalar of another type, or an array of bool.
    """
    items: list[Any] = [("rng", np.int64, (4,)), ("elapsed_steps", np.int64), ("to_move", np.int64)]
    for name, kind in fields.items():
        if name in RESERVED_FIELDS:
            raise ValueError(f"the field {shown(name)} is in every state record already")
        dtype, shape = kind if isinstance(kind, tuple) else (kind, ())
        if shape == () and np.dtype(dtype) not in (np.dtype(np.int64), np.dtype(np.float64)):
            raise TypeError(f"scalar field {shown(name)} must be int64 or float64, not {np.dtype(dtype)}")
        if np.dtype(dtype) == np.bool_:
            raise TypeError(f"field {shown(name)}: numba has no bool arrays in records; use int8")
        items.append((name, dtype, shape))
    return np.dtype(items)


# The distance between two float32 neighbours is between 2**-24 and 2**-23 of the number, and 2**-149 around zero.
SHIFT, SMALLEST_SHIFT = 2.0**-24, 0.75 * 2.0**-149


@rule
def round_down(number: float) -> float:
    """The largest float32 that is not above a number, as a float64; for the upper bound of an interval mask."""
    nearest = float(np.float32(number))
    if nearest <= number:
        return nearest
    return float(np.float32(number - float32_shift(number)))


@rule
def round_up(number: float) -> float:
    """The smallest float32 that is not below a number, as a float64; for the lower bound of an interval mask."""
    nearest = float(np.float32(number))
    if nearest >= number:
        return nearest
    return float(np.float32(number + float32_shift(number)))


@rule
def float32_shift(number: float) -> float:
    """Half to a whole distance between float32 neighbours: who is that much further is rounded to the other one."""
    return max(abs(number) * SHIFT, SMALLEST_SHIFT)


def _equal_to(array: Any, value: Any, out: Any) -> None:
    out[...] = array == value


@verb(python=_equal_to)
def equal_to(array: Any, value: Any, out: Any) -> None:
    """Write `array == value` into `out`, element by element; shapes equal, C order."""
    for i in range(array.size):  # the size of an array in a record is known to the compiler
        out.flat[i] = array.flat[i] == value


def _copy_to(array: Any, out: Any) -> None:
    out[...] = array


@verb(python=_copy_to)
def copy_to(array: Any, out: Any) -> None:
    """Write `array` into `out`, element by element, converting to the dtype of `out`."""
    for i in range(array.size):
        out.flat[i] = array.flat[i]


def _fill(out: Any, value: Any) -> None:
    out[...] = value


@verb(python=_fill)
def fill(out: Any, value: Any) -> None:
    """Write `value` into every element of `out`."""
    for i in range(out.size):
        out.flat[i] = value


def _count_nonzero(array: Any) -> int:
    return int(np.count_nonzero(array))


@verb(python=_count_nonzero)
def count_nonzero(array: Any) -> int:
    """The number of elements of `array` that are not zero."""
    total = 0
    for i in range(array.size):
        if array.flat[i] != 0:
            total += 1
    return total


def _nth_nonzero(array: Any, n: int) -> int:
    where = np.flatnonzero(array)
    return int(where[n]) if 0 <= n < len(where) else -1


@verb(python=_nth_nonzero)
def nth_nonzero(array: Any, n: int) -> int:
    """The flat index of the n-th (from 0) element that is not zero, or -1 when there are fewer."""
    seen = 0
    for i in range(array.size):
        if array.flat[i] != 0:
            if seen == n:
                return i
            seen += 1
    return -1
