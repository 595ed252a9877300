"""N rows of one environment in flat arrays; every public environment is a thin view of this."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import loop, mask_binding, program
from .backends import Backend, Buffers, Launches, Rows, choose
from .buffers import INDEXED, MOVED, PER_ROW, Moved, RowViews, as_int8, new_like, observation_dtype, row_views, wide
from .declaration import TIME_LIMIT, Declaration
from .on_invalid import ON_INVALID, check_invalid_reward, check_on_invalid
from .parameters import as_record
from .random import seed_words
from .state import State, check_state, own_parameters, position_of

CODES = dict(zip(ON_INVALID, (loop.RAISE, loop.TERMINATE, loop.NOOP, loop.RESAMPLE), strict=True))


class Engine:
    """The rows, their buffers and the bound rules.

    Args:
        declaration: the environment.
        values: its resolved parameters.
        rows: N, how many copies.
        backend: "python", "numba", or "auto" (numba for more than one row, where it is installed).
        on_invalid: one of `ON_INVALID`.
        invalid_reward: added to the reward of an agent whose action was refused or replaced.
        num_threads: most threads that step rows at the same time, with the numba backend only.

    Buffers, valid until the next call: `observations` (N, V, ...), `masks` (N, V, mask), `actions` (N, V, action),
    `invalid` (N, V), `rewards` (N, A), `terminated`, `truncated`, `started`, `acting` (N,), `left` (N, A), the agents
    that have terminated while the game goes on, and `invalid_counts` (N,) int64, which only grows.

    Attributes:
        agents_leave: whether agents of a game terminate one by one.
        followed: the agent with whose leaving the episode ends; `loop.NOBODY` by default.

    Raises:
        RuleError: a rule of the environment breaks the law of rules; see `core.law`.
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
        self.backend = choose(backend, rows)
        self.on_invalid, self.invalid_reward = check_on_invalid(on_invalid), check_invalid_reward(invalid_reward)
        self.mask_spec = declaration.mask(values)
        self.agents = declaration.agents(values)
        self.views = len(self.agents) if declaration.play == "simultaneous" else 1
        self.time_limit, self.followed = int(values[TIME_LIMIT]), loop.NOBODY
        self._own_parameters = own_parameters(values)
        self._parameter_record = as_record(declaration.all_parameters, values)
        self._allocate()
        program.check(declaration, values, self.mask_spec, self.observation_space, self._parameter_record.dtype)
        self._bind()

    def _allocate(self) -> None:
        n, v, spec, new = self.rows, self.views, self.mask_spec, self.backend.allocate
        number, flag, index = np.dtype(np.float64), np.dtype(np.bool_), np.dtype(np.int64)
        self.records = new((n,), self.declaration.state(self.values))
        self.observation_space = self.declaration.observation(self.values)
        self._observations = new((n, v), observation_dtype(self.observation_space))
        self._observations_are_old = False
        self.masks = new((n, v), spec.mask_buffer)
        self.actions = new((n, v), wide(spec.action_buffer))
        self.invalid = new((n, v), flag)
        self.rewards = new((n, len(self.agents)), number)
        self.terminated, self.truncated, self.started = (new((n,), flag) for _ in range(3))
        self.left = new((n, len(self.agents)), flag)
        self.acting, self.invalid_counts = new((n,), index), new((n,), index)
        self.heads = spec.heads
        self.full = new((1,), spec.mask_buffer)
        mask_binding.write_full(spec, self.full)
        self.all_started = False

    def _allocate_scratch(self) -> None:
        """What holds nothing between two calls."""
        n, spec, new = self.rows, self.mask_spec, self.backend.allocate
        self.resting, self.every_row = new((n,), np.dtype(np.bool_)), np.ones(n, np.bool_)
        self.draws = new((n, mask_binding.draws_per_action(spec)), np.dtype(np.float64))
        self.scratch = new((n, mask_binding.scratch_size(spec)), np.dtype(np.bool_))
        self.prefixes = new((n, len(spec.heads) if spec.needs_head_mask else 0), np.dtype(np.int64))

    def _bind(self) -> None:
        self._allocate_scratch()
        given = self.given_rules()
        self.agents_leave, bodies = loop.has_left in given, program.row_bodies(given)
        self.rules = _bound(self.backend, self.declaration.id, tuple(given.items()), bodies)
        self._rows: Rows = self.backend.rows(self.rules, self._buffers(), self.num_threads)
        self.states, self.parameters = self._rows.states, self._rows.parameters
        self._run = Launches(self._rows, bodies)

    # What an engine of one row calls in place of a launch.

    @functools.cached_property
    def _reset_alone(self) -> Callable[..., int] | None:
        return self._rows.in_row(loop.reset_row, 0) if self.rows == 1 else None

    @functools.cached_property
    def _check_alone(self) -> Callable[..., int] | None:
        return self._rows.in_row(loop.check_row, 0) if self.rows == 1 else None

    @functools.cached_property
    def _step_alone(self) -> Callable[..., int] | None:
        return self._rows.in_row(loop.step_row, 0) if self.rows == 1 else None

    def given_rules(self) -> dict[Any, Any]:
        """The rule in the place of each placeholder of the loop."""
        return program.given_rules(self.declaration, self.values, self.mask_spec)

    def _buffers(self) -> Buffers:
        """What the row bodies may ask for by name."""
        return Buffers(
            records=self.records,
            parameters=self._parameter_record,
            per_row={name: getattr(self, name) for name in PER_ROW},
            shared={
                "full": self.full, "heads": self.heads, "on_invalid": CODES[self.on_invalid],
                "invalid_reward": self.invalid_reward, "time_limit": self.time_limit,
            },
            indexed=frozenset(INDEXED if self.declaration.play == "simultaneous" else {*INDEXED, "actions"}),
        )  # fmt: skip

    @property
    def observations(self) -> npt.NDArray[Any]:
        """The observation buffer (N, V, ...)."""
        self._renew_observations()
        return self._observations

    def _renew_observations(self) -> None:
        """Write those that `step_or_reset` has handed out into the engine's own buffer too."""
        if self._observations_are_old:
            self._observations_are_old = False
            self._run.look_row(None)

    @functools.cached_property
    def shown_masks(self) -> npt.NDArray[Any]:
        """The mask buffer (N, V, mask) in the dtype that masks have outside of the engine."""
        return as_int8(self.masks)

    @functools.cached_property
    def by_row(self) -> RowViews:
        """Observations and masks as views of each row, for frequent access to few rows."""
        return row_views(self.observations, self.shown_masks)

    # --- what environments do -------------------------------------------------------------------------------

    def seed(self, seeds: Sequence[int], where: npt.NDArray[np.bool_] | None = None) -> None:
        """Seed the random streams of the rows in `where`, all of them by default.

        Args:
            seeds: one for each row (N,), each in [0, 2**64).
        """
        chosen = self.every_row if where is None else where
        self.records["rng"][chosen] = seed_words(seeds)[chosen]

    def reset(self, where: npt.NDArray[np.bool_] | None = None) -> None:
        """Start a new episode in the rows in `where`, all of them by default."""
        if self._reset_alone is not None and (where is None or where[0]):
            self._reset_alone()
            self.all_started = True
        else:
            self._run.reset_row(where)
            self.all_started = self.all_started or bool(self.started.all())
        self._note_who_left(where)

    def find_invalid(self, where: npt.NDArray[np.bool_] | None = None, view: int | None = None) -> int:
        """Mark and count the invalid ones of `actions` in the rows in `where`; the first such row, or -1.

        Only one view is looked at, by default all; nothing but marks and counters is written.
        """
        chosen = -1 if view is None else view
        if where is None and self._check_alone is not None:
            return 0 if self._check_alone(chosen) else -1
        checked = slice(None) if view is None else slice(view, view + 1)
        if where is not None:
            self.invalid[:, checked] = False
        if self._run.check_row(where, chosen) == 0:
            return -1
        return int(np.argmax(self.invalid[:, checked].any(axis=1)))

    def step(self, where: npt.NDArray[np.bool_] | None = None) -> None:
        """Carry out `actions` in the rows in `where`, after `find_invalid`."""
        self.rewards.fill(0.0)  # at once: row by row it costs a tenth of the step
        if where is None and self._step_alone is not None:
            self._step_alone()
        else:
            self._run.step_row(where)
        self._note_who_left(where)

    def _note_who_left(self, where: npt.NDArray[np.bool_] | None) -> None:
        if self.agents_leave:
            self._run.leave_row(where, self.followed)

    def mark_ended(self) -> npt.NDArray[np.bool_]:
        """Mark the rows whose episode is over as `resting` (N,), so that `find_invalid` passes over them; the marks.

        Who calls it once calls it before every `find_invalid`.
        """
        np.logical_or(self.terminated, self.truncated, out=self.resting)
        return self.resting

    def step_or_reset(self) -> Moved:
        """`step`, but `reset` in the rows that `mark_ended` marked, in one launch.

        What it returns is the caller's. The engine's own observations are written anew when they are asked for, and its
        own rewards are not written.
        """
        rewards = np.empty(self.rewards.shape)
        moved = Moved(
            new_like(self._observations),
            new_like(self.shown_masks),
            np.empty(self.rows, np.int64) if self.declaration.play == "turns" else None,
            rewards,
            rewards.reshape(self.rows) if self.declaration.play == "single" else np.empty(self.rows),
            np.empty(self.rows, np.bool_),
            np.empty(self.rows, np.bool_),
        )
        self._observations_are_old = moved.observations is not self._observations
        hooks = {"before": functools.partial(_clear_rewards, moved), "after": functools.partial(self._copy_rows, moved)}
        self._run.advance_row(None, moved.observations, moved.rewards, moved.earned, **hooks)
        self._note_who_left(None)  # nobody is followed here, so that no flag that was copied changes
        return moved

    def _copy_rows(self, moved: Moved, rows: slice) -> None:
        """Copy what the next step changes."""
        if moved.masks is not self.shown_masks:
            moved.masks[rows] = self.shown_masks[rows]
        if moved.acting is not None:
            moved.acting[rows] = self.acting[rows]
        moved.terminated[rows] = self.terminated[rows]
        moved.truncated[rows] = self.truncated[rows]

    def pick(self, where: npt.NDArray[np.bool_], view: int = 0) -> None:
        """Write uniformly random legal actions of one view into `actions`, from the rows' random streams."""
        self._run.pick_row(where, view)

    def look(self, where: npt.NDArray[np.bool_]) -> None:
        """Write observations and masks anew from the states."""
        self._run.look_row(where)

    def observe(self, row: int, agent: int, observation: npt.NDArray[Any]) -> None:
        """Write what one agent observes, whether it acts or not, into observation[0]."""
        self.rules.observe(self.states[row], self.parameters, agent, observation[0])

    def mask_of(self, row: int, agent: int, mask: npt.NDArray[Any]) -> None:
        """Write the mask of one agent, whether it acts or not, into mask[0]."""
        if self.forbids_nothing(row, agent):
            mask[0] = self.full[0]
        else:
            self.rules.action_mask(self.states[row], self.parameters, agent, mask[0])

    def forbids_nothing(self, row: int, agent: int) -> bool:
        """Whether an agent has nothing left to choose: in a terminated state, and in one cut off in another's turn."""
        in_turns = self.declaration.play == "turns"
        return bool(self.terminated[row] or (in_turns and self.truncated[row] and self.acting[row] != agent))

    def is_legal(self, row: int, view: int) -> bool:
        """Whether the mask allows what `actions` holds for one view."""
        agent = view if self.views > 1 else int(self.acting[row])
        arguments = (self.masks[row, view], self.actions[row, view], self.heads, self.scratch[row])
        return bool(self.rules.is_legal(self.states[row], self.parameters, agent, *arguments))

    # --- positions ------------------------------------------------------------------------------------------

    def stored_records(self) -> npt.NDArray[Any]:
        """The state records (N,), up to date whatever the backend."""
        self._rows.store(range(self.rows))
        return self.records

    def get_state(self, row: int) -> State:
        """The position of one row."""
        self._rows.store((row,))
        flags = (self.terminated.item(row), self.truncated.item(row), self.started.item(row))
        return position_of(self.declaration.id, self._own_parameters, self.records[row : row + 1].tobytes(), *flags)

    def check_states(self, states: Sequence[Any]) -> None:
        """Refuse what is not a position of this environment, before any row takes one; see `check_state`."""
        for state in states:
            check_state(state, self.declaration.id, self._own_parameters, self.records.itemsize)

    def set_state(self, row: int, state: State) -> None:
        """Put one row into a position that `check_states` has let through."""
        self.records[row] = np.frombuffer(state.record, self.records.dtype)[0]
        self._rows.load((row,))
        self.terminated[row], self.truncated[row], self.started[row] = (
            state.terminated, state.truncated, state.started,
        )  # fmt: skip
        self.all_started = bool(self.started.all())
        self.rewards[row], self.invalid[row] = 0.0, False
        if state.started:
            where = None if self.rows == 1 else np.arange(self.rows) == row
            self._run.look_row(where)
            self._note_who_left(where)

    def save(self) -> list[npt.NDArray[Any]]:
        """All rows as they are, for `restore`."""
        self.stored_records()
        return [getattr(self, name).copy() for name in MOVED]

    def restore(self, saved: list[npt.NDArray[Any]]) -> None:
        """Bring all rows back to where `save` found them."""
        for name, array in zip(MOVED, saved, strict=True):
            getattr(self, name)[...] = array
        self.all_started = bool(self.started.all())
        self._rows.load(range(self.rows))

    def head_mask(self, row: int, agent: int, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """For a conditional mask: what head k may take after `prefix`; int8 (nvec[k],)."""
        mask: npt.NDArray[np.int8] = mask_binding.read_head_mask(self, row, agent, k, prefix)
        return mask

    def __getstate__(self) -> dict[str, Any]:
        self.stored_records()
        self._renew_observations()
        left_out = {
            "rules", "states", "parameters", "by_row", "shown_masks", "_rows", "_run", "_reset_alone", "_check_alone",
            "_step_alone", "resting", "every_row", "draws", "scratch", "prefixes",
        }  # fmt: skip
        return {name: value for name, value in self.__dict__.items() if name not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._bind()


def _clear_rewards(moved: Moved, rows: slice) -> None:
    moved.rewards[rows] = 0.0  # at once, as in `step`


@functools.cache
def _bound(backend: Backend, env_id: str, given: tuple[tuple[Any, Any], ...], bodies: tuple[Any, ...]) -> Any:
    return backend.bind(env_id, (), dict(given), bodies)
