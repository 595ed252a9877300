"""The kinds of mask over MultiBinary and Box actions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from typing import Any, ClassVar, NoReturn

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..core import mask_rules
from .actions import NOT_AN_INDEX, as_array, fits_float
from .base import check_sizes
from .discrete import product_of_counts
from .row_mask import RowMask


@dataclass(frozen=True)
class BinaryMask(RowMask):
    """`MaskSpec.binary`."""

    n: int

    kind: ClassVar[str] = "binary"
    rules = (mask_rules.allows_binary, mask_rules.pick_into_binary)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "n", check_sizes((self.n,), "n")[0])

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return (self.n, 2)

    @property
    def action_space(self) -> spaces.MultiBinary:
        return spaces.MultiBinary(self.n)

    @cached_property
    def heads(self) -> npt.NDArray[np.int64]:
        return np.full(self.n, 2, np.int64)

    @cached_property
    def action_buffer(self) -> np.dtype[Any]:
        return np.dtype((np.int8, (self.n,)))

    def _encode_array(self, actions: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
        return np.where((actions == 0) | (actions == 1), actions, NOT_AN_INDEX).astype(np.int8)

    def list_legal(self, mask: Any, limit: int | None = None) -> list[tuple[int, ...]]:
        choices = [np.flatnonzero(bit).tolist() for bit in self._one(mask)]
        return list(islice(product(*choices), limit))

    def _count_rows(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return product_of_counts(rows.sum(axis=-1, dtype=np.int64), (2,) * self.n)


@dataclass(frozen=True)
class IntervalMask(RowMask):
    """`MaskSpec.interval`; `low` and `high` are the bounds of the action space, `dtype` that of actions and masks."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    dtype: str = "float32"

    kind: ClassVar[str] = "interval"
    rules = (mask_rules.allows_interval, mask_rules.pick_into_interval)
    no_action = math.nan

    def __post_init__(self) -> None:
        super().__post_init__()
        if not np.issubdtype(np.dtype(self.dtype), np.floating):
            raise ValueError(f"an interval mask is of float dtype, not {self.dtype}")
        try:
            with np.errstate(over="ignore"):  # beyond the dtype: infinite, which is refused below
                bounds = np.array([self.low, self.high], np.float64).astype(self.dtype)
        except (TypeError, ValueError):
            raise ValueError(f"the bounds must be numbers, as many low as high, not {self.low}, {self.high}") from None
        if bounds.shape[1] == 0 or not np.isfinite(bounds).all() or not (bounds[0] <= bounds[1]).all():
            raise ValueError(f"the bounds must be finite and low <= high, not {self.low} and {self.high}")
        for name, bound in zip(("low", "high"), bounds.tolist(), strict=True):
            object.__setattr__(self, name, tuple(bound))

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

    @cached_property
    def mask_buffer(self) -> np.dtype[Any]:
        return np.dtype((self.dtype, self.shape))

    @cached_property
    def action_buffer(self) -> np.dtype[Any]:
        return np.dtype((self.dtype, (len(self.low),)))

    def full(self, rows: int | None = None) -> npt.NDArray[Any]:
        mask = np.array([self.low, self.high], self.dtype)
        return mask if rows is None else np.repeat(mask[None], rows, axis=0)

    def surface(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        bounds: npt.NDArray[Any] = rows.copy()
        return bounds

    def _form(self) -> str:
        return f"an interval mask [low, high] of shape {self.shape} (or a batch of them) and dtype {self.dtype}"

    def _has_mask_dtype(self, dtype: np.dtype[Any]) -> bool:
        return dtype == self.mask_buffer.base

    def _check_values(self, mask: npt.NDArray[Any]) -> None:
        low, high = self.full()
        if not ((mask >= low) & (mask <= high)).all():  # False for NaN
            outside = mask[~((mask >= low) & (mask <= high))][:5].tolist()
            raise ValueError(f"expected {self._form()} within {self.low} and {self.high}, got {outside}")

    def contains(self, mask: Any) -> bool:
        return super().contains(mask) and bool((mask[..., 0, :] <= mask[..., 1, :]).all())

    def encode(self, action: Any) -> npt.NDArray[Any] | None:
        if isinstance(action, (list, tuple)):  # no dtype: numbers are rounded to ours
            array = as_array(action)
            action = array.astype(self.dtype) if array is not None and array.dtype.kind in "fiu" else None
        encoded: npt.NDArray[Any] | None = super().encode(action)
        return encoded

    def _has_action_dtype(self, dtype: np.dtype[Any]) -> bool:
        return fits_float(dtype, self.action_buffer.base)

    def _encode_array(self, actions: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return actions.astype(self.dtype)

    def list_legal(self, mask: Any, limit: int | None = None) -> NoReturn:
        raise ValueError("an interval mask allows a continuum of actions; read its bounds instead")

    def _count_rows(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        low, high = rows[:, 0], rows[:, 1]
        counts: npt.NDArray[np.float64] = np.where((low == high).all(axis=-1), 1.0, math.inf)
        counts[(low > high).any(axis=-1)] = 0.0
        return counts
