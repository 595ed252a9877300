"""N rows of one environment in flat arrays; every public environment is a thin view of this."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from . import loop, mask_binding
from .blocks import RowViews, Threads, over_blocks, plain_buffers, row_blocks, row_views
from .buffers import buffer, observation_dtype, wide
from .compile import BACKENDS, bind, numba_is_available
from .declaration import TIME_LIMIT, Declaration
from .on_invalid import ON_INVALID, check_invalid_reward, check_on_invalid
from .parameters import as_record
from .random import seed_words
from .state import PlainState, State, check_state, own_parameters

CODES = dict(zip(ON_INVALID, (loop.RAISE, loop.TERMINATE, loop.NOOP, loop.RESAMPLE), strict=True))
LOOPS = (
    loop.look_rows, loop.reset_rows, loop.find_invalid, loop.check_row, loop.pick_rows, loop.step_rows, loop.step_row,
)  # fmt: skip
WRITTEN = ("reset", "action_mask", "step", "observe")
# What a step or a reset writes, so what `restore` brings back. The counters are not among them: they only grow.
MOVED = ("records", "observations", "masks", "invalid", "rewards", "terminated", "truncated", "started", "acting")
# What the loops read and write row by row, beside the states.
PER_ROW = (
    "observations", "masks", "actions", "invalid", "invalid_counts", "rewards", "terminated", "truncated", "acting",
)  # fmt: skip
ACTING = {"single": loop.single_agent, "turns": loop.agent_to_move, "simultaneous": loop.agent_of_view}


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
        self.on_invalid, self.invalid_reward = check_on_invalid(on_invalid), check_invalid_reward(invalid_reward)
        self.mask_spec = declaration.mask(values)
        self.agents = declaration.agents(values)
        self.views = len(self.agents) if declaration.play == "simultaneous" else 1
        self.time_limit = int(values[TIME_LIMIT])
        self._own_parameters = own_parameters(values)
        self._allocate()
        self._bind()

    def _allocate(self) -> None:
        n, spec = self.rows, self.mask_spec
        self.records = np.zeros(n, self.declaration.state(self.values))
        self.observation_space = self.declaration.observation(self.values)
        self.observations = buffer((n, self.views), observation_dtype(self.observation_space))
        self.masks = buffer((n, self.views), spec.mask_buffer)
        self.actions = buffer((n, self.views), wide(spec.action_buffer))
        self.invalid = np.zeros((n, self.views), np.bool_)
        self.rewards = np.zeros((n, len(self.agents)), np.float64)
        self.terminated, self.truncated, self.started = (np.zeros(n, np.bool_) for _ in range(3))
        self.acting = np.zeros(n, np.int64)
        self.invalid_counts = np.zeros(n, np.int64)
        self.every_row, self.every_view = np.ones(n, np.bool_), np.ones(self.views, np.bool_)
        self.full = buffer((1,), spec.mask_buffer)
        mask_binding.write_full(spec, self.full)
        self.heads = spec.heads
        self.blocks = row_blocks(n, self.num_threads if self.backend == "numba" else 1)
        self.draws = np.zeros((len(self.blocks), spec.num_draws))
        self.scratch = np.zeros((len(self.blocks), int(max(spec.heads))), np.bool_)

    def _bind(self) -> None:
        declaration = self.declaration
        self.loops = _bound(declaration.id, self.backend, tuple(self._given().items()))
        record = as_record(declaration.all_parameters, self.values)
        self.states: Any = self.records
        self.parameters: Any = record
        self._plain_states = []
        self._every_row, self._every_view = self.every_row, self.every_view
        if self.backend == "python":
            self._every_row, self._every_view = self.every_row.tolist(), self.every_view.tolist()
            self._plain_states = [PlainState(self.records[i]) for i in range(self.rows)]
            self.states = [state.fields for state in self._plain_states]
            self.parameters = {name: record[name].item() for name in record.dtype.names or ()}
        buffers, threads = [self._buffers(k) for k in range(len(self.blocks))], Threads(len(self.blocks))
        self._run = SimpleNamespace(**{
            each.__name__: over_blocks(each, getattr(self.loops, each.__name__), self.blocks, buffers, threads)
            for each in LOOPS
        })  # fmt: skip

    @functools.cached_property
    def by_row(self) -> RowViews:
        """Observations and masks row by row, for who asks for few rows often."""
        return row_views(self.observations, self.masks)

    def _buffers(self, block: int) -> dict[str, Any]:
        """What the loops may ask for by name, for one block of rows."""
        arrays = {name: getattr(self, name)[self.blocks[block]] for name in PER_ROW}
        named: dict[str, Any] = {
            **arrays, "states": self.states[self.blocks[block]], "full": self.full, "heads": self.heads,
            "draws": self.draws[block], "scratch": self.scratch[block], "on_invalid": CODES[self.on_invalid],
            "invalid_reward": self.invalid_reward, "time_limit": self.time_limit,
            "first_row": self.blocks[block].start,
        }  # fmt: skip
        if self.backend == "python":
            return {**named, **plain_buffers(arrays, self._plain_states), "parameters": [self.parameters]}
        return {**named, "parameters": self.parameters.reshape(1)}

    def _given(self) -> dict[Any, Any]:
        """The rule for each placeholder of the loop."""
        rules, play = self.declaration.rules, self.declaration.play
        stand_ins = self.declaration.stand_ins(self.values)
        named = {name: getattr(rules, name) for name in WRITTEN}
        if play == "single" and "action_mask" not in stand_ins:
            named["renew_mask"] = getattr(rules, "renew_mask", rules.action_mask)
        named |= stand_ins
        written = {loop.renew_mask: named["action_mask"], **{getattr(loop, name): f for name, f in named.items()}}
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
        self._run.reset_rows(where)
        self.started |= where

    def find_invalid(
        self, where: npt.NDArray[np.bool_] | None = None, views: npt.NDArray[np.bool_] | None = None
    ) -> int:
        """Mark and count the invalid ones of `actions` in the rows in `where`; the first such row, or -1.

        Only the chosen `views` (V,) are looked at, all of them without it; nothing but marks and counters is written.
        """
        checked = self._every_view if views is None else views
        if where is None and self.rows == 1:
            return 0 if self._run.check_row(checked, 0) else -1
        first: int = self._run.find_invalid(self._every_row if where is None else where, checked)
        return first

    def step(self, where: npt.NDArray[np.bool_] | None = None) -> None:
        """Carry out `actions` in the rows in `where`, after `find_invalid`."""
        self.rewards.fill(0.0)  # at once: row by row it costs a tenth of the step
        if where is None and self.rows == 1:
            self._run.step_row(0)
        else:
            self._run.step_rows(self._every_row if where is None else where)

    def pick(self, where: npt.NDArray[np.bool_], view: int = 0) -> None:
        """Write uniformly random legal actions of one view into `actions`, from the rows' own streams."""
        self._run.pick_rows(where, view)

    def look(self, where: npt.NDArray[np.bool_]) -> None:
        """Fill observations and masks anew from the states."""
        self._run.look_rows(where)

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
            for state in self._plain_states:
                state.store()
        return self.records

    def get_state(self, row: int) -> State:
        """The position of one row."""
        flags = (bool(flag[row]) for flag in (self.terminated, self.truncated, self.started))
        if self.backend == "python":
            self._plain_states[row].store()
        return State(self.declaration.id, self._own_parameters, self.records[row].tobytes(), *flags)

    def check_states(self, states: Sequence[Any]) -> None:
        """Refuse what is not a position of this environment, before any row takes one; see `check_state`."""
        like = self.get_state(0)
        for state in states:
            check_state(state, like)

    def set_state(self, row: int, state: State) -> None:
        """Put one row into a position that `check_states` has let through."""
        self.records[row] = np.frombuffer(state.record, self.records.dtype)[0]
        if self.backend == "python":
            self._plain_states[row].load()
        self.terminated[row], self.truncated[row], self.started[row] = (
            state.terminated, state.truncated, state.started,
        )  # fmt: skip
        self.rewards[row], self.invalid[row] = 0.0, False
        if state.started:
            where = np.zeros(self.rows, np.bool_)
            where[row] = True
            self.look(where)

    def save(self) -> list[npt.NDArray[Any]]:
        """All rows as they are, for `restore`."""
        self.stored_records()
        return [getattr(self, name).copy() for name in MOVED]

    def restore(self, saved: list[npt.NDArray[Any]]) -> None:
        """Bring all rows back to where `save` found them."""
        for name, array in zip(MOVED, saved, strict=True):
            getattr(self, name)[...] = array
        if self.backend == "python":
            for state in self._plain_states:
                state.load()

    def head_mask(self, row: int, agent: int, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """For a conditional mask: what head k may take after `prefix`; int8 (nvec[k],)."""
        mask: npt.NDArray[np.int8] = mask_binding.read_head_mask(self, row, agent, k, prefix)
        return mask

    def __getstate__(self) -> dict[str, Any]:
        self.stored_records()
        left_out = {"loops", "states", "parameters", "by_row", "_plain_states", "_every_row", "_every_view", "_run"}
        return {name: value for name, value in self.__dict__.items() if name not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._bind()


@functools.cache
def _bound(env_id: str, backend: str, given: tuple[tuple[Any, Any], ...]) -> Any:
    rules: Any = dict(given)
    return bind(env_id, LOOPS, rules, backend)


def resolve_backend(backend: str, rows: int) -> str:
    """What the caller asked for as "python" or "numba".

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
