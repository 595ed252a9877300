"""The kind of mask over Box actions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NoReturn

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..core import mask_rules
from ..core.backends import named
from .checks import Array, HeadMask, HeadMasks, as_array, fits_float, is_one_of, items_of, shown
from .dense import DenseMask
from .loops import bound_loops

DTYPES = ("float16", "float32", "float64")


@dataclass(frozen=True)
class IntervalMask(DenseMask):
    """`MaskSpec.interval`; `low` and `high` are the bounds of the action space, `dtype` that of actions and masks."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    dtype: str = "float32"

    kind: ClassVar[str] = "interval"
    rules = (mask_rules.allows_interval, mask_rules.pick_into_interval)
    malformed = math.nan

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_one_of(self.dtype, DTYPES):
            raise ValueError(f"an interval mask has a float dtype ({', '.join(DTYPES)}), not {shown(self.dtype)}")
        try:
            with np.errstate(over="ignore"):  # beyond the dtype: infinite, which is refused below
                bounds = np.array([self.low, self.high], np.float64).astype(self.dtype)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(
                f"the bounds must be numbers, as many low as high, not {shown((self.low, self.high))}"
            ) from None
        if bounds.shape[1] == 0 or not np.isfinite(bounds).all() or not (bounds[0] <= bounds[1]).all():
            raise ValueError(f"the bounds must be finite and low <= high, not {shown(self.low)} and {shown(self.high)}")
        for name, bound in zip(("low", "high"), bounds.tolist(), strict=True):
            object.__setattr__(self, name, tuple(bound))

    # --- form -----------------------------------------------------------------------------------------------

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return (2, len(self.low))

    @property
    def action_space(self) -> spaces.Box:
        low, high = self.full()
        return spaces.Box(low, high, dtype=low.dtype.type)

    @property
    def space(self) -> spaces.Box:
        low, high = np.stack([self.full()[0]] * 2), np.stack([self.full()[1]] * 2)
        return spaces.Box(low, high, dtype=low.dtype.type)

    @cached_property
    def heads(self) -> npt.NDArray[np.int64]:
        return np.ones(len(self.low), np.int64)

    @property
    def is_continuous(self) -> bool:
        return True

    @cached_property
    def mask_buffer(self) -> np.dtype[Any]:
        return np.dtype((self.dtype, self.shape))

    @cached_property
    def action_buffer(self) -> np.dtype[Any]:
        return np.dtype((self.dtype, (len(self.low),)))

    # --- masks ----------------------------------------------------------------------------------------------

    def full(self, rows: int | None = None) -> Array:
        mask = np.array([self.low, self.high], self.dtype)
        return mask if rows is None else np.repeat(mask[None], rows, axis=0)

    def empty(self, rows: int | None = None) -> Array:
        if self.low == self.high:
            raise ValueError(f"an interval mask within the single point {shown(self.low)} cannot allow nothing")
        return np.array(self.full(rows)[..., ::-1, :])

    def canonical(self, rows: Array) -> Array:
        bounds: Array = rows.copy()
        return bounds

    def _form(self) -> str:
        return f"an interval mask [low, high] of shape {self.shape} (or a batch of them) and dtype {self.dtype}"

    def _has_mask_dtype(self, dtype: np.dtype[Any]) -> bool:
        return dtype == self.mask_buffer.base

    def _check_values(self, mask: Array) -> None:
        low, high = self.full()
        if not ((mask >= low) & (mask <= high)).all():  # False for NaN
            outside = mask[~((mask >= low) & (mask <= high))][:5].tolist()
            raise ValueError(f"expected {self._form()} within {shown(self.low)} and {shown(self.high)}, got {outside}")

    def contains(self, mask: Any) -> bool:
        return super().contains(mask) and not self._empty_rows(self.check(mask)[0]).any()

    # --- actions --------------------------------------------------------------------------------------------

    def encode(self, action: Any) -> Array | None:
        if items_of(action) is not None:  # no dtype of their own: the numbers are rounded to ours
            array = as_array(action)
            if array is None or array.dtype.kind not in "fiu":
                return None
            with np.errstate(over="ignore"):  # beyond the dtype: infinite, which no mask allows
                action = array.astype(self.dtype)
        encoded: Array | None = super().encode(action)
        return encoded

    def _has_action_dtype(self, dtype: np.dtype[Any]) -> bool:
        return fits_float(dtype, self.action_buffer.base)

    def _encode_array(self, actions: Array) -> Array:
        return actions.astype(self.dtype)

    # --- what is legal --------------------------------------------------------------------------------------

    def _loops(self, rows: int) -> Any:
        # numba has no float16.
        return bound_loops(self.rules, named("python")) if self.dtype == "float16" else super()._loops(rows)

    def list_legal(self, mask: Any, limit: int | None = None, head_mask: HeadMask | None = None) -> NoReturn:
        raise ValueError("an interval mask allows a continuum of actions; read its bounds instead")

    def describe_legal(self, mask: Any, limit: int = 10, head_mask: HeadMask | None = None) -> str:
        low, high = self._one(mask)
        return f"between {low.tolist()} and {high.tolist()}"

    def empty_choices(self, mask: Any, head_mask: HeadMask | None = None, limit: int = 100) -> list[str]:
        low, high = self._one(mask)
        return [f"dimension {k}" for k in np.flatnonzero(low > high)]

    def _count_rows(self, rows: Array) -> Array:
        low, high = rows[:, 0], rows[:, 1]
        counts: Array = np.where((low == high).all(axis=-1), 1.0, math.inf)
        counts[self._empty_rows(rows)] = 0.0
        return counts

    def _empty_rows(self, rows: Array) -> Array:
        return np.asarray((rows[:, 0] > rows[:, 1]).any(axis=-1))

    def _fraction_rows(self, rows: Array) -> Array:
        # Halves, since the difference of two large numbers overflows.
        (low, high), wide = np.array([self.low, self.high]) / 2, rows.astype(np.float64) / 2
        widths = high - low
        shares = np.where(widths > 0, (wide[:, 1] - wide[:, 0]) / np.where(widths > 0, widths, 1.0), 1.0)
        return np.where(self._empty_rows(rows), 0.0, shares.prod(axis=-1))

    def _dense_rows(self, rows: Array) -> NoReturn:
        raise ValueError("an interval mask allows a continuum of actions; it has no entry for each of them")

    def head_mask(self, mask: Any, k: int, prefix: Any, head_mask: HeadMasks | None = None) -> NoReturn:
        raise ValueError("an interval mask has bounds and no heads: read its low and high")
