"""What the kinds whose mask is one dense array share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..core.backends import AUTO, choose
from .checks import (
    NOT_AN_INDEX,
    Array,
    HeadMask,
    HeadMasks,
    as_array,
    check_generator,
    check_prefix,
    check_prefixes,
    describe,
    fits_int64,
    items_of,
    only_bits,
    plain_array,
    row_of_actions,
)
from .loops import COMPILE_FROM, Rules, bound_choices, bound_loops
from .operations import Bools
from .spec import MaskSpec

INT8 = np.dtype(np.int8)  # astype is twice as fast with a dtype as with a type


@dataclass(frozen=True)
class DenseMask(MaskSpec):
    """A mask that is one array of fixed shape; a kind adds its shape, its rules and its action space."""

    rules: ClassVar[Rules]
    """`allows_*` and `pick_into_*` of `core.mask_rules`."""

    choices_rule: ClassVar[Callable[..., Any]]
    """`choices_*` of `core.number_rules`, of kinds whose heads are chosen one after another."""

    malformed: ClassVar[float] = NOT_AN_INDEX
    """What an engine row holds for an action that is not of the expected form; no mask allows it."""

    # --- form -----------------------------------------------------------------------------------------------

    @property
    def space(self) -> spaces.Space[Any]:
        return spaces.Box(0, 1, self.shape, np.int8)

    @cached_property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one mask."""

    @property
    def flat_size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def num_draws(self) -> int:
        return len(self.heads)

    @cached_property
    def mask_buffer(self) -> np.dtype[Any]:
        return np.dtype((np.bool_, self.shape))

    # --- masks ----------------------------------------------------------------------------------------------

    def full(self, rows: int | None = None) -> Array:
        return np.ones(self.shape if rows is None else (rows, *self.shape), np.int8)

    def empty(self, rows: int | None = None) -> Array:
        return np.zeros(self.shape if rows is None else (rows, *self.shape), INT8)

    def canonical(self, rows: Array) -> Array:
        return rows.astype(INT8)

    def write_mask(self, mask: Array, out: Array) -> None:
        out[0] = mask

    def flatten(self, mask: Any) -> Array:
        rows, batch = self.check(mask)
        flat = np.array(rows.reshape(len(rows), self.flat_size))
        return flat if batch else flat[0]

    def check(self, mask: Any) -> tuple[Array, bool]:
        given, mask = mask, plain_array(mask)
        if mask is None or not self._has_mask_dtype(mask.dtype):
            raise ValueError(f"expected {self._form()}, got {describe(given)}")
        batch = mask.ndim == len(self.shape) + 1
        if (mask.shape[1:] if batch else mask.shape) != self.shape:
            raise ValueError(f"expected {self._form()}, got {describe(mask)}")
        self._check_values(mask)
        # Read-only and int8 whatever came in, so that numba compiles the loops once.
        rows = mask.view(np.int8) if mask.dtype == np.bool_ else mask.view()
        rows = np.ascontiguousarray(rows if batch else rows[None])
        rows.setflags(write=False)
        return rows, batch

    def _one(self, mask: Any) -> Array:
        """The checked mask, where a batch has no meaning."""
        rows, batch = self.check(mask)
        if batch:
            raise ValueError(f"expected one {self.kind} mask of shape {self.shape}, got a batch of {len(rows)}")
        one: Array = rows[0]
        return one

    def _form(self) -> str:
        return f"a {self.kind} mask of shape {self.shape} (or a batch of them) and dtype int8 or bool"

    def _has_mask_dtype(self, dtype: np.dtype[Any]) -> bool:
        return dtype.char in "b?"

    def _check_values(self, mask: Array) -> None:
        if not only_bits(mask):
            given = np.unique(mask)[:5].tolist()
            raise ValueError(f"expected {self._form()} with values 0 and 1 only, got values {given}")

    def contains(self, mask: Any) -> bool:
        try:
            self.check(mask)
        except ValueError:
            return False
        return bool(np.asarray(mask).dtype != np.bool_)

    # --- actions --------------------------------------------------------------------------------------------

    @cached_property
    def no_action(self) -> Any:
        return np.full(self.action_buffer.shape, self.malformed, self.action_buffer.base)[()]

    def encode(self, action: Any) -> Any | None:
        array = as_array(action)
        if array is None or array.shape != self.action_buffer.shape or not self._has_action_dtype(array.dtype):
            return None
        return self._encode_array(array)

    def encode_batch(self, actions: Any, rows: int) -> Array:
        shape = (rows, *self.action_buffer.shape)
        items = items_of(actions)
        if items is not None:
            if len(items) != rows:
                raise ValueError(f"expected a batch of {rows} actions, got {len(items)}")
            encoded = [self.encode(action) for action in items]
            out = np.empty(shape, self.action_buffer.base)
            for i, action in enumerate(encoded):
                out[i] = self.malformed if action is None else action
            return out
        is_array = issubclass(type(actions), np.ndarray)
        if not is_array or np.asarray(actions).shape != shape:
            raise ValueError(f"expected a batch of actions of shape {shape}, got {describe(actions)}")
        array = plain_array(actions)
        if array is None or not self._has_action_dtype(array.dtype):
            return np.full(shape, self.malformed, self.action_buffer.base)
        return self._encode_array(array)

    def encode_into(self, actions: Any, out: Array) -> None:
        if self._takes_int64 and type(actions) is np.ndarray and actions.dtype == np.int64:
            if actions.shape == out.shape:  # as nearly every batch
                out[...] = actions
                return
        super().encode_into(actions, out)

    @property
    def _takes_int64(self) -> bool:
        """Whether arrays of int64 are actions as the engine holds them."""
        return False

    def _has_action_dtype(self, dtype: np.dtype[Any]) -> bool:
        return fits_int64(dtype)

    @abstractmethod
    def _encode_array(self, actions: Array) -> Array:
        """Actions (..., action) of the right shape and dtype as a new array in the engine's form."""

    def decode(self, rows: Any, batch: bool) -> Any:
        return rows.copy()

    def action_of_row(self, actions: Any, row: int) -> Any:
        return row_of_actions(actions, row)

    # --- what is legal --------------------------------------------------------------------------------------

    def allows(self, mask: Any, action: Any, head_mask: HeadMasks | None = None) -> Bools:
        rows, batch = self.check(mask)
        loops = self._loops(len(rows))
        if not batch:
            encoded = self.encode(action)
            return encoded is not None and bool(loops.allows(rows[0], encoded, self.heads))
        out = np.zeros(len(rows), np.bool_)
        loops.allows_rows(rows, self.encode_batch(action, len(rows)), self.heads, out)
        return out

    def sample(self, mask: Any, rng: np.random.Generator, head_mask: HeadMasks | None = None) -> Any:
        rows, batch = self.check(mask)
        check_generator(rng)
        buffer = self.action_buffer
        actions = np.zeros((len(rows), *buffer.shape), buffer.base)
        draws = rng.random((len(rows), self.num_draws))
        if self._loops(len(rows)).pick_rows(rows, draws, self.heads, actions) >= 0:
            raise self._nothing_to_sample(self._empty_rows(rows), batch)
        return self.decode(actions if batch else actions[0], batch)

    def count(self, mask: Any, head_mask: HeadMasks | None = None) -> Any:
        return _per_row(self._count_rows, *self.check(mask))

    def is_empty(self, mask: Any, head_mask: HeadMasks | None = None) -> Bools:
        empty: Bools = _per_row(self._empty_rows, *self.check(mask))
        return empty

    def is_forced(self, mask: Any, head_mask: HeadMasks | None = None) -> Bools:
        forced: Bools = _per_row(lambda rows: self._count_rows(rows) == 1, *self.check(mask))
        return forced

    def legal_fraction(self, mask: Any, head_mask: HeadMasks | None = None) -> Any:
        return _per_row(self._fraction_rows, *self.check(mask))

    def describe_legal(self, mask: Any, limit: int = 10, head_mask: HeadMask | None = None) -> str:
        listed = self.list_legal(mask, limit + 1, head_mask)
        return ", ".join(map(str, listed[:limit])) + (", ..." if len(listed) > limit else "")

    def empty_choices(self, mask: Any, head_mask: HeadMask | None = None, limit: int = 100) -> list[str]:
        return [] if self._one(mask).any() else ["the action"]

    def dense(self, mask: Any, head_mask: HeadMasks | None = None) -> npt.NDArray[np.int8]:
        rows, batch = self.check(mask)
        whole: npt.NDArray[np.int8] = np.array(self._dense_rows(rows), np.int8)
        return whole if batch else whole[0]

    def head_mask(
        self, mask: Any, k: int, prefix: Sequence[int] | Array, head_mask: HeadMasks | None = None
    ) -> npt.NDArray[np.int8]:
        rows, batch = self.check(mask)
        prefixes = check_prefixes(self.heads, k, prefix, len(rows)) if batch else check_prefix(self.heads, k, prefix)
        functions = self._functions(head_mask, len(rows)) if batch else [head_mask]
        for j in range(k):
            legal = self._choices_rows(rows, prefixes[:, :j], functions)
            wrong = legal[np.arange(len(rows)), prefixes[:, j]] == 0
            if wrong.any():
                choices = prefixes[int(np.argmax(wrong))].tolist()
                raise ValueError(f"the prefix {choices} is not legal: head {j} may not take {choices[j]}")
        choices = np.array(self._choices_rows(rows, prefixes, functions), np.int8)
        return choices if batch else choices[0]

    def _choices(self, mask: Array, prefix: tuple[int, ...], head_mask: HeadMask | None) -> Array:
        """What the next head may take after a legal prefix, bool or int8."""
        raise ValueError(f"{self.kind} masks have no heads that are chosen one after another")

    def _choices_rows(self, rows: Array, prefixes: Array, head_masks: Sequence[Any]) -> Array:
        """`_choices` for mask rows and their prefixes, int64 (rows, k)."""
        k = prefixes.shape[1]
        choices = self.choices_after(rows, np.ascontiguousarray(prefixes), np.full(len(rows), k), COMPILE_FROM, k)
        return np.asarray(choices)

    def choices_after(
        self, rows: Array, made: Array, count: Array, compile_from: int, head: int | None = None
    ) -> Array:
        """Bool (rows, width): what may follow the first count[i] choices of each checked mask row, legal themselves.

        Args:
            made: int64 (rows, choices), contiguous. count: int64 (rows,).
            compile_from: rows from which the loop is compiled.
            head: the width is that of this head; without it, of the widest.
        """
        width = int(self.heads.max() if head is None else self.heads[head])
        out = np.zeros((len(rows), width), np.bool_)
        loops = bound_choices(self.choices_rule, choose(AUTO, len(rows), compile_from))
        loops.choices_rows(rows, made, count, self.heads, out)
        return out

    def _functions(self, head_mask: HeadMasks | None, rows: int) -> Sequence[Any]:
        """The function (k, prefix) of each row of a batch; only conditional masks have any."""
        return [None] * rows

    def _nothing_to_sample(self, is_empty: Array, batch: bool) -> ValueError:
        """The error of `sample`; `is_empty` (rows,)."""
        empty = np.flatnonzero(is_empty)
        where = f" in row{'s' if len(empty) > 1 else ''} {', '.join(map(str, empty[:5]))}" if batch else ""
        more = ", ..." if batch and len(empty) > 5 else ""
        return ValueError(f"the {self.kind} mask allows no action{where}{more}: there is nothing to sample")

    def _loops(self, rows: int) -> Any:
        return bound_loops(self.rules, choose(AUTO, rows, COMPILE_FROM))

    @abstractmethod
    def _count_rows(self, rows: Array) -> Array:
        """The number of legal actions of each mask row."""

    @abstractmethod
    def _empty_rows(self, rows: Array) -> Array:
        """Whether each mask row allows nothing, bool (rows,)."""

    @abstractmethod
    def _fraction_rows(self, rows: Array) -> Array:
        """The share of the actions that each mask row allows, float64 (rows,)."""

    @abstractmethod
    def _dense_rows(self, rows: Array) -> Array:
        """One entry per action, (rows, *heads)."""


def _per_row(function: Callable[[Array], Array], rows: Array, batch: bool) -> Any:
    """What a function of mask rows gives; of a single mask, as a Python value."""
    values = function(rows)
    return values if batch else values[0].item() if isinstance(values[0], np.generic) else values[0]
