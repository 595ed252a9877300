"""L4: a mask belongs to the observation beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..context import Caution, CheckContext, Findings, NotJudged, VisitedState, shown
from ..env_view import EnvView
from ..global_streams import same_global_streams
from ..time_step import StepResult, differing, handed_out, info_of_step, parts_of_step
from ..values import arrays_in, fingerprint

COPIES = 8  # that must agree before a difference between two of them means anything
FEWER_COPIES = 3  # where time is short
CONTROL_STEPS = 4


def fresh(context: CheckContext) -> Findings:
    """L4 Fresh. The mask belongs to the observation beside it. It is a copy or read-only: the array handed out at time
    t still holds its values at t + 1. Asking for it changes nothing and draws no random number.
    """
    rng, agree = context.rng(4), _copies_agree(context)
    spares: list[EnvView] = []
    before: tuple[VisitedState, dict[str, bytes], dict[str, bytes]] | None = None
    for state in context.walk():
        if before is not None:
            yield from _kept(*before, state)
        before = (state, handed_out(state.time_step), info_of_step(state.time_step))
        yield from _asked(state)
        actions = context.choose(state.view, rng)
        if actions is None or not agree:
            continue
        spares = spares or [state.view.fork(), state.view.fork()]
        yield from _asking_is_free(state, spares, actions)
        yield from _written_on(context, state, actions)
    if not agree:
        yield NotJudged("copies of the environment, given the same actions, differ: compare it with L10")


def together(views: list[EnvView], actions: dict[str, Any]) -> list[StepResult]:
    """The results of the same actions on copies, which draw the same numbers from global random streams."""
    results = []
    for view in views:
        with same_global_streams():
            results.append(view.attempt(actions))
    return results


def _copies_agree(context: CheckContext) -> bool:
    """Whether copies given the same actions go the same way. Where they do not, as an environment whose copies share
    something, a difference between two of them tells nothing.
    """
    view = context.new_view()
    view.reset(context.seed)
    copies = [view.fork() for _ in range(COPIES if context.until is None else FEWER_COPIES)]
    rng = context.rng(4)
    for _ in range(CONTROL_STEPS):
        actions = context.choose(copies[0], rng)
        if actions is None or context.out_of_time():
            break
        first, *others = (parts_of_step(result.after) for result in together(copies, actions))
        if any(differing(first, other) for other in others):
            return False
    return True


def _kept(state: VisitedState, before: dict[str, bytes], info: dict[str, bytes], after: VisitedState) -> Findings:
    """What was handed out before the last step still holds its values."""
    following = after.path[len(state.path) :] if after.path[: len(state.path)] else after.path
    changed = differing(before, handed_out(state.time_step))
    if changed:
        yield state.failure(
            f"the next step changed what had been handed out: {', '.join(changed)}",
            next(iter(state.time_step.agents)), compared="kept", differs=changed, following=following[:1],
        )  # fmt: skip
    elif changed := differing(info, info_of_step(state.time_step)):
        yield Caution(f"the next step changed what had been handed out in info: {', '.join(changed)}")


def _asked(state: VisitedState) -> Findings:
    """The mask stays the same however often it is asked for."""
    before = {name: {place: fingerprint(mask) for place, mask in agent.masks.items()}
              for name, agent in state.time_step.agents.items()}  # fmt: skip
    for _ in range(2):
        for name, agent in state.view.ask().agents.items():
            again = {place: fingerprint(mask) for place, mask in agent.masks.items()}
            if changed := differing(before[name], again):
                yield state.failure(
                    f"asked for again, the mask is another one: {', '.join(changed)}", name,
                    compared="asked", differs=changed,
                )  # fmt: skip
                return


def _asking_is_free(state: VisitedState, spares: list[EnvView], actions: dict[str, Any]) -> Findings:
    """Of two copies one is asked for its mask; the state and the next step stay the same."""
    asked, unasked = (state.view.fork(spare) for spare in spares)
    spares[:] = [asked, unasked]
    before = asked.position()
    for _ in range(3):
        asked.ask()
    if asked.position() != before:
        yield state.failure("asking for the mask changed the state", compared="asked", differs=("get_state()",))
        return
    first, second = (parts_of_step(result.after) for result in together([asked, unasked], actions))
    if changed := differing(first, second):
        yield state.failure(
            f"asking for the mask changed what the next step gives: {', '.join(changed)}",
            compared="asking", differs=changed, following=(shown(actions),),
        )  # fmt: skip


def _written_on(context: CheckContext, state: VisitedState, actions: dict[str, Any]) -> Findings:
    """Writing into a mask that was handed out changes nothing in the environment."""
    view = state.view.fork()
    if view.attempt(actions).error is not None or view.time_step is None:
        return
    again, untouched = context.choose(view, context.rng()), view.fork()
    for array in (a for agent in view.time_step.agents.values() for a in arrays_in(agent.returned)):
        if array.flags.writeable:
            array[...] = np.zeros((), array.dtype)
    if again is None:
        return
    first, second = (parts_of_step(result.after) for result in together([view, untouched], again))
    if changed := differing(first, second):
        yield state.failure(
            f"writing into the mask that step() handed out changed what the next step does: {', '.join(changed)}",
            compared="written", differs=changed, following=(shown(actions), shown(again)),
        )  # fmt: skip
