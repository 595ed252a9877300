"""N rows of one environment in flat arrays; every public environment is a thin view of this."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from . import loop, mask_binding
from .compile import BACKENDS, bind, numba_is_available
from .declaration import TIME_LIMIT, Declaration
from .parameters import as_record
from .random import seed_words

ON_INVALID = {"raise": loop.RAISE, "terminate": loop.TERMINATE, "noop": loop.NOOP, "resample": loop.RESAMPLE}
LOOPS = (loop.look_rows, loop.reset_rows, loop.find_invalid, loop.pick_rows, loop.step_rows)
WRITTEN = ("reset", "action_mask", "step", "observe")
ACTING = {"single": loop.single_agent, "turns": loop.agent_to_move, "simultaneous": loop.agent_of_view}


@dataclass(frozen=True)
class State:
    """A whole position, random stream and clock included: a value that pickles, hashes and compares.

    Attributes:
        id: the environment's.
        record: the bytes of the state record.
        terminated, truncated: whether the episode is over.
        started: whether it was ever reset.
    """

    id: str
    record: bytes
    terminated: bool
    truncated: bool
    started: bool


class PlainState(dict[str, Any]):
    """A state record for plain Python: scalars as Python numbers, arrays as views of the record.

    Ten times faster to read than a NumPy record; `store` brings the scalars back to the record.
    """

    def __init__(self, record: np.void) -> None:
        super().__init__()
        self.record = record
        self.scalars = [name for name in record.dtype.names if record.dtype[name].shape == ()]
        for name in record.dtype.names:
            self[name] = record[name]
        self.load()

    def load(self) -> None:
        for name in self.scalars:
            self[name] = self.record[name].item()

    def store(self) -> None:
        for name in self.scalars:
            self.record[name] = self[name]


class Engine:
    """The rows, their buffers and the bound rules.

    Args:
        declaration: the environment.
        values: its resolved parameters.
        rows: N, how many copies.
        backend: "python", "numba", or "auto" (numba for more than one row, where it is installed).
        on_invalid: one of `ON_INVALID`.
        invalid_reward: added to the reward of an agent whose action was refused or replaced.
        num_threads: row blocks stepped at once, with the numba backend only.

    Buffers, valid until the next call: `observations` (N, V, ...), `masks` (N, V, mask), `actions` (N, V, action),
    `invalid` (N, V), `rewards` (N, A), `terminated`, `truncated`, `started`, `acting` (N,), and `invalid_counts` (N,)
    int64, which only grows.
    """

    def __init__(
        self,
        declaration: Declaration,
        values: dict[str, Any],
        rows: int = 1,
        backend: str = "auto",
        on_invalid: str = "raise",
        invalid_reward: float = 0.0,
        num_threads: int = 1,
    ) -> None:
        self.declaration, self.values, self.rows, self.num_threads = declaration, values, rows, num_threads
        self.backend = resolve_backend(backend, rows)
        if on_invalid not in ON_INVALID:
            raise ValueError(f"on_invalid must be one of {', '.join(map(repr, ON_INVALID))}, not {on_invalid!r}")
        self.on_invalid, self.invalid_reward = on_invalid, float(invalid_reward)
        if not np.isfinite(self.invalid_reward):
            raise ValueError(f"invalid_reward must be finite, not {invalid_reward!r}")
        self.mask_spec = declaration.mask(values)
        self.agents = declaration.agents(values)
        self.views = len(self.agents) if declaration.play == "simultaneous" else 1
        self.time_limit = int(values[TIME_LIMIT])
        self._allocate()
        self._bind()

    def _allocate(self) -> None:
        n, spec = self.rows, self.mask_spec
        self.records = np.zeros(n, self.declaration.state(self.values))
        self.observation_space = self.declaration.observation(self.values)
        self.observations = _buffer((n, self.views), observation_dtype(self.observation_space))
        self.masks = _buffer((n, self.views), spec.mask_buffer)
        self.actions = _buffer((n, self.views), spec.action_buffer)
        self.invalid = np.zeros((n, self.views), np.bool_)
        self.rewards = np.zeros((n, len(self.agents)), np.float64)
        self.terminated, self.truncated, self.started = (np.zeros(n, np.bool_) for _ in range(3))
        self.acting = np.zeros(n, np.int64)
        self.invalid_counts = np.zeros(n, np.int64)
        self.every_row = np.ones(n, np.bool_)
        self.full = _buffer((1,), spec.mask_buffer)
        mask_binding.write_full(spec, self.full)
        self.heads = spec.heads
        self.blocks = self._row_blocks()
        self.draws = np.zeros((len(self.blocks), spec.num_draws))
        self.scratch = np.zeros((len(self.blocks), int(max(spec.heads))), np.bool_)

    def _bind(self) -> None:
        declaration = self.declaration
        self.loops = _bound(declaration.id, self.backend, tuple(self._given().items()))
        record = as_record(declaration.all_parameters, self.values)
        self.states: Any = self.records
        self.parameters: Any = record
        if self.backend == "python":
            self.states = [PlainState(self.records[i]) for i in range(self.rows)]
            self.parameters = {name: record[name].item() for name in record.dtype.names}
        self._pool: tuple[int, ThreadPoolExecutor] | None = None

    def _given(self) -> dict[Any, Any]:
        """The rule for each placeholder of the loop."""
        rules, play = self.declaration.rules, self.declaration.play
        written = {getattr(loop, name): getattr(rules, name) for name in WRITTEN}
        advance = loop.advance_all if play == "simultaneous" else loop.advance_one
        supplied = {loop.acting_agent: ACTING[play], loop.advance: advance}
        return {**written, **supplied, **mask_binding.rules_for(self.mask_spec, rules)}

    # --- what environments do -------------------------------------------------------------------------------

    def seed(self, seeds: Sequence[int], where: npt.NDArray[np.bool_] | None = None) -> None:
        """Give the rows in `where` (all of them without it) the random streams of these seeds (N,)."""
        chosen = self.every_row if where is None else where
        self.records["rng"][chosen] = seed_words([int(seed) % 2**64 for seed in seeds])[chosen]

    def reset(self, where: npt.NDArray[np.bool_] | None = None) -> None:
        """Start a new episode in the rows in `where`."""
        where = self.every_row if where is None else where
        self._over_blocks(lambda rows, block: self.loops.reset_rows(
            self.states[rows], self.parameters, where[rows], self.observations[rows], self.masks[rows], self.full,
            self.rewards[rows], self.terminated[rows], self.truncated[rows], self.acting[rows],
        ))  # fmt: skip
        self.started |= where

    def find_invalid(self, where: npt.NDArray[np.bool_]) -> int:
        """Mark and count the invalid ones of `actions` in the rows in `where`; the first such row, or -1."""
        first = self._over_blocks(lambda rows, block: self.loops.find_invalid(
            self.states[rows], self.parameters, where[rows], self.actions[rows], self.masks[rows], self.heads,
            self.scratch[block], self.invalid[rows], self.invalid_counts[rows],
        ))  # fmt: skip
        return next((block.start + i for block, i in zip(self.blocks, first, strict=True) if i >= 0), -1)

    def step(self, where: npt.NDArray[np.bool_]) -> None:
        """Carry out `actions` in the rows in `where`, after `find_invalid`."""
        self._over_blocks(lambda rows, block: self.loops.step_rows(
            self.states[rows], self.parameters, where[rows], self.actions[rows], self.invalid[rows],
            ON_INVALID[self.on_invalid], self.invalid_reward, self.time_limit, self.observations[rows],
            self.masks[rows], self.full, self.heads, self.draws[block], self.scratch[block], self.rewards[rows],
            self.terminated[rows], self.truncated[rows], self.acting[rows],
        ))  # fmt: skip

    def pick(self, where: npt.NDArray[np.bool_], view: int = 0) -> None:
        """Write uniformly random legal actions of one view into `actions`, from the rows' own streams."""
        self._over_blocks(lambda rows, block: self.loops.pick_rows(
            self.states[rows], self.parameters, where[rows], self.masks[rows], self.heads, self.draws[block],
            self.scratch[block], self.actions[rows], view,
        ))  # fmt: skip

    def look(self, where: npt.NDArray[np.bool_]) -> None:
        """Fill observations and masks anew from the states."""
        self._over_blocks(lambda rows, block: self.loops.look_rows(
            self.states[rows], self.parameters, where[rows], self.terminated[rows], self.observations[rows],
            self.masks[rows], self.full, self.acting[rows],
        ))  # fmt: skip

    def observe(self, row: int, agent: int, observation: npt.NDArray[Any]) -> None:
        """Write what one agent sees, whether it acts or not, into observation[0]."""
        self.loops.observe(self.states[row], self.parameters, agent, observation[0])

    def mask_of(self, row: int, agent: int, mask: npt.NDArray[Any]) -> None:
        """Write what one agent may do in this position, were it to act, into mask[0]."""
        if self.terminated[row]:
            mask[0] = self.full[0]
        else:
            self.loops.action_mask(self.states[row], self.parameters, agent, mask[0])

    def is_legal(self, row: int, view: int) -> bool:
        """Whether the mask allows the action that stands in `actions` for one view."""
        agent = view if self.views > 1 else int(self.acting[row])
        arguments = (self.masks[row, view], self.actions[row, view], self.heads, self.scratch[0])
        return bool(self.loops.is_legal(self.states[row], self.parameters, agent, *arguments))

    # --- positions ------------------------------------------------------------------------------------------

    def stored_records(self) -> npt.NDArray[Any]:
        """The state records (N,), up to date whatever the backend."""
        if self.backend == "python":
            for state in self.states:
                state.store()
        return self.records

    def get_state(self, row: int) -> State:
        flags = (bool(flag[row]) for flag in (self.terminated, self.truncated, self.started))
        if self.backend == "python":
            self.states[row].store()
        return State(self.declaration.id, self.records[row].tobytes(), *flags)

    def set_state(self, row: int, state: State) -> None:
        if not isinstance(state, State):
            raise TypeError(f"set_state takes what get_state gave, not {type(state).__name__}")
        if state.id != self.declaration.id or len(state.record) != self.records.dtype.itemsize:
            raise ValueError(f"this state is of {state.id} with other parameters, not of this {self.declaration.id}")
        self.records[row] = np.frombuffer(state.record, self.records.dtype)[0]
        if self.backend == "python":
            self.states[row].load()
        self.terminated[row], self.truncated[row], self.started[row] = (
            state.terminated, state.truncated, state.started,
        )  # fmt: skip
        self.rewards[row] = 0.0
        if state.started:
            where = np.zeros(self.rows, np.bool_)
            where[row] = True
            self.look(where)

    def head_mask(self, row: int, agent: int, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """For a conditional mask: what head k may take after `prefix`; int8 (nvec[k],)."""
        mask: npt.NDArray[np.int8] = mask_binding.read_head_mask(self, row, agent, k, prefix)
        return mask

    # --- blocks of rows in threads --------------------------------------------------------------------------

    def _row_blocks(self) -> list[slice]:
        threads = min(self.num_threads, self.rows) if self.backend == "numba" else 1
        edges = np.linspace(0, self.rows, threads + 1).astype(int)
        return [slice(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:], strict=True)]

    def _over_blocks(self, work: Any) -> list[Any]:
        if len(self.blocks) == 1:
            return [work(slice(None), 0)]
        pid = os.getpid()
        if self._pool is None or self._pool[0] != pid:  # threads do not survive a fork
            self._pool = (pid, ThreadPoolExecutor(len(self.blocks)))
        return list(self._pool[1].map(work, self.blocks, range(len(self.blocks))))

    def __getstate__(self) -> dict[str, Any]:
        self.stored_records()
        left_out = {"loops", "states", "parameters", "_pool"}
        return {name: value for name, value in self.__dict__.items() if name not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._bind()


@functools.lru_cache(maxsize=None)
def _bound(env_id: str, backend: str, given: tuple[tuple[str, Any], ...]) -> Any:
    return bind(env_id, LOOPS, dict(given), backend)


def resolve_backend(backend: str, rows: int) -> str:
    """ "python" or "numba" for what the caller asked.

    Raises:
        ValueError: an unknown backend.
        ImportError: numba asked for by name and not installed.
    """
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(map(repr, BACKENDS))}, not {backend!r}")
    if backend == "auto":
        return "numba" if rows > 1 and numba_is_available() else "python"
    if backend == "numba" and not numba_is_available():
        raise ImportError("backend='numba' needs numba: pip install numba (or use backend='python')")
    return backend


def observation_dtype(space: spaces.Space[Any]) -> np.dtype[Any]:
    """The buffer dtype of one observation: an array for a leaf space, a record for a Dict."""
    if isinstance(space, spaces.Dict):
        return np.dtype([(key, observation_dtype(part)) for key, part in space.spaces.items()])
    if isinstance(space, spaces.Discrete):  # one number, in an array so that rules can write it
        return np.dtype((np.int64, (1,)))
    if not isinstance(space, (spaces.Box, spaces.MultiDiscrete, spaces.MultiBinary)):
        raise TypeError(f"rules cannot write observations of {space}")
    return np.dtype((space.dtype, space.shape))


def _buffer(shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    return np.zeros((*shape, *dtype.shape), dtype.base)
