"""What the kinds whose mask is one dense array share."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..core import mask_loops
from ..core.compile import bind, numba_is_available
from .base import MaskSpec, describe

COMPILE_FROM = 64  # rows; below, plain Python is faster than loading numba


@functools.lru_cache(maxsize=None)
def bound_loops(name: str, allows: Callable[..., Any], pick: Callable[..., Any], backend: str) -> Any:
    """`mask_loops` for one kind of mask."""
    entries = (mask_loops.allows_rows, mask_loops.pick_rows)
    return bind(f"mask_{name}", entries, {mask_loops.allows: allows, mask_loops.pick: pick}, backend)


@dataclass(frozen=True)
class RowMask(MaskSpec):
    """A mask that is one array of fixed shape; a kind adds its shape, its rules and its action space."""

    rules: ClassVar[tuple[Callable[..., Any], Callable[..., Any]]]
    """`allows_*` and `pick_into_*` of `core.mask_rules`."""

    @property
    def space(self) -> spaces.Space[Any]:
        return spaces.Box(0, 1, self.shape, np.int8)

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one mask."""

    @property
    def num_draws(self) -> int:
        return len(self.heads)

    @property
    def mask_buffer(self) -> np.dtype[Any]:
        return np.dtype((np.bool_, self.shape))

    def full(self) -> npt.NDArray[Any]:
        return np.ones(self.shape, np.int8)

    def surface(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return rows.astype(np.int8)

    def check(self, mask: Any) -> tuple[npt.NDArray[Any], bool]:
        expected = f"expected a {self.kind} mask of shape {self.shape} (or a batch of them) and dtype int8 or bool"
        if not isinstance(mask, np.ndarray) or mask.dtype not in (np.dtype(np.int8), np.dtype(np.bool_)):
            raise ValueError(f"{expected}, got {describe(mask)}")
        batch = mask.ndim == len(self.shape) + 1
        if mask.shape[int(batch) :] != self.shape:
            raise ValueError(f"{expected}, got {describe(mask)}")
        if mask.dtype != np.bool_ and mask.size and not ((mask == 0) | (mask == 1)).all():
            raise ValueError(f"{expected} with values 0 and 1 only, got values {np.unique(mask)[:5].tolist()}")
        return np.ascontiguousarray(mask if batch else mask[None]), batch

    def contains(self, mask: Any) -> bool:
        return isinstance(mask, np.ndarray) and mask.dtype == self.space.dtype and super().contains(mask)

    def allows(self, mask: Any, action: Any) -> bool | npt.NDArray[np.bool_]:
        rows, batch = self.check(mask)
        actions = self.encode_batch(action, len(rows)) if batch else self.encode(action)
        if actions is None:
            return False
        out = np.zeros(len(rows), np.bool_)
        self._loops(len(rows)).allows_rows(rows, actions if batch else _as_row(actions), self.heads, out)
        return out if batch else bool(out[0])

    def sample(self, mask: Any, rng: np.random.Generator) -> Any:
        rows, batch = self.check(mask)
        self._refuse_empty(rows, batch)
        draws = rng.random((len(rows), self.num_draws))
        buffer = self.action_buffer
        actions = np.zeros((len(rows), *buffer.shape), buffer.base)
        self._loops(len(rows)).pick_rows(rows, draws, self.heads, actions)
        return self.decode(actions if batch else actions[0], batch)

    def count(self, mask: Any) -> Any:
        rows, batch = self.check(mask)
        counts = [self._count_row(row) for row in rows]
        return counts if batch else counts[0]

    def _loops(self, rows: int) -> Any:
        compiled = rows >= COMPILE_FROM and numba_is_available()
        return bound_loops(self.kind, *self.rules, "numba" if compiled else "python")

    def _refuse_empty(self, rows: npt.NDArray[Any], batch: bool) -> None:
        empty = np.flatnonzero(~self._has_legal(rows))
        if len(empty):
            where = f" in row{'s' if len(empty) > 1 else ''} {', '.join(map(str, empty[:5]))}" if batch else ""
            raise ValueError(f"the {self.kind} mask allows no action{where}: there is nothing to sample")

    @abstractmethod
    def _has_legal(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """For each mask row, whether some action is legal."""

    @abstractmethod
    def _count_row(self, row: npt.NDArray[Any]) -> Any:
        """The number of legal actions of one mask row."""


def _as_row(action: Any) -> npt.NDArray[Any]:
    return np.asarray(action)[None]


def is_integer(action: Any) -> bool:
    """Whether a value is an integer or an integer array; bool is a mask or a flag, not an action."""
    if isinstance(action, (int, np.integer)):
        return not isinstance(action, bool)
    return isinstance(action, np.ndarray) and action.dtype.kind in "iu"


def integers(action: Any, shape: tuple[int, ...]) -> npt.NDArray[np.int64] | None:
    """The action as int64 of this shape, or None when it is not integers of this shape."""
    if not is_integer(action):
        if not isinstance(action, (list, tuple)):
            return None
        try:
            action = np.asarray(action)
        except ValueError:  # ragged
            return None
        if action.dtype.kind not in "iu":
            return None
    array = np.asarray(action)
    if array.dtype == object or array.shape != shape:
        return None
    return array.astype(np.int64)


def batch_of_integers(actions: Any, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """A batch of actions as int64 of this shape, -1 throughout when they are not integers.

    Raises:
        ValueError: the shape is another.
    """
    try:
        array = np.asarray(actions)
    except ValueError as error:
        raise ValueError(f"expected a batch of actions of shape {shape}, got ragged rows") from error
    if array.shape != shape:
        raise ValueError(f"expected a batch of actions of shape {shape}, got {describe(array)}")
    if array.dtype.kind not in "iu":
        return np.full(shape, -1, np.int64)
    return array.astype(np.int64)
