"""The shortest way to a failure: actions are left out of a reproduction as long as the law is still broken."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .report import Finding
from .trial import Broken, Point, Trial, shown

MOST_REPLAYS = 60  # of one finding
MOST_SECONDS = 2.0


class Replay(Trial):
    """A trial whose walks are one moment long: what is shown after a given seed and given actions."""

    path: tuple[Any, ...] = ()

    def walk(self, steps: int | None = None, subject: Any = None) -> Iterator[Point]:
        subject = subject or self.subject()
        subject.reset(self.seed)
        for step in self.path:
            actions = {"": _action(subject, step)} if "" in subject.moment.seats else step
            if subject.moment.over or subject.attempt(actions).error is not None:
                return
        yield Point(subject, subject.moment, self.seed, tuple(map(shown, self._steps(subject))))

    def _steps(self, subject: Any) -> list[dict[str, Any]]:
        return [step for step in subject.history[1:] if isinstance(step, dict)]


def shrunk(finding: Finding, check: Callable[[Trial], Any], trial: Trial) -> Finding:
    """The same failure after fewer actions, by leaving out ever smaller parts (Zeller and Hildebrandt, 2002, ddmin)."""
    reproduction = finding.reproduction
    if reproduction is None or not all(_plain(step) for step in reproduction.actions):
        return finding
    best, until, replays = finding, time.monotonic() + MOST_SECONDS, 0
    path, size = list(reproduction.actions), max(1, len(reproduction.actions) // 2)
    while path and size >= 1:
        start, smaller = 0, False
        while start < len(path):
            if replays >= MOST_REPLAYS or time.monotonic() > until:
                return best
            shorter, replays = path[:start] + path[start + size :], replays + 1
            found = _broken(check, trial, finding, shorter)
            if found is None:
                start += size
            else:
                path, smaller = shorter, True
                best = replace(finding, sentence=found.sentence, reproduction=found.reproduction)
        if not smaller:
            size //= 2
    return best


def _broken(check: Callable[[Trial], Any], trial: Trial, finding: Finding, path: list[Any]) -> Broken | None:
    """The same failure, but for the numbers in it, after fewer actions; None where there is none."""
    assert finding.reproduction is not None
    replay = Replay(trial.make, finding.reproduction.seed or 0, 1, None, trial.options)
    replay.path, replay.manner = tuple(path), trial.manner
    replay.shares, replay.tables = trial.shares, trial.tables
    try:
        for found in check(replay):
            if isinstance(found, Broken) and without_numbers(found.sentence) == without_numbers(finding.sentence):
                return found if len(found.reproduction.actions) <= len(path) else None
    except Exception:  # the shorter way may lead anywhere; then it is not taken
        return None
    return None


def without_numbers(sentence: str) -> str:
    """What stays the same where a failure is about another action or state."""
    return re.sub(r"[-+]?\d[\d.e+-]*", "#", sentence)


def _action(subject: Any, step: Any) -> Any:
    """An action as it was given: an array where the reproduction lists numbers."""
    return np.array(step, subject.env.action_space.dtype) if isinstance(step, list) else step


def _plain(step: Any) -> bool:
    return not isinstance(step, str)  # a note, such as that rows were reset
