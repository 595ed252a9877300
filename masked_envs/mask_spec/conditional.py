"""The kind of mask whose later heads depend on earlier choices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..core import mask_rules
from .base import describe
from .discrete import MultiDiscreteMask, count_cells
from .row_mask import check_generator, only_bits

HeadMask = Callable[[int, Sequence[int]], npt.NDArray[Any]]
HeadMasks = HeadMask | Sequence[HeadMask]


@dataclass(frozen=True)
class ConditionalMask(MultiDiscreteMask):
    """`MaskSpec.conditional`.

    Head 0 may take what some head 1 completes (back-projection), head 1 given head 0 what the table's row allows.
    Heads 2 and later come from `head_mask(k, prefix)`; for a batch, from one such function for all rows or one per row.
    """

    kind: ClassVar[str] = "conditional"
    rules = (mask_rules.allows_joint, mask_rules.pick_into_joint)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.nvec) < 2:
            raise ValueError(f"a conditional mask has two heads or more, not nvec={self.nvec}; use flat")

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return self.nvec[:2]

    @property
    def needs_head_mask(self) -> bool:
        return len(self.nvec) > 2

    @property
    def num_draws(self) -> int:
        return max(1, len(self.nvec) - 1)

    def head_mask(
        self, mask: Any, k: int, prefix: Sequence[int], head_mask: HeadMask | None = None
    ) -> npt.NDArray[np.int8]:
        """What head k may take after the choices `prefix` of the heads before it.

        Args:
            mask: one canonical mask (nvec[0], nvec[1]).
            k: the head, from 0.
            prefix: k earlier choices, legal themselves.
            head_mask: for k >= 2, the function that knows.

        Returns:
            int8 (nvec[k],).

        Raises:
            ValueError: a head out of range, a prefix of the wrong length or that is not legal, or k >= 2 without
                `head_mask`.
        """
        table = self._one(mask)
        if not 0 <= k < len(self.nvec):
            raise ValueError(f"head {k} is not in 0..{len(self.nvec) - 1}")
        choices = tuple(int(choice) for choice in prefix)
        if len(choices) != k:
            raise ValueError(f"head {k} needs the {k} choices before it, got {list(choices)}")
        for j, choice in enumerate(choices):
            if not (0 <= choice < self.nvec[j] and self._choices(table, choices[:j], head_mask)[choice]):
                raise ValueError(f"the prefix {list(choices)} is not legal: head {j} may not take {choice}")
        return self._choices(table, choices, head_mask).astype(np.int8)

    def _choices(
        self, table: npt.NDArray[Any], prefix: tuple[int, ...], head_mask: HeadMask | None
    ) -> npt.NDArray[Any]:
        """What the next head may take after a legal prefix."""
        k = len(prefix)
        if k == 0:
            first: npt.NDArray[Any] = np.any(table, axis=1)
            return first
        if k == 1:
            row: npt.NDArray[Any] = table[prefix[0]]
            return row
        if head_mask is None:
            raise ValueError(f"head {k} is not in the table of this mask: pass head_mask=, such as env.head_mask")
        later = np.asarray(head_mask(k, prefix))
        if later.shape != (self.nvec[k],) or later.dtype.char not in "b?" or not only_bits(later):
            expected = f"int8 or bool zeros and ones of shape {(self.nvec[k],)}"
            raise ValueError(f"head_mask({k}, {list(prefix)}) must give {expected}, not {describe(later)}")
        return later

    def allows(self, mask: Any, action: Any, head_mask: HeadMasks | None = None) -> bool | npt.NDArray[np.bool_]:
        if not self.needs_head_mask:
            return super().allows(mask, action)
        tables, functions, batch = self._rows_with_functions(mask, head_mask)
        actions = self.encode_batch(action, len(tables)) if batch else [self.encode(action)]
        answers = [self._allows_one(*row) for row in zip(tables, actions, functions, strict=True)]
        return np.array(answers, np.bool_) if batch else answers[0]

    def sample(self, mask: Any, rng: np.random.Generator, head_mask: HeadMasks | None = None) -> npt.NDArray[np.int64]:
        if not self.needs_head_mask:
            actions: npt.NDArray[np.int64] = super().sample(mask, rng)
            return actions
        tables, functions, batch = self._rows_with_functions(mask, head_mask)
        check_generator(rng)
        actions = np.zeros((len(tables), len(self.nvec)), np.int64)
        for i, (table, function) in enumerate(zip(tables, functions, strict=True)):
            branches = list(self._branches(table, function))
            number = sum(len(last) for _, last in branches)
            if number == 0:
                where = f" in row {i}" if batch else ""
                raise ValueError(f"the conditional mask allows no action{where}: there is nothing to sample")
            leaf = int(rng.integers(number))
            for prefix, last in branches:
                if leaf < len(last):
                    actions[i] = *prefix, last[leaf]
                    break
                leaf -= len(last)
        return actions if batch else actions[0]

    def count(self, mask: Any, head_mask: HeadMasks | None = None) -> Any:
        if not self.needs_head_mask:
            return super().count(mask)
        tables, functions, batch = self._rows_with_functions(mask, head_mask)
        counts = [sum(len(last) for _, last in self._branches(*row)) for row in zip(tables, functions, strict=True)]
        return np.array(counts, np.int64) if batch else counts[0]

    def list_legal(
        self, mask: Any, limit: int | None = None, head_mask: HeadMask | None = None
    ) -> list[tuple[int, ...]]:
        branches = self._branches(self._one(mask), head_mask)
        return list(islice(((*prefix, int(choice)) for prefix, last in branches for choice in last), limit))

    def dense(self, mask: Any, head_mask: HeadMasks | None = None) -> npt.NDArray[np.int8]:
        """All heads in one table: int8 (..., *nvec), 1 for the legal actions; of two heads the mask itself.

        Args:
            mask: canonical, or a batch of such.
            head_mask: see `allows`.
        """
        if not self.needs_head_mask:
            self.check(mask)
            return np.array(mask, np.int8)
        tables, functions, batch = self._rows_with_functions(mask, head_mask)
        whole = np.zeros((len(tables), *self.nvec), np.int8)
        for row, table, function in zip(whole, tables, functions, strict=True):
            for prefix, last in self._branches(table, function):
                row[prefix][last] = 1
        return whole if batch else whole[0]

    def _allows_one(
        self, table: npt.NDArray[Any], action: npt.NDArray[np.int64] | None, head_mask: HeadMask | None
    ) -> bool:
        if action is None:
            return False
        choices = tuple(action.tolist())
        return all(
            0 <= choice < self.nvec[k] and bool(self._choices(table, choices[:k], head_mask)[choice])
            for k, choice in enumerate(choices)
        )

    def _branches(
        self, table: npt.NDArray[Any], head_mask: HeadMask | None, prefix: tuple[int, ...] = ()
    ) -> Iterator[tuple[tuple[int, ...], npt.NDArray[np.int64]]]:
        """Every legal choice of all heads but the last, with what the last may then take."""
        choices = np.flatnonzero(self._choices(table, prefix, head_mask))
        if len(prefix) == len(self.nvec) - 1:
            yield prefix, choices
            return
        for choice in choices.tolist():
            yield from self._branches(table, head_mask, (*prefix, choice))

    def _rows_with_functions(
        self, mask: Any, head_mask: HeadMasks | None
    ) -> tuple[npt.NDArray[Any], list[HeadMask], bool]:
        tables, batch = self.check(mask)
        if head_mask is None:
            raise ValueError(f"a mask of {len(self.nvec)} conditional heads needs head_mask=, such as env.head_mask")
        functions = [head_mask] * len(tables) if callable(head_mask) else list(head_mask)
        if len(functions) != len(tables):
            raise ValueError(f"expected one head_mask function, or {len(tables)}, got {len(functions)}")
        return tables, functions, batch

    def _count_rows(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        return count_cells(rows)
