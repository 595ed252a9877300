"""The shortest way to a failure: actions are left out of a reproduction as long as the law is still broken."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .context import CheckContext, Failure, VisitedState, shown
from .report import Finding

MOST_REPLAYS = 60  # of one finding
MOST_SECONDS = 2.0


class Replay(CheckContext):
    """A context whose walks are one time_step long: what is shown after a given seed and given actions."""

    path: tuple[Any, ...] = ()

    def walk(self, steps: int | None = None, view: Any = None) -> Iterator[VisitedState]:
        view = view or self.new_view()
        view.reset(self.seed)
        for step in self.path:
            actions = {"": _action(view, step)} if "" in view.time_step.agents else step
            if view.time_step.over or view.attempt(actions).error is not None:
                return
        yield VisitedState(view, view.time_step, self.seed, tuple(map(shown, self._steps(view))))

    def _steps(self, view: Any) -> list[dict[str, Any]]:
        return [step for step in view.history[1:] if isinstance(step, dict)]


def shrunk(finding: Finding, check: Callable[[CheckContext], Any], context: CheckContext) -> Finding:
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
            found = _broken(check, context, finding, shorter)
            if found is None:
                start += size
            else:
                path, smaller = shorter, True
                best = replace(finding, sentence=found.sentence, reproduction=found.reproduction)
        if not smaller:
            size //= 2
    return best


def _broken(
    check: Callable[[CheckContext], Any], context: CheckContext, finding: Finding, path: list[Any]
) -> Failure | None:
    """The same failure, but for the numbers in it, after fewer actions; None where there is none."""
    assert finding.reproduction is not None
    replay = Replay(context.make, finding.reproduction.seed or 0, 1, None, context.options)
    replay.path, replay.behaviour = tuple(path), context.behaviour
    replay.shares, replay.tables = context.shares, context.tables
    try:
        for found in check(replay):
            if isinstance(found, Failure) and without_numbers(found.sentence) == without_numbers(finding.sentence):
                return found if len(found.reproduction.actions) <= len(path) else None
    except Exception:  # the shorter way may lead anywhere; then it is not taken
        return None
    return None


def without_numbers(sentence: str) -> str:
    """What stays the same where a failure is about another action or state."""
    return re.sub(r"[-+]?\d[\d.e+-]*", "#", sentence)


def _action(view: Any, step: Any) -> Any:
    """An action as it was given: an array where the reproduction lists numbers."""
    return np.array(step, view.env.action_space.dtype) if isinstance(step, list) else step


def _plain(step: Any) -> bool:
    return not isinstance(step, str)  # a note, such as that rows were reset
