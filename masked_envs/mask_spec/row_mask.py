"""What the kinds whose mask is one dense array share."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..core import mask_loops
from ..core.backends import AUTO, Backend, choose
from .actions import NOT_AN_INDEX, as_array, fits_int64
from .base import MaskSpec, describe

COMPILE_FROM = 64  # rows; below, plain Python is faster than loading numba
SMALL = 128  # bytes; below, one look at the bytes object is faster than a NumPy reduction

Rules = tuple[Callable[..., Any], Callable[..., Any]]


@functools.cache
def bound_loops(rules: Rules, backend: Backend) -> Any:
    """`mask_loops` for one kind of mask, by its `allows_*` and `pick_into_*`."""
    allows, pick = rules
    entries = (mask_loops.allows_rows, mask_loops.pick_rows)
    given: dict[Callable[..., Any], Callable[..., Any]] = {mask_loops.allows: allows, mask_loops.pick: pick}
    return backend.bind(f"mask_{allows.__name__}", entries, given)


@dataclass(frozen=True)
class RowMask(MaskSpec):
    """A mask that is one array of fixed shape; a kind adds its shape, its rules and its action space."""

    rules: ClassVar[Rules]
    """`allows_*` and `pick_into_*` of `core.mask_rules`."""

    no_action: ClassVar[float] = NOT_AN_INDEX
    """What stands in an engine row for an action that is not of the form; no mask allows it."""

    @property
    def space(self) -> spaces.Space[Any]:
        return spaces.Box(0, 1, self.shape, np.int8)

    @cached_property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one mask."""

    @property
    def num_draws(self) -> int:
        return len(self.heads)

    @cached_property
    def mask_buffer(self) -> np.dtype[Any]:
        return np.dtype((np.bool_, self.shape))

    def full(self, rows: int | None = None) -> npt.NDArray[Any]:
        return np.ones(self.shape if rows is None else (rows, *self.shape), np.int8)

    def surface(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return rows.astype(np.int8)

    def check(self, mask: Any) -> tuple[npt.NDArray[Any], bool]:
        if not isinstance(mask, np.ndarray) or not self._has_mask_dtype(mask.dtype):
            raise ValueError(f"expected {self._form()}, got {describe(mask)}")
        batch = mask.ndim == len(self.shape) + 1
        if (mask.shape[1:] if batch else mask.shape) != self.shape:
            raise ValueError(f"expected {self._form()}, got {describe(mask)}")
        self._check_values(mask)
        # Read-only and int8 whatever came in, so that numba compiles the loops once.
        rows = mask.view(np.int8) if mask.dtype == np.bool_ else mask.view()
        rows = np.ascontiguousarray(rows if batch else rows[None])
        rows.setflags(write=False)
        return rows, batch

    def _form(self) -> str:
        return f"a {self.kind} mask of shape {self.shape} (or a batch of them) and dtype int8 or bool"

    def _has_mask_dtype(self, dtype: np.dtype[Any]) -> bool:
        return dtype.char in "b?"

    def _check_values(self, mask: npt.NDArray[Any]) -> None:
        if not only_bits(mask):
            given = np.unique(mask)[:5].tolist()
            raise ValueError(f"expected {self._form()} with values 0 and 1 only, got values {given}")

    def encode(self, action: Any) -> Any | None:
        array = as_array(action)
        if array is None or array.shape != self.action_buffer.shape or not self._has_action_dtype(array.dtype):
            return None
        return self._encode_array(array)

    def encode_batch(self, actions: Any, rows: int) -> npt.NDArray[Any]:
        shape = (rows, *self.action_buffer.shape)
        if isinstance(actions, (list, tuple)):
            if len(actions) != rows:
                raise ValueError(f"expected a batch of {rows} actions, got {len(actions)}")
            out = np.full(shape, self.no_action, self.action_buffer.base)
            for i, action in enumerate(actions):
                encoded = self.encode(action)
                if encoded is not None:
                    out[i] = encoded
            return out
        if not isinstance(actions, np.ndarray) or actions.shape != shape:
            raise ValueError(f"expected a batch of actions of shape {shape}, got {describe(actions)}")
        if not self._has_action_dtype(actions.dtype):
            return np.full(shape, self.no_action, self.action_buffer.base)
        return self._encode_array(actions)

    def _has_action_dtype(self, dtype: np.dtype[Any]) -> bool:
        return fits_int64(dtype)

    @abstractmethod
    def _encode_array(self, actions: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Actions (..., action) of the right shape and dtype as a new array in the engine's form."""

    def decode(self, rows: Any, batch: bool) -> Any:
        return rows.copy()

    def contains(self, mask: Any) -> bool:
        try:
            self.check(mask)
        except ValueError:
            return False
        return bool(mask.dtype != np.bool_)

    def allows(self, mask: Any, action: Any) -> bool | npt.NDArray[np.bool_]:
        rows, batch = self.check(mask)
        loops = self._loops(len(rows))
        if not batch:
            encoded = self.encode(action)
            return encoded is not None and bool(loops.allows(rows[0], encoded, self.heads))
        out = np.zeros(len(rows), np.bool_)
        loops.allows_rows(rows, self.encode_batch(action, len(rows)), self.heads, out)
        return out

    def sample(self, mask: Any, rng: np.random.Generator) -> Any:
        rows, batch = self.check(mask)
        check_generator(rng)
        buffer = self.action_buffer
        actions = np.zeros((len(rows), *buffer.shape), buffer.base)
        draws = rng.random((len(rows), self.num_draws))
        if self._loops(len(rows)).pick_rows(rows, draws, self.heads, actions) >= 0:
            self._refuse_empty(rows, batch)
        return self.decode(actions if batch else actions[0], batch)

    def count(self, mask: Any) -> Any:
        rows, batch = self.check(mask)
        counts = self._count_rows(rows)
        return counts if batch else counts[0].item() if isinstance(counts[0], np.generic) else counts[0]

    def _loops(self, rows: int) -> Any:
        return bound_loops(self.rules, choose(AUTO, rows, COMPILE_FROM))

    def _refuse_empty(self, rows: npt.NDArray[Any], batch: bool) -> None:
        empty = np.flatnonzero(self._count_rows(rows) == 0)
        where = f" in row{'s' if len(empty) > 1 else ''} {', '.join(map(str, empty[:5]))}" if batch else ""
        more = ", ..." if batch and len(empty) > 5 else ""
        raise ValueError(f"the {self.kind} mask allows no action{where}{more}: there is nothing to sample")

    def _one(self, mask: Any) -> npt.NDArray[Any]:
        """The checked mask, where a batch has no meaning."""
        rows, batch = self.check(mask)
        if batch:
            raise ValueError(f"expected one {self.kind} mask of shape {self.shape}, got a batch of {len(rows)}")
        one: npt.NDArray[Any] = rows[0]
        return one

    @abstractmethod
    def _count_rows(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The number of legal actions of each mask row."""


def only_bits(mask: npt.NDArray[Any]) -> bool:
    """Whether an int8 or bool array holds nothing but 0 and 1."""
    if mask.dtype == np.bool_:
        return True
    if mask.size <= SMALL:
        return not mask.tobytes().strip(b"\x00\x01")
    return bool(np.maximum.reduce(mask.view(np.uint8), axis=None) <= 1)


def check_generator(rng: Any) -> None:
    """Refuse what is not a NumPy Generator."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, such as env.np_random, not {describe(rng)}")
