"""`CheckContext`: how to make the environment under test, and random legal walks through it."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from .env_view import RESET_ENDED, EnvView, Options, view_of
from .report import Reproduction
from .sharing import digest, tables_of
from .time_step import AgentStep, Behaviour, TimeStep
from .values import kept

MOST_PROBES = 48  # actions tried in one state
LONGEST_PATH = 2000  # steps of a reproduction
FEWEST_STATES = 3  # of a walk, however little time there is


@dataclass(frozen=True)
class Failure:
    """A law does not hold: what is wrong, and how to reproduce it."""

    sentence: str
    reproduction: Reproduction


@dataclass(frozen=True)
class NotApplicable:
    """A law, or a part of it, does not apply: the reason, and whether it is the whole law."""

    reason: str
    whole: bool = False


Findings = Iterator[Failure | NotApplicable]


@dataclass(frozen=True)
class VisitedState:
    """A state of a walk, and the path to it."""

    view: EnvView
    time_step: TimeStep
    seed: int
    path: tuple[Any, ...]

    def agent(self, name: str) -> AgentStep:
        return self.time_step.agents[name]

    def failure(self, sentence: str, name: str = "", action: Any = None) -> Failure:
        """A failure in this state, of one agent."""
        found = self.time_step.everyone.get(name)
        mask = None if found is None else kept(found.mask)
        left = self.view.dead_steps > 0
        shown = Reproduction(self.seed, self.path, name, action, mask, self.view.position(), left)
        return Failure(sentence, shown)


class CheckContext:
    """How to make the environment under test, and walks through it.

    Args:
        make: makes the environment; may take parameters.
        seed: of the first episode of each walk, and of the random choices in it.
        steps: length of a walk.
        make_vector: num_envs -> a vector environment of the same id; None where there is none.
        options: what the caller declares about a third-party environment.

    Attributes:
        behaviour: what a third-party environment does with invalid actions, once that is known.
        until: when (by `time.monotonic`) walks end early; None: never.
        states, probes: how many states were visited, and how many actions were tried from copies of them.
        cut_short: whether a walk ended early because its time was over.
        shares: whether copies share large tables.
        tables: these tables, each with its digest at construction.
    """

    def __init__(
        self,
        make: Callable[..., Any],
        seed: int,
        steps: int,
        make_vector: Callable[[int], Any] | None = None,
        options: Options | None = None,
    ) -> None:
        self.make, self.seed, self.steps, self.make_vector = make, seed, steps, make_vector
        self.options = options or Options()
        self.behaviour: Behaviour | None = None
        self.until: float | None = None
        self.states = self.probes = 0
        self.cut_short = False
        self.shares = True
        self.tables: list[tuple[Any, bytes]] = []

    def new_view(self) -> EnvView:
        """A new construction of the environment."""
        view = view_of(self.make())
        view.remake, view.options, view.behaviour = self.make, self.options, self.behaviour
        if self.shares:
            view.tables = tables_of(view.env)
            self.tables += [(table, digest(table)) for table in view.tables]
        return view

    def shared_what_changes(self) -> bool:
        """Whether a table that copies share has changed; from then on none is shared."""
        changed = any(digest(table) != before for table, before in self.tables)
        self.tables.clear()
        self.shares &= not changed
        return changed

    def out_of_time(self) -> bool:
        """Whether the time for this law is over."""
        over = self.until is not None and time.monotonic() > self.until
        self.cut_short |= over
        return over

    @contextmanager
    def within(self, share: float | None) -> Iterator[None]:
        """Give walks a share of the time left for this law; None: no limit."""
        until = self.until
        if until is not None:
            self.until = None if share is None else time.monotonic() + share * max(0.0, until - time.monotonic())
        yield
        self.until = until

    def variant(self, **parameters: Any) -> CheckContext | None:
        """The same environment with other parameters; None where it does not accept them."""
        make = functools.partial(self.make, **parameters)
        try:
            make()
        except (TypeError, ValueError, ImportError):
            return None
        varied = CheckContext(make, self.seed, self.steps, None, self.options)
        varied.behaviour, varied.until = self.behaviour, self.until
        varied.shares, varied.tables = self.shares, self.tables
        return varied

    def rng(self, salt: int = 0) -> np.random.Generator:
        """The random generator of one law."""
        return np.random.default_rng([self.seed, salt])

    def walk(self, steps: int | None = None, view: EnvView | None = None) -> Iterator[VisitedState]:
        """Random legal play, state by state; ends early where no legal action can be taken."""
        view = view or self.new_view()
        rng, seed = self.rng(), self.seed
        path: list[Any] = []
        view.reset(seed)
        for step in range(self.steps if steps is None else steps):
            assert view.time_step is not None
            if step >= FEWEST_STATES and self.out_of_time():
                return
            self.states += 1
            yield VisitedState(view, view.time_step, seed, tuple(path[-LONGEST_PATH:]))
            if view.reset_ended():
                path.append(RESET_ENDED)
                continue
            if view.time_step.over:
                seed, path = seed + 1, []
                view.reset(seed)
                continue
            actions = self.choose(view, rng)
            if actions is None or view.attempt(actions).error is not None:
                return  # no legal action, or a legal one was refused: the laws about these report it
            path.append(shown(actions))

    @staticmethod
    def choose(view: EnvView, rng: np.random.Generator) -> dict[str, Any] | None:
        """Random legal actions; None where no step can be taken, or no action can be drawn from a mask."""
        if view.time_step is None or view.time_step.over:
            return None
        try:
            return view.legal_actions(rng)
        except (ValueError, TypeError):
            return None


def shown(actions: dict[str, Any]) -> Any:
    """The actions of a step as a reproduction lists them: without the name where there is one agent."""
    bare = {name: a.tolist() if isinstance(a, (np.ndarray, np.generic)) else a for name, a in actions.items()}
    return bare.get("", bare)
