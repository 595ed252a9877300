"""The kinds of mask over Discrete actions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..core import mask_rules, number_rules
from .checks import NOT_AN_INDEX, Array, HeadMask, as_array, check_sizes, count_cells, shown
from .dense import DenseMask

LARGEST_START = 2**62  # so that action - start never leaves int64 unnoticed


@dataclass(frozen=True)
class FlatMask(DenseMask):
    """`MaskSpec.flat`."""

    n: int
    start: int = 0

    kind: ClassVar[str] = "flat"
    rules = (mask_rules.allows_flat, mask_rules.pick_into_flat)
    choices_rule = number_rules.choices_per_head

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "n", check_sizes((self.n,), "n")[0])
        if isinstance(self.start, bool) or not isinstance(self.start, (int, np.integer)):
            raise ValueError(f"start must be an integer, not {shown(self.start)}")
        if not abs(int(self.start)) <= LARGEST_START:
            raise ValueError(f"start must be within ±{LARGEST_START}, not {shown(self.start)}")
        object.__setattr__(self, "start", int(self.start))

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return (self.n,)

    @property
    def action_space(self) -> spaces.Discrete[Any]:
        return spaces.Discrete(self.n, start=self.start)

    @cached_property
    def heads(self) -> npt.NDArray[np.int64]:
        return np.array([self.n], np.int64)

    @property
    def action_buffer(self) -> np.dtype[Any]:
        return np.dtype(np.int64)

    def encode(self, action: Any) -> int | None:
        if type(action) is np.int64:  # what Space.sample gives
            action = int(action)
        elif type(action) is not int:
            array = as_array(action)
            if array is None or array.shape != () or not self._has_action_dtype(array.dtype):
                return None
            action = int(array)
        index = action - self.start
        return index if 0 <= index < self.n else NOT_AN_INDEX

    @property
    def _takes_int64(self) -> bool:
        return self.start == 0

    def _encode_array(self, actions: Array) -> npt.NDArray[np.int64]:
        indices = actions.astype(np.int64)
        return indices - self.start if self.start else indices

    def decode(self, rows: Any, batch: bool) -> Any:
        return rows + self.start if batch else int(rows) + self.start

    def list_legal(self, mask: Any, limit: int | None = None, head_mask: HeadMask | None = None) -> list[int]:
        return [int(i) + self.start for i in np.flatnonzero(self._one(mask))[:limit]]

    def _choices(self, mask: Array, prefix: tuple[int, ...], head_mask: HeadMask | None) -> Array:
        return mask

    def _count_rows(self, rows: Array) -> Array:
        return count_cells(rows)

    def _empty_rows(self, rows: Array) -> Array:
        return np.equal(count_cells(rows), 0)

    def _fraction_rows(self, rows: Array) -> Array:
        return count_cells(rows) / self.n

    def _dense_rows(self, rows: Array) -> Array:
        return rows


@dataclass(frozen=True)
class CandidatesMask(FlatMask):
    """`MaskSpec.candidates`."""

    kind: ClassVar[str] = "candidates"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start != 0:
            raise ValueError(f"candidates are numbered from 0, not from {self.start}")
