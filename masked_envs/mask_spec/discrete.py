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
from .base import check_sizes
from .row_mask import RowMask, batch_of_integers, integers




@dataclass(frozen=True)
class FlatMask(RowMask):
    """`MaskSpec.flat`."""

    n: int
    start: int = 0

    kind: ClassVar[str] = "flat"
    rules = (mask_rules.allows_flat, mask_rules.pick_into_flat)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes((self.n,), "n")

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.n,)

    @property
    def action_space(self) -> spaces.Discrete:
        return spaces.Discrete(self.n, start=self.start)

    @cached_property
    def heads(self) -> npt.NDArray[np.int64]:
        return np.array([self.n], np.int64)

    @property
    def action_buffer(self) -> np.dtype[Any]:
        return np.dtype(np.int64)

    def encode(self, action: Any) -> int | None:
        if type(action) is not int:
            array = integers(action, ())
            if array is None:
                return None
            action = int(array)
        index = action - self.start
        return index if 0 <= index < self.n else -1

    def encode_batch(self, actions: Any, rows: int) -> npt.NDArray[np.int64]:
        array = batch_of_integers(actions, (rows,))
        return array - self.start if self.start else array

    def decode(self, rows: Any, batch: bool) -> Any:
        return rows + self.start if batch else int(rows) + self.start

    def list_legal(self, mask: Any, limit: int | None = None) -> list[int]:
        rows, _ = self.check(mask)
        return [int(i) + self.start for i in np.flatnonzero(rows[0])[:limit]]

    def _has_legal(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        return rows.any(axis=-1)

    def _count_row(self, row: npt.NDArray[Any]) -> int:
        return int(np.count_nonzero(row))

    def count(self, mask: Any) -> Any:
        rows, batch = self.check(mask)
        counts = np.count_nonzero(rows, axis=-1)
        return counts.tolist() if batch else int(counts[0])


@dataclass(frozen=True)
class CandidatesMask(FlatMask):
    """`MaskSpec.candidates`."""

    kind: ClassVar[str] = "candidates"


@dataclass(frozen=True)
class MultiDiscreteMask(RowMask):
    """What the kinds over MultiDiscrete share."""

    nvec: tuple[int, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(self.nvec, "nvec")
        object.__setattr__(self, "nvec", tuple(int(n) for n in self.nvec))

    @property
    def action_space(self) -> spaces.MultiDiscrete:
        return spaces.MultiDiscrete(self.nvec)

    @cached_property
    def heads(self) -> npt.NDArray[np.int64]:
        return np.array(self.nvec, np.int64)

    @property
    def action_buffer(self) -> np.dtype[Any]:
        return np.dtype((np.int64, (len(self.nvec),)))

    def encode(self, action: Any) -> npt.NDArray[np.int64] | None:
        return integers(action, (len(self.nvec),))

    def encode_batch(self, actions: Any, rows: int) -> npt.NDArray[np.int64]:
        return batch_of_integers(actions, (rows, len(self.nvec)))

    def decode(self, rows: npt.NDArray[np.int64], batch: bool) -> npt.NDArray[np.int64]:
        return rows.astype(np.int64)


@dataclass(frozen=True)
class PerHeadMask(MultiDiscreteMask):
    """`MaskSpec.per_head`."""

    kind: ClassVar[str] = "per_head"
    rules = (mask_rules.allows_per_head, mask_rules.pick_into_per_head)

    @property
    def shape(self) -> tuple[int, ...]:
        return (sum(self.nvec),)

    def split(self, mask: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """Views of the masks of the single heads, each (..., nvec[k])."""
        return np.split(mask, np.cumsum(self.nvec)[:-1], axis=-1)

    def list_legal(self, mask: Any, limit: int | None = None) -> list[tuple[int, ...]]:
        rows, _ = self.check(mask)
        choices = [np.flatnonzero(head).tolist() for head in self.split(rows[0])]
        return list(islice(product(*choices), limit))

    def _has_legal(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        return np.stack([head.any(axis=-1) for head in self.split(rows)]).all(axis=0)

    def _count_row(self, row: npt.NDArray[Any]) -> int:
        return math.prod(int(np.count_nonzero(head)) for head in self.split(row))


@dataclass(frozen=True)
class JointMask(MultiDiscreteMask):
    """`MaskSpec.joint`."""

    kind: ClassVar[str] = "joint"
    rules = (mask_rules.allows_joint, mask_rules.pick_into_joint)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.nvec

    @property
    def num_draws(self) -> int:
        return 1

    def list_legal(self, mask: Any, limit: int | None = None) -> list[tuple[int, ...]]:
        rows, _ = self.check(mask)
        return [tuple(map(int, cell)) for cell in np.argwhere(rows[0])[:limit]]

    def _has_legal(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        return rows.reshape(len(rows), -1).any(axis=-1)

    def _count_row(self, row: npt.NDArray[Any]) -> int:
        return int(np.count_nonzero(row))
