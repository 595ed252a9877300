"""The shortest way to a failure: actions are left out of a reproduction as long as the failure stays the same."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from .context import CheckContext, Failure, VisitedState, shown
from .env_view import EnvView
from .invalid_behaviour import known_behaviour
from .masks import binary_mask
from .report import Finding

MOST_REPLAYS = 60  # of one finding
MOST_SECONDS = 2.0
IN_ONE_STATE = ("", "asked", "asking", "written")  # comparisons that take one state, however it was reached


class Replay(CheckContext):
    """A context whose walks have one state: the one that given actions lead to, all of which the mask allows."""

    path: tuple[Any, ...] = ()

    def walk(
        self, steps: int | None = None, view: EnvView | None = None, enough: Callable[[], bool] | None = None
    ) -> Iterator[Any]:
        view = view or self.new_view()
        view.reset(self.seed)
        for step in self.path:
            assert view.time_step is not None
            actions = {"": step} if "" in view.time_step.agents else step
            if view.time_step.over or not are_allowed(view, actions) or view.attempt(actions).error is not None:
                return
        assert view.time_step is not None
        path = tuple(shown(step) for step in view.history[1:])
        yield VisitedState(view, view.time_step, self.seed, path)


def are_allowed(view: EnvView, actions: dict[str, Any]) -> bool:
    """Whether these are the actions that the next step takes, and the masks allow them."""
    assert view.time_step is not None
    if set(actions) != {name for name in view.time_step.agents if view.takes_action(name)}:
        return False
    acting = view.time_step.acting
    return all(
        name not in acting
        or view.spec(name).allows(binary_mask(view.spec(name), acting[name].mask), action, view.head_mask(name))
        for name, action in actions.items()
    )


def shrunk(finding: Finding, check: Callable[[CheckContext], Any], context: CheckContext) -> Finding:
    """The same failure after fewer actions, by leaving out ever smaller parts (Zeller and Hildebrandt, 2002, ddmin)."""
    reproduction = finding.reproduction
    if reproduction is None or reproduction.compared not in IN_ONE_STATE:
        return finding  # two runs were compared along this very path
    if any(isinstance(step, str) for step in reproduction.actions):
        return finding  # rows were reset in it
    best, until, replays = finding, _until(context), 0
    path, size = list(reproduction.actions), max(1, len(reproduction.actions) // 2)
    while path and size >= 1:
        start, smaller = 0, False
        while start < len(path):
            if replays >= MOST_REPLAYS or time.monotonic() > until:
                return best
            shorter, replays = path[:start] + path[start + size :], replays + 1
            found = _same_failure(check, context, finding, shorter)
            if found is None or found.reproduction is None:
                start += size
            else:
                path, smaller = shorter, True
                best = replace(finding, sentence=found.sentence, reproduction=found.reproduction)
        if not smaller:
            size //= 2
    return best


def _until(context: CheckContext) -> float:
    now = time.monotonic()
    left = MOST_SECONDS if context.deadline is None else (context.deadline - now) / 4
    return now + min(MOST_SECONDS, left)


def _same_failure(
    check: Callable[[CheckContext], Any], context: CheckContext, finding: Finding, path: list[Any]
) -> Failure | None:
    """The same failure, apart from the numbers in it, after other actions; None where there is none."""
    assert finding.reproduction is not None
    replay = _replay(context, finding, path)
    if context.inside is not None:
        replay.inside = _replay(context.inside, finding, path)
    try:
        for found in check(replay):
            if isinstance(found, Failure) and without_numbers(found.sentence) == without_numbers(finding.sentence):
                return found
    except Exception:  # other actions may lead anywhere; then they are not taken
        return None
    return None


def _replay(context: CheckContext, finding: Finding, path: list[Any]) -> Replay:
    assert finding.reproduction is not None
    replay: Replay = context.related(context.make, 1, Replay)
    replay.seed, replay.path = finding.reproduction.seed or 0, tuple(path)
    replay.tried = finding.reproduction.action
    if context.weighed is not None:
        replay.behaviour = known_behaviour(context.weighed)
    return replay


def without_numbers(sentence: str) -> str:
    """What stays the same where a failure is about another action or state."""
    return re.sub(r"[-+]?\d[\d.e+-]*", "#", sentence)
