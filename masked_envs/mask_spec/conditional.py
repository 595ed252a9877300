"""The kind of mask whose later heads depend on earlier choices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..core import mask_rules
from .discrete import MultiDiscreteMask

HeadMask = Callable[[int, Sequence[int]], npt.NDArray[Any]]


@dataclass(frozen=True)
class ConditionalMask(MultiDiscreteMask):
    """`MaskSpec.conditional`.

    Head 0 may take what some head 1 completes (back-projection), head 1 given head 0 what the table's row allows.
    Heads 2 and later come from `head_mask(k, prefix)`; a prefix that the earlier heads allow must leave head k at
    least one choice.
    """

    kind: ClassVar[str] = "conditional"
    rules = (mask_rules.allows_joint, mask_rules.pick_into_joint)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.nvec) < 2:
            raise ValueError(f"a conditional mask has two heads or more, not nvec={self.nvec}; use flat")

    @property
    def shape(self) -> tuple[int, ...]:
        return self.nvec[:2]

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
        rows, batch = self.check(mask)
        if batch:
            raise ValueError("head_mask looks at one mask; index the batch first")
        if not 0 <= k < len(self.nvec):
            raise ValueError(f"head {k} is not in 0..{len(self.nvec) - 1}")
        if len(prefix) != k:
            raise ValueError(f"head {k} needs the {k} choices before it, got {list(prefix)}")
        table = rows[0]
        if k == 0:
            return table.any(axis=1).astype(np.int8)
        if not all(0 <= choice < n for choice, n in zip(prefix, self.nvec, strict=False)):
            raise ValueError(f"the prefix {list(prefix)} is outside nvec={self.nvec}")
        if k == 1:
            return table[prefix[0]].astype(np.int8)
        if head_mask is None:
            raise ValueError(f"head {k} is not in the table of this mask: pass head_mask=, such as env.head_mask")
        later = np.asarray(head_mask(k, tuple(prefix)))
        if later.shape != (self.nvec[k],):
            raise ValueError(f"head_mask({k}, ...) gave shape {later.shape}, expected {(self.nvec[k],)}")
        return later.astype(np.int8)

    def allows(self, mask: Any, action: Any, head_mask: HeadMask | None = None) -> Any:
        if len(self.nvec) == 2:
            return super().allows(mask, action)
        rows = self._one_mask(mask)
        choices = self.encode(action)
        if choices is None or not mask_rules.allows_joint(rows, choices, self.heads):
            return False
        for k in range(2, len(self.nvec)):
            later = self.head_mask(rows, k, choices[:k].tolist(), head_mask)
            if not mask_rules.allows_flat(later, choices[k], self.heads):
                return False
        return True

    def sample(self, mask: Any, rng: np.random.Generator, head_mask: HeadMask | None = None) -> Any:
        if len(self.nvec) == 2:
            return super().sample(mask, rng)
        number = self.count(mask, head_mask)
        if number == 0:
            raise ValueError("the conditional mask allows no action: there is nothing to sample")
        chosen = int(rng.integers(number))
        legal = self._walk(self._one_mask(mask), (), head_mask)
        return np.array(next(islice(legal, chosen, None)), np.int64)

    def count(self, mask: Any, head_mask: HeadMask | None = None) -> Any:
        if len(self.nvec) == 2:
            return super().count(mask)
        return sum(1 for _ in self._walk(self._one_mask(mask), (), head_mask))

    def list_legal(
        self, mask: Any, limit: int | None = None, head_mask: HeadMask | None = None
    ) -> list[tuple[int, ...]]:
        return list(islice(self._walk(self._one_mask(mask), (), head_mask), limit))

    def _walk(
        self, mask: npt.NDArray[Any], prefix: tuple[int, ...], head_mask: HeadMask | None
    ) -> Iterator[tuple[int, ...]]:
        if len(prefix) == len(self.nvec):
            yield prefix
            return
        for choice in np.flatnonzero(self.head_mask(mask, len(prefix), prefix, head_mask)):
            yield from self._walk(mask, (*prefix, int(choice)), head_mask)

    def _one_mask(self, mask: Any) -> npt.NDArray[Any]:
        rows, batch = self.check(mask)
        if batch:
            raise ValueError("a conditional mask with more than two heads is worked on one at a time, not in a batch")
        one: npt.NDArray[Any] = rows[0]
        return one

    def _has_legal(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        return rows.reshape(len(rows), -1).any(axis=-1)

    def _count_row(self, row: npt.NDArray[Any]) -> int:
        return int(np.count_nonzero(row))
