"""The kinds of mask over MultiBinary and Box actions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..core import mask_rules
from .base import check_sizes, describe
from .row_mask import RowMask, batch_of_integers, integers


@dataclass(frozen=True)
class BinaryMask(RowMask):
    """`MaskSpec.binary`."""

    n: int

    kind: ClassVar[str] = "binary"
    rules = (mask_rules.allows_binary, mask_rules.pick_into_binary)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes((self.n,), "n")

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.n, 2)

    @property
    def action_space(self) -> spaces.MultiBinary:
        return spaces.MultiBinary(self.n)

    @cached_property
    def heads(self) -> npt.NDArray[np.int64]:
        return np.full(self.n, 2, np.int64)

    @property
    def action_buffer(self) -> np.dtype[Any]:
        return np.dtype((np.int8, (self.n,)))

    def encode(self, action: Any) -> npt.NDArray[np.int8] | None:
        array = integers(action, (self.n,))
        return None if array is None else _bits(array)

    def encode_batch(self, actions: Any, rows: int) -> npt.NDArray[np.int8]:
        return _bits(batch_of_integers(actions, (rows, self.n)))

    def decode(self, rows: npt.NDArray[np.int8], batch: bool) -> npt.NDArray[np.int8]:
        return rows.astype(np.int8)

    def list_legal(self, mask: Any, limit: int | None = None) -> list[tuple[int, ...]]:
        rows, _ = self.check(mask)
        choices = [np.flatnonzero(bit).tolist() for bit in rows[0]]
        return list(islice(product(*choices), limit))

    def _has_legal(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        has: npt.NDArray[np.bool_] = rows.any(axis=-1).all(axis=-1)
        return has

    def _count_row(self, row: npt.NDArray[Any]) -> int:
        return math.prod(int(np.count_nonzero(bit)) for bit in row)


@dataclass(frozen=True)
class IntervalMask(RowMask):
    """`MaskSpec.interval`; `low` and `high` are the bounds of the action space, `dtype` that of actions and masks."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    dtype: str = "float32"

    kind: ClassVar[str] = "interval"
    rules = (mask_rules.allows_interval, mask_rules.pick_into_interval)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not np.issubdtype(np.dtype(self.dtype), np.floating):
            raise ValueError(f"an interval mask is of float dtype, not {self.dtype}")
        bounds = np.array([self.low, self.high])
        if not np.isfinite(bounds).all() or not (bounds[0] <= bounds[1]).all():
            raise ValueError(f"the bounds must be finite and low <= high, not {self.low} and {self.high}")

    @property
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
    def mask_buffer(self) -> np.dtype[Any]:
        return np.dtype((self.dtype, self.shape))

    @property
    def action_buffer(self) -> np.dtype[Any]:
        return np.dtype((self.dtype, (len(self.low),)))

    def full(self) -> npt.NDArray[Any]:
        return np.array([self.low, self.high], self.dtype)

    def surface(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return rows.copy()

    def check(self, mask: Any) -> tuple[npt.NDArray[Any], bool]:
        expected = f"expected an interval mask [low, high] of shape {self.shape} (or a batch) and dtype {self.dtype}"
        if not isinstance(mask, np.ndarray) or mask.dtype != np.dtype(self.dtype):
            raise ValueError(f"{expected}, got {describe(mask)}")
        batch = mask.ndim == 3
        if mask.shape[int(batch) :] != self.shape:
            raise ValueError(f"{expected}, got {describe(mask)}")
        low, high = self.full()
        inside = (mask[..., 0, :] >= low) & (mask[..., 1, :] <= high)  # False for NaN
        if not inside.all():
            raise ValueError(f"{expected} within the bounds {self.low} to {self.high}, got {mask.tolist()}")
        return np.ascontiguousarray(mask if batch else mask[None]), batch

    def contains(self, mask: Any) -> bool:
        return super().contains(mask) and bool((mask[0] <= mask[1]).all())

    def encode(self, action: Any) -> npt.NDArray[Any] | None:
        try:
            array = np.asarray(action)
        except ValueError:  # ragged
            return None
        if array.shape != (len(self.low),) or array.dtype.kind != "f":
            return None
        return array.astype(self.dtype)

    def encode_batch(self, actions: Any, rows: int) -> npt.NDArray[Any]:
        shape = (rows, len(self.low))
        array = np.asarray(actions)
        if array.shape != shape:
            raise ValueError(f"expected a batch of actions of shape {shape}, got {describe(array)}")
        return array.astype(self.dtype) if array.dtype.kind == "f" else np.full(shape, np.nan, self.dtype)

    def decode(self, rows: npt.NDArray[Any], batch: bool) -> npt.NDArray[Any]:
        return rows.copy()

    def list_legal(self, mask: Any, limit: int | None = None) -> list[Any]:
        raise ValueError("an interval mask allows a continuum of actions; read its bounds instead")

    def _has_legal(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        has: npt.NDArray[np.bool_] = (rows[:, 0] <= rows[:, 1]).all(axis=-1)
        return has

    def _count_row(self, row: npt.NDArray[Any]) -> float | int:
        if not (row[0] <= row[1]).all():
            return 0
        return 1 if (row[0] == row[1]).all() else math.inf


def _bits(array: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
    """Integers as int8 bits; whatever is neither 0 nor 1 becomes -1, which no mask allows."""
    return np.where((array == 0) | (array == 1), array, -1).astype(np.int8)
