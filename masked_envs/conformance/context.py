"""`CheckContext`: how to make the environment under test, random legal walks through it, and what laws report."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from .env_view import RESET_ENDED, EnvView, Options, view_of
from .evidence import Evidence
from .report import Reproduction
from .sharing import digest, tables_of
from .time_step import AgentStep, TimeStep
from .values import kept

MOST_PROBES = 48  # actions tried in one state
LONGEST_PATH = 2000  # steps of a reproduction
FEWEST_STATES = 3  # of a walk, however small the share of one law in the time budget
LONGER = 10  # times the length of a walk, for the laws that need ends of episodes
RELATED = ("seed", "options", "until", "deadline", "shares", "tables", "behaviour")  # what variants share


@dataclass(frozen=True)
class Failure:
    """A law does not hold: what is wrong, and how to reproduce it."""

    sentence: str
    reproduction: Reproduction | None


@dataclass(frozen=True)
class NotApplicable:
    """A law, or a part of it, does not apply: the reason, and whether it is the whole law."""

    reason: str
    whole: bool = False


@dataclass(frozen=True)
class NotJudged:
    """A law has no verdict: the reason, and what to do to have it judged."""

    reason: str


@dataclass(frozen=True)
class Caution:
    """Something worth a warning that fails no law: a convention of this project, or a small matter."""

    sentence: str
    reproduction: Reproduction | None = None


Findings = Iterator[Failure | NotApplicable | NotJudged | Caution]


@dataclass(frozen=True)
class VisitedState:
    """A state of a walk, and the path to it."""

    view: EnvView
    time_step: TimeStep
    seed: int
    path: tuple[Any, ...]

    def agent(self, name: str) -> AgentStep:
        return self.time_step.agents[name]

    def reproduction(self, name: str = "", action: Any = None, **compared: Any) -> Reproduction:
        """How to come to this state; `compared`: further fields of the reproduction."""
        found = self.time_step.everyone.get(name)
        mask = None if found is None else kept(found.mask)
        left = self.view.dead_steps > 0
        return Reproduction(self.seed, self.path, name, action, mask, self.view.position(), left, **compared)

    def failure(self, sentence: str, name: str = "", action: Any = None, **compared: Any) -> Failure:
        """A failure in this state, of one agent."""
        return Failure(sentence, self.reproduction(name, action, **compared))


class CheckContext:
    """How to make the environment under test, and walks through it.

    Args:
        make: makes the environment; may take parameters.
        seed: of the first episode of each walk, and of the random choices in it.
        steps: length of a walk.
        make_vector: num_envs -> a vector environment of the same id; None where there is none.
        options: what the caller declares about a third-party environment.

    Attributes:
        inside: the context of the environment inside a mask wrapper; None without one.
        behaviour: the sign of a refusal (`signs.Behaviour`), where only a known one is looked for.
        tried: an action to try in every state, whatever else is tried.
        weighed: what the responses to tried actions say (`case.Weighed`), once they were collected.
        until: when (by `time.monotonic`) the walks of one law end early; None: never.
        deadline: when the whole check ends; None: never.
        evidence: of the law that is being checked.
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
        self.inside: CheckContext | None = None
        self.behaviour: Any = None
        self.weighed: Any = None
        self.tried: Any = None
        self.until: float | None = None
        self.deadline: float | None = None
        self.evidence = Evidence()
        self.cut_short = False
        self.shares, self._changed = True, False
        self.tables: list[tuple[Any, bytes]] = []

    def new_view(self) -> EnvView:
        """A new construction of the environment."""
        view = view_of(self.make())
        view.remake, view.options = self.make, self.options
        if self.shares:
            view.tables = tables_of(view.env)
            self.tables += [(table, digest(table)) for table in view.tables]
        return view

    def shared_what_changes(self) -> bool:
        """Whether a table that copies share has changed; from then on none is shared."""
        self._look_at_tables()
        self.tables.clear()
        changed, self.shares = self.shares and self._changed, self.shares and not self._changed
        return changed

    def _look_at_tables(self) -> None:
        """Before a reset, which may restore them."""
        self._changed |= any(digest(table) != before for table, before in self.tables)

    # --- time -------------------------------------------------------------------------------------------------

    def out_of_time(self) -> bool:
        """Whether the time for this law is over."""
        over = self.until is not None and time.monotonic() > self.until
        self.cut_short |= over
        return over

    def is_over(self) -> bool:
        """Whether the time for the whole check is over."""
        over = self.deadline is not None and time.monotonic() > self.deadline
        self.cut_short |= over
        return over

    @contextmanager
    def within(self, share: float) -> Iterator[None]:
        """Give walks a share of the time left for this law."""
        until = self.until
        if until is not None:
            self.until = time.monotonic() + share * max(0.0, until - time.monotonic())
        yield
        self.until = until

    # --- walks ------------------------------------------------------------------------------------------------

    def variant(self, **parameters: Any) -> CheckContext | None:
        """The same environment with other parameters; None where it does not accept them."""
        make = functools.partial(self.make, **parameters)
        try:
            make()
        except (TypeError, ValueError, ImportError):
            return None
        varied: CheckContext = self.related(make, self.steps)
        return varied

    def related(self, make: Callable[..., Any], steps: int, kind: type[CheckContext] | None = None) -> Any:
        """A context of the same check for another environment, or for other walks."""
        other = (kind or CheckContext)(make, self.seed, steps)
        for name in RELATED:
            setattr(other, name, getattr(self, name))
        return other

    def rng(self, salt: int = 0) -> np.random.Generator:
        """The random generator of one law."""
        return np.random.default_rng([self.seed, salt])

    def walk(
        self, steps: int | None = None, view: EnvView | None = None, enough: Callable[[], bool] | None = None
    ) -> Iterator[Any]:
        """Random legal play, state by state (each a `VisitedState`), episode after episode.

        Args:
            steps: how many states; None: those of this context.
            view: of the environment to play; None: a new one.
            enough: go on, up to `LONGER` times as long, until this is true.
        """
        view = view or self.new_view()
        rng, seed, steps = self.rng(), self.seed, self.steps if steps is None else steps
        path: list[Any] = []
        view.reset(seed)
        for step in range(steps if enough is None else steps * LONGER):
            assert view.time_step is not None
            if self.is_over() or (step >= FEWEST_STATES and self.out_of_time()):
                return
            if step >= steps and enough is not None and enough():
                return
            self.evidence.visit(view.time_step, view.spec)
            yield VisitedState(view, view.time_step, seed, tuple(path[-LONGEST_PATH:]))
            if view.reset_ended():
                path.append(RESET_ENDED)
                continue
            actions = self.choose(view, rng)
            if actions is None or view.attempt(actions).error is not None:
                # The episode is over, in a dead end, or refuses what its mask allows: the laws about that report it.
                if actions is not None or seed == self.seed:
                    self._look_at_tables()
                seed, path = seed + 1, []
                view.reset(seed)
            else:
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
    copies = {name: kept(action) for name, action in actions.items()}
    return copies.get("", copies)
