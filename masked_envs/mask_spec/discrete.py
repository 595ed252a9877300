"""The kinds of mask over Discrete and MultiDiscrete actions."""

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
from .actions import NOT_AN_INDEX, as_array
from .base import check_sizes
from .row_mask import RowMask

LARGEST_START = 2**62  # so that action - start never leaves int64 unnoticed


@dataclass(frozen=True)
class FlatMask(RowMask):
    """`MaskSpec.flat`."""

    n: int
    start: int = 0

    kind: ClassVar[str] = "flat"
    rules = (mask_rules.allows_flat, mask_rules.pick_into_flat)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "n", check_sizes((self.n,), "n")[0])
        if isinstance(self.start, bool) or not isinstance(self.start, (int, np.integer)):
            raise ValueError(f"start must be an integer, not {self.start!r}")
        if not abs(int(self.start)) <= LARGEST_START:
            raise ValueError(f"start must be within ±{LARGEST_START}, not {self.start}")
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

    def _encode_array(self, actions: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        indices = actions.astype(np.int64)
        return indices - self.start if self.start else indices

    def decode(self, rows: Any, batch: bool) -> Any:
        return rows + self.start if batch else int(rows) + self.start

    def list_legal(self, mask: Any, limit: int | None = None) -> list[int]:
        return [int(i) + self.start for i in np.flatnonzero(self._one(mask))[:limit]]

    def _count_rows(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        return count_cells(rows)


@dataclass(frozen=True)
class CandidatesMask(FlatMask):
    """`MaskSpec.candidates`."""

    kind: ClassVar[str] = "candidates"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start != 0:
            raise ValueError(f"candidates are numbered from 0, not from {self.start}")


@dataclass(frozen=True)
class MultiDiscreteMask(RowMask):
    """What the kinds over MultiDiscrete share."""

    nvec: tuple[int, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "nvec", check_sizes(self.nvec, "nvec"))

    @property
    def action_space(self) -> spaces.MultiDiscrete:
        return spaces.MultiDiscrete(self.heads)

    @cached_property
    def heads(self) -> npt.NDArray[np.int64]:
        return np.array(self.nvec, np.int64)

    @cached_property
    def action_buffer(self) -> np.dtype[Any]:
        return np.dtype((np.int64, (len(self.nvec),)))

    def _encode_array(self, actions: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        return actions.astype(np.int64)


@dataclass(frozen=True)
class PerHeadMask(MultiDiscreteMask):
    """`MaskSpec.per_head`."""

    kind: ClassVar[str] = "per_head"
    rules = (mask_rules.allows_per_head, mask_rules.pick_into_per_head)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return (sum(self.nvec),)

    def split(self, mask: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """Views of the masks of the single heads, each (..., nvec[k])."""
        return np.split(mask, np.cumsum(self.nvec)[:-1], axis=-1)

    def list_legal(self, mask: Any, limit: int | None = None) -> list[tuple[int, ...]]:
        choices = [np.flatnonzero(head).tolist() for head in self.split(self._one(mask))]
        return list(islice(product(*choices), limit))

    def _count_rows(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        counts = np.stack([count_cells(head) for head in self.split(rows)], axis=-1)
        return product_of_counts(counts, self.nvec)


@dataclass(frozen=True)
class JointMask(MultiDiscreteMask):
    """`MaskSpec.joint`."""

    kind: ClassVar[str] = "joint"
    rules = (mask_rules.allows_joint, mask_rules.pick_into_joint)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return self.nvec

    @property
    def num_draws(self) -> int:
        return 1

    def list_legal(self, mask: Any, limit: int | None = None) -> list[tuple[int, ...]]:
        return [tuple(map(int, cell)) for cell in np.argwhere(self._one(mask))[:limit]]

    def _count_rows(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        return count_cells(rows)


def count_cells(rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """The number of ones of each mask row, int64 (rows,)."""
    counts: npt.NDArray[np.int64] = rows.sum(axis=tuple(range(1, rows.ndim)), dtype=np.int64)
    return counts


def product_of_counts(counts: npt.NDArray[np.int64], sizes: tuple[int, ...]) -> npt.NDArray[Any]:
    """The product over the last axis; Python ints where all the `sizes` together pass int64."""
    exact = counts if math.prod(sizes) <= np.iinfo(np.int64).max else counts.astype(object)
    product: npt.NDArray[Any] = np.multiply.reduce(exact, axis=-1)
    return product
