"""What `read` puts together: arrays of bits, numbers of actions and bounds, and the words for what is none of these."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..mask_spec.checks import holds_hidden, items_of, shown


class UnknownFormError(ValueError):
    """A value that is not a mask of the action space in a known form, or is ambiguous."""


def array_of(value: Any) -> npt.NDArray[Any] | None:
    """A value as an array of numbers or bools; None where it is something else. Tensors must be in main memory."""
    items = items_of(value)
    if not (items is not None or hasattr(value, "__array__")) or holds_hidden(value):
        return None
    try:
        array = np.asarray(value if items is None else items)
    except (ValueError, TypeError, RuntimeError):  # ragged lists, tensors elsewhere or with a gradient
        return None
    return array if array.dtype.kind in "biuf" else None


def bits(value: Any, shape: tuple[int, ...], most: int = 1) -> npt.NDArray[np.int8] | None:
    """A value as whole numbers from 0 to `most`, int8; None where its shape is another or it holds anything else."""
    array = array_of(value)
    if array is None or array.shape != shape or not np.isin(array, range(most + 1)).all():
        return None
    return array.astype(np.int8)


def integers(value: Any) -> list[int] | None:
    """The integers of a list, tuple or one-dimensional array; None for anything else. bool is no integer here."""
    items = items_of(value)
    if items is not None:
        is_integer = all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in items)
        return [int(v) for v in items] if is_integer else None
    array = array_of(value)
    return array.tolist() if array is not None and array.ndim == 1 and array.dtype.kind in "iu" else None


def legal_numbers(spec: Any, numbers: Iterable[Any]) -> npt.NDArray[np.int8] | None:
    """The mask that allows the actions of these numbers; None where one is no action or comes twice."""
    listed = integers(list(numbers))
    if listed is None:
        return None
    places = [number - spec.start for number in listed]
    if len(set(places)) != len(places) or not all(0 <= place < spec.n for place in places):
        return None
    mask = np.zeros(spec.n, np.int8)
    mask[places] = 1
    return mask


def bounds(spec: Any, value: Any, rows: tuple[int, ...] = ()) -> npt.NDArray[Any] | None:
    """Lower and upper bounds (*rows, 2, d) in the dtype of an interval mask, rounded inwards; None where they are none.

    Bounds that meet are rounded to the nearest number, so that they still meet.
    """
    given = array_of(value)
    if given is None or given.shape != (*rows, *spec.shape):
        return None
    mask = given
    if given.dtype != spec.dtype:
        exact = given.astype(np.float64)
        mask = exact.astype(spec.dtype)
        inwards = np.array([[np.inf], [-np.inf]], spec.dtype)
        widened = np.stack([mask[..., 0, :] < exact[..., 0, :], mask[..., 1, :] > exact[..., 1, :]], axis=-2)
        meet = exact[..., :1, :] == exact[..., 1:, :]
        mask = np.where(widened & ~meet, np.nextafter(mask, inwards), mask)
    low, high = spec.full()
    return mask if ((mask >= low) & (mask <= high)).all() else None  # False for NaN


# --- words ------------------------------------------------------------------------------------------------------------


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of an array, or of a list or tuple as far as it has one; () for anything else."""
    if hasattr(value, "shape"):
        return tuple(value.shape)
    array = array_of(value)
    if array is not None:
        return array.shape
    items = items_of(value)
    return () if items is None else (len(items),)


def short(value: Any, most: int = 120) -> str:
    """A value in a message: its repr, with its shape where it has several axes; an array by its shape alone."""
    shape, dtype, kind = shape_of(value), getattr(value, "dtype", None), type(value).__name__
    if dtype is not None:
        return f"{kind} of shape {shape} and dtype {dtype}"
    text = shown(value, most).replace("\n", " ")
    return f"{text if len(text) <= most else kind} of shape {shape}" if len(shape) > 1 else text


def expect(spec: Any, value: Any) -> str:
    """What was expected and what was given."""
    given = short(value)
    array, shape = array_of(value), shape_of(value)
    hint = ""
    if array is not None and spec.kind != "dict" and shape == spec.shape:
        if spec.kind == "interval":
            hint = " within {} and {}".format(*spec.full().tolist())
        else:
            odd = array[~np.isin(array, (0, 1))]
            given += f" with the value {odd.ravel()[0].item()}" if odd.size else ""
    if spec.kind in ("flat", "candidates") and hasattr(value, "dtype") and integers(value) is not None:
        given += "; numbers of actions are a list or a set, such as array.tolist()"
    return f"expected {expected_form(spec)}{hint}, got {given}"


def expected_form(spec: Any) -> str:
    """The known forms of a mask of this kind, in words."""
    return FORMS[spec.kind](spec)


def _flat(spec: Any) -> str:
    last = spec.start + spec.n - 1
    return f"zeros and ones of shape ({spec.n},), or the numbers of the legal actions ({spec.start} to {last})"


def _per_head(spec: Any) -> str:
    sizes = ", ".join(map(str, spec.nvec))
    return f"zeros and ones of shape ({sum(spec.nvec)},), or a tuple of vectors of the lengths {sizes}"


def _table(spec: Any) -> str:
    return f"a table of zeros and ones of shape {spec.shape}"


def _binary(spec: Any) -> str:
    return f"zeros and ones of shape ({spec.n}, 2), bit i may be 0 and bit i may be 1"


def _interval(spec: Any) -> str:
    return f"two arrays of shape ({len(spec.low)},), low and high"


def _parts(spec: Any) -> str:
    if spec.is_tuple:
        return f"a tuple of {len(spec.parts)} masks"
    return f"a dict of masks with the keys {', '.join(map(repr, spec.keys))}"


FORMS = {
    "flat": _flat,
    "candidates": _flat,
    "per_head": _per_head,
    "joint": _table,
    "conditional": _table,
    "binary": _binary,
    "interval": _interval,
    "dict": _parts,
}
