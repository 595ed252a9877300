"""The kinds of mask over MultiDiscrete actions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice, product
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..core import mask_rules, number_rules
from .action_tree import ActionTree
from .checks import (
    Array,
    HeadMask,
    HeadMasks,
    check_generator,
    check_sizes,
    count_cells,
    count_dtype,
    describe,
    only_bits,
    outer,
    product_of_counts,
)
from .dense import DenseMask
from .operations import Bools


@dataclass(frozen=True)
class MultiDiscreteMask(DenseMask):
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

    @property
    def _takes_int64(self) -> bool:
        return True

    def _encode_array(self, actions: Array) -> npt.NDArray[np.int64]:
        return actions.astype(np.int64)


@dataclass(frozen=True)
class PerHeadMask(MultiDiscreteMask):
    """`MaskSpec.per_head`."""

    kind: ClassVar[str] = "per_head"
    rules = (mask_rules.allows_per_head, mask_rules.pick_into_per_head)
    choices_rule = number_rules.choices_per_head

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return (sum(self.nvec),)

    def split(self, mask: Array) -> list[Array]:
        """Views of the masks of the single heads, each (..., nvec[k])."""
        return np.split(mask, np.cumsum(self.nvec)[:-1], axis=-1)

    def list_legal(
        self, mask: Any, limit: int | None = None, head_mask: HeadMask | None = None
    ) -> list[tuple[int, ...]]:
        choices = [np.flatnonzero(head).tolist() for head in self.split(self._one(mask))]
        return list(islice(product(*choices), limit))

    def empty_choices(self, mask: Any, head_mask: HeadMask | None = None, limit: int = 100) -> list[str]:
        return [f"head {k}" for k, head in enumerate(self.split(self._one(mask))) if not head.any()]

    def _choices(self, mask: Array, prefix: tuple[int, ...], head_mask: HeadMask | None) -> Array:
        head: Array = number_rules.head_of(mask, self.heads, len(prefix))
        return head

    def _count_rows(self, rows: Array) -> Array:
        counts = np.stack([count_cells(head) for head in self.split(rows)], axis=-1)
        return product_of_counts(counts, self.nvec)

    def _empty_rows(self, rows: Array) -> Array:
        empty: Array = np.logical_or.reduce([~head.any(axis=-1) for head in self.split(rows)])
        return empty

    def _fraction_rows(self, rows: Array) -> Array:
        fractions: Array = np.prod([head.mean(axis=-1) for head in self.split(rows)], axis=0)
        return fractions

    def _dense_rows(self, rows: Array) -> Array:
        return outer(self.split(rows))


@dataclass(frozen=True)
class TableMask(MultiDiscreteMask):
    """What "joint" and "conditional" share: a table with an axis for each of the first heads."""

    rules = (mask_rules.allows_joint, mask_rules.pick_into_joint)
    choices_rule = number_rules.choices_table

    def list_legal(
        self, mask: Any, limit: int | None = None, head_mask: HeadMask | None = None
    ) -> list[tuple[int, ...]]:
        return [tuple(map(int, cell)) for cell in np.argwhere(self._one(mask))[:limit]]

    def _choices(self, mask: Array, prefix: tuple[int, ...], head_mask: HeadMask | None) -> Array:
        choices: Array = number_rules.completed(mask, prefix, self.nvec[len(prefix)])
        return choices

    def _count_rows(self, rows: Array) -> Array:
        return count_cells(rows)

    def _empty_rows(self, rows: Array) -> Array:
        return np.equal(count_cells(rows), 0)

    def _fraction_rows(self, rows: Array) -> Array:
        return count_cells(rows) / self.flat_size

    def _dense_rows(self, rows: Array) -> Array:
        return rows


@dataclass(frozen=True)
class JointMask(TableMask):
    """`MaskSpec.joint`."""

    kind: ClassVar[str] = "joint"

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return self.nvec

    @property
    def num_draws(self) -> int:
        return 1


@dataclass(frozen=True)
class ConditionalMask(TableMask):
    """`MaskSpec.conditional`.

    Head 0 may take what some choice of head 1 completes; head 1, given head 0, what that row of the table allows. Heads
    2 and later are the dependent heads, which only `head_mask` knows; see `MaskOperations`. With two heads it is a
    joint mask.
    """

    kind: ClassVar[str] = "conditional"

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
        return len(self.nvec) - 1

    def allows(self, mask: Any, action: Any, head_mask: HeadMasks | None = None) -> Bools:
        if not self.needs_head_mask:
            return super().allows(mask, action)
        trees, batch = self._trees(mask, head_mask)
        if batch:
            rows = self.encode_batch(action, len(trees)).tolist()
            return np.array([tree.contains(row) for tree, row in zip(trees, rows, strict=True)], np.bool_)
        encoded = self.encode(action)
        return encoded is not None and trees[0].contains(encoded.tolist())

    def sample(self, mask: Any, rng: np.random.Generator, head_mask: HeadMasks | None = None) -> Any:
        if not self.needs_head_mask:
            return super().sample(mask, rng)
        trees, batch = self._trees(mask, head_mask)
        check_generator(rng)
        actions = [tree.sample(rng) for tree in trees]
        if None in actions:
            raise self._nothing_to_sample(np.array([action is None for action in actions]), batch)
        rows = np.array(actions, np.int64).reshape(len(trees), len(self.nvec))
        return rows if batch else rows[0]

    def count(self, mask: Any, head_mask: HeadMasks | None = None) -> Any:
        if not self.needs_head_mask:
            return super().count(mask)
        trees, batch = self._trees(mask, head_mask)
        counts = [tree.count() for tree in trees]
        return np.array(counts, count_dtype(self.nvec)) if batch else counts[0]

    def is_empty(self, mask: Any, head_mask: HeadMasks | None = None) -> Bools:
        if not self.needs_head_mask:
            return super().is_empty(mask)
        trees, batch = self._trees(mask, head_mask)
        empty = [not tree.first(1) for tree in trees]
        return np.array(empty, np.bool_) if batch else empty[0]

    def is_forced(self, mask: Any, head_mask: HeadMasks | None = None) -> Bools:
        if not self.needs_head_mask:
            return super().is_forced(mask)
        trees, batch = self._trees(mask, head_mask)
        forced = [len(tree.first(2)) == 1 for tree in trees]
        return np.array(forced, np.bool_) if batch else forced[0]

    def legal_fraction(self, mask: Any, head_mask: HeadMasks | None = None) -> Any:
        if not self.needs_head_mask:
            return super().legal_fraction(mask)
        trees, batch = self._trees(mask, head_mask)
        fractions = [tree.count() / math.prod(self.nvec) for tree in trees]
        return np.array(fractions, np.float64) if batch else fractions[0]

    def list_legal(
        self, mask: Any, limit: int | None = None, head_mask: HeadMask | None = None
    ) -> list[tuple[int, ...]]:
        return self._tree(self._one(mask), head_mask).first(limit)

    def empty_choices(self, mask: Any, head_mask: HeadMask | None = None, limit: int = 100) -> list[str]:
        ends = self._tree(self._one(mask), head_mask).dead_ends(limit)
        return [f"head {len(prefix)} after {prefix}" if prefix else "the action" for prefix in ends]

    def dense(self, mask: Any, head_mask: HeadMasks | None = None) -> npt.NDArray[np.int8]:
        if not self.needs_head_mask:
            return super().dense(mask)
        trees, batch = self._trees(mask, head_mask)
        whole = np.zeros((len(trees), *self.nvec), np.int8)
        for row, tree in zip(whole, trees, strict=True):
            for leaf in tree.leaves():
                row[leaf] = 1
        return whole if batch else whole[0]

    # --- dependent heads ------------------------------------------------------------------------------------

    def _trees(self, mask: Any, head_mask: HeadMasks | None) -> tuple[list[ActionTree], bool]:
        """The tree of each row, and whether the mask is a batch."""
        tables, batch = self.check(mask)
        functions = self._functions(head_mask, len(tables)) if batch else [head_mask]
        return [self._tree(*row) for row in zip(tables, functions, strict=True)], batch

    def _choices_rows(self, rows: Array, prefixes: Array, head_masks: Sequence[Any]) -> Array:
        if prefixes.shape[1] < 2:
            return super()._choices_rows(rows, prefixes, head_masks)
        columns = zip(rows, map(tuple, prefixes.tolist()), head_masks, strict=True)  # each row has a function
        return np.stack([self._choices(*column) for column in columns])

    def _functions(self, head_mask: HeadMasks | None, rows: int) -> Sequence[Any]:
        if not self.needs_head_mask:
            return super()._functions(head_mask, rows)
        if head_mask is None:
            raise ValueError(
                f"a batch of masks of {len(self.nvec)} conditional heads needs head_mask=, a function (row, k, prefix) "
                "such as envs.unwrapped.head_mask, or a sequence of one function (k, prefix) per row"
            )
        if callable(head_mask):
            return [partial(head_mask, row) for row in range(rows)]
        functions = list(head_mask)
        if len(functions) != rows:
            raise ValueError(f"expected one head_mask function for each of {rows} rows, got {len(functions)}")
        return functions

    def _tree(self, table: Array, head_mask: Any) -> ActionTree:
        if head_mask is None and self.needs_head_mask:
            raise self._needs_head_mask()
        return ActionTree(self.nvec, lambda prefix: self._choices(table, prefix, head_mask))

    def _needs_head_mask(self) -> ValueError:
        return ValueError(
            f"a mask of {len(self.nvec)} conditional heads needs head_mask=, a function (k, prefix) such as "
            "env.unwrapped.head_mask"
        )

    def _choices(self, mask: Array, prefix: tuple[int, ...], head_mask: HeadMask | None) -> Array:
        k = len(prefix)
        if k < 2:
            return super()._choices(mask, prefix, None)
        if head_mask is None:
            raise self._needs_head_mask()
        choices = np.asarray(head_mask(k, prefix))
        if choices.shape != (self.nvec[k],) or choices.dtype.char not in "b?" or not only_bits(choices):
            expected = f"int8 or bool zeros and ones of shape {(self.nvec[k],)}"
            raise ValueError(f"head_mask({k}, {list(prefix)}) must give {expected}, not {describe(choices)}")
        return choices
