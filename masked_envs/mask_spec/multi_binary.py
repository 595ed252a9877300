"""The kind of mask over MultiBinary actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..core import mask_rules
from .checks import NOT_AN_INDEX, Array, HeadMask, check_sizes, outer, product_of_counts
from .dense import DenseMask


@dataclass(frozen=True)
class BinaryMask(DenseMask):
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

    def _encode_array(self, actions: Array) -> npt.NDArray[np.int8]:
        return np.where((actions == 0) | (actions == 1), actions, NOT_AN_INDEX).astype(np.int8)

    def list_legal(
        self, mask: Any, limit: int | None = None, head_mask: HeadMask | None = None
    ) -> list[tuple[int, ...]]:
        choices = [np.flatnonzero(bit).tolist() for bit in self._one(mask)]
        return list(islice(product(*choices), limit))

    def empty_choices(self, mask: Any, head_mask: HeadMask | None = None, limit: int = 100) -> list[str]:
        return [f"bit {k}" for k in np.flatnonzero(~self._one(mask).any(axis=1))]

    def _choices(self, mask: Array, prefix: tuple[int, ...], head_mask: HeadMask | None) -> Array:
        bit: Array = mask[len(prefix)]
        return bit

    def _choices_rows(self, rows: Array, prefixes: Array, head_masks: Sequence[Any]) -> Array:
        bits: Array = rows[:, prefixes.shape[1]]
        return bits

    def _count_rows(self, rows: Array) -> Array:
        return product_of_counts(rows.sum(axis=-1, dtype=np.int64), (2,) * self.n)

    def _empty_rows(self, rows: Array) -> Array:
        return np.logical_not(rows.any(axis=-1).all(axis=-1))

    def _fraction_rows(self, rows: Array) -> Array:
        fractions: Array = rows.mean(axis=-1, dtype=np.float64).prod(axis=-1)
        return fractions

    def _dense_rows(self, rows: Array) -> Array:
        return outer(list(rows.transpose(1, 0, 2)))
