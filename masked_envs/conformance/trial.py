"""`Trial`: how to make the environment under test, and random legal walks through it."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from .moments import Manner, Moment, Seat
from .report import Reproduction
from .sharing import digest, tables_of
from .subject import RESET_ENDED, Options, Subject, subject_of
from .values import kept

MOST_PROBES = 48  # actions tried in one state
LONGEST_PATH = 2000  # steps of a reproduction
FEWEST_STATES = 3  # of a walk, however little time there is


@dataclass(frozen=True)
class Broken:
    """A law is broken: how, and how to see it again."""

    sentence: str
    reproduction: Reproduction


@dataclass(frozen=True)
class Unchecked:
    """A law, or a part of it, does not apply: why, and whether it is the whole."""

    reason: str
    whole: bool = False


Findings = Iterator[Broken | Unchecked]


@dataclass(frozen=True)
class Point:
    """A moment of a walk, and how it was reached."""

    subject: Subject
    moment: Moment
    seed: int
    path: tuple[Any, ...]

    def seat(self, name: str) -> Seat:
        return self.moment.seats[name]

    def broken(self, sentence: str, name: str = "", action: Any = None) -> Broken:
        """A broken law at this moment, in one seat."""
        found = self.moment.last.get(name) or self.moment.seats.get(name)
        mask = None if found is None else kept(found.mask)
        left = self.subject.dead_steps > 0
        shown = Reproduction(self.seed, self.path, name, action, mask, self.subject.position(), left)
        return Broken(sentence, shown)


class Trial:
    """One environment to be made and walked through as often as the laws need.

    Args:
        make: makes the environment; may take parameters.
        seed: of the first episode of each walk, and of the choices in it.
        steps: of a walk.
        make_vector: num_envs -> the vector environment of the same, None where there is none.
        options: what the caller says of a foreign environment.

    Attributes:
        manner: how a foreign environment answers invalid actions, once that is known.
        until: when (by `time.monotonic`) walks end early; None: never.
        states, probes: how many moments were looked at, and actions tried from copies of them.
        cut_short: whether a walk ended early for lack of time.
        shares: whether copies share large tables.
        tables: these, each with its digest when the environment was made.
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
        self.manner: Manner | None = None
        self.until: float | None = None
        self.states = self.probes = 0
        self.cut_short = False
        self.shares = True
        self.tables: list[tuple[Any, bytes]] = []

    def subject(self) -> Subject:
        """A new construction of the environment."""
        subject = subject_of(self.make())
        subject.remake, subject.options, subject.manner = self.make, self.options, self.manner
        if self.shares:
            subject.tables = tables_of(subject.env)
            self.tables += [(table, digest(table)) for table in subject.tables]
        return subject

    def shared_what_changes(self) -> bool:
        """Whether a table that copies share is not what it was; then none is shared from now on."""
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
        """Walks that take a share of the time that is left for this law; None: as long as they take."""
        until = self.until
        if until is not None:
            self.until = None if share is None else time.monotonic() + share * max(0.0, until - time.monotonic())
        yield
        self.until = until

    def variant(self, **parameters: Any) -> Trial | None:
        """The same environment with other parameters; None where it does not take them."""
        make = functools.partial(self.make, **parameters)
        try:
            make()
        except (TypeError, ValueError, ImportError):
            return None
        varied = Trial(make, self.seed, self.steps, None, self.options)
        varied.manner, varied.until = self.manner, self.until
        varied.shares, varied.tables = self.shares, self.tables
        return varied

    def rng(self, salt: int = 0) -> np.random.Generator:
        """The random choices of one law."""
        return np.random.default_rng([self.seed, salt])

    def walk(self, steps: int | None = None, subject: Subject | None = None) -> Iterator[Point]:
        """Random play by the mask, each moment before its step; ends early where the environment refuses to go on."""
        subject = subject or self.subject()
        rng, seed = self.rng(), self.seed
        path: list[Any] = []
        subject.reset(seed)
        for step in range(self.steps if steps is None else steps):
            assert subject.moment is not None
            if step >= FEWEST_STATES and self.out_of_time():
                return
            self.states += 1
            yield Point(subject, subject.moment, seed, tuple(path[-LONGEST_PATH:]))
            if subject.reset_ended():
                path.append(RESET_ENDED)
                continue
            if subject.moment.over:
                seed, path = seed + 1, []
                subject.reset(seed)
                continue
            actions = self.choose(subject, rng)
            if actions is None or subject.attempt(actions).error is not None:
                return  # no legal action, or a legal one refused: the laws about that report it
            path.append(shown(actions))

    @staticmethod
    def choose(subject: Subject, rng: np.random.Generator) -> dict[str, Any] | None:
        """Legal actions, None where no step can be taken, or a mask is such that none can be drawn."""
        if subject.moment is None or subject.moment.over:
            return None
        try:
            return subject.legal_actions(rng)
        except (ValueError, TypeError):
            return None


def shown(actions: dict[str, Any]) -> Any:
    """The actions of a step as a reproduction lists them: bare where there is one seat."""
    bare = {name: a.tolist() if isinstance(a, (np.ndarray, np.generic)) else a for name, a in actions.items()}
    return bare.get("", bare)
