"""Read actions as arrays, strictly: what is not an action of the form is told apart, never converted into one.

bool is a flag, not an action; a float is not an integer even where it has the value of one; a dtype that does not fit
losslessly (uint64 into int64, float64 into float32) is refused, as `gymnasium.Space.contains` does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

NOT_AN_INDEX = -1


def as_array(action: Any) -> npt.NDArray[Any] | None:
    """An array, a number, or a list or tuple of numbers, as an array; None when it is something else."""
    if isinstance(action, np.ndarray):
        return action
    if isinstance(action, (list, tuple)):
        if not {bool, np.bool_}.isdisjoint(map(type, action)):  # among integers NumPy would make them 0 and 1
            return None
    elif not isinstance(action, (int, np.integer)) or isinstance(action, bool):
        return None
    try:
        return np.asarray(action)
    except (ValueError, TypeError, RuntimeError):  # ragged, or something inside that is no number
        return None


def fits_int64(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype is of integers that int64 holds."""
    return dtype.kind in "iu" and np.can_cast(dtype, np.int64)


def fits_float(dtype: np.dtype[Any], into: np.dtype[Any]) -> bool:
    """Whether a dtype is of floats that `into` holds."""
    return dtype.kind == "f" and np.can_cast(dtype, into)
