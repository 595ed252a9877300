"""L4: a mask belongs to the observation beside it."""

from __future__ import annotations

from typing import Any

from ..context import CheckContext, Findings, VisitedState
from ..env_view import EnvView
from ..time_step import step_digest
from ..values import arrays_in, fingerprint

COPIES = 8  # that must agree before a difference between two of them says anything
CONTROL_STEPS = 4


def fresh(context: CheckContext) -> Findings:
    """L4 Fresh. The mask belongs to the observation beside it. It is a copy or read-only: the array handed out at time
    t still holds its values at t + 1. Asking for it changes nothing and draws no random number.
    """
    rng, agree = context.rng(4), _copies_agree(context)
    spares: list[EnvView] = []
    handed: tuple[VisitedState, bytes] | None = None
    for state in context.walk():
        yield from _kept(handed)
        handed = (state, step_digest(state.time_step))
        yield from _asked(state)
        actions = context.choose(state.view, rng)
        if actions is None:
            continue
        if not agree:
            continue
        spares = spares or [state.view.fork(), state.view.fork()]
        yield from _asking_is_free(state, spares, actions)
        yield from _written_on(context, state, actions)


def _copies_agree(context: CheckContext) -> bool:
    """Whether copies given the same actions tell the same. Where they do not, as an environment that draws from global
    random numbers (L10), nothing can be read from a difference between two of them.
    """
    view = context.new_view()
    view.reset(context.seed)
    copies = [view.fork() for _ in range(COPIES)]
    rng = context.rng(4)
    for _ in range(CONTROL_STEPS):
        actions = context.choose(copies[0], rng)
        if actions is None:
            break
        if len({step_digest(copied.attempt(actions).after) for copied in copies}) > 1:
            return False
    return True


def _kept(handed: tuple[VisitedState, bytes] | None) -> Findings:
    """What was handed out before the last step still holds its values."""
    if handed is not None:
        state, before = handed
        if step_digest(state.time_step) != before:
            yield state.failure("the next step changed what had been handed out", next(iter(state.time_step.agents)))


def _asked(state: VisitedState) -> Findings:
    """The mask stays the same however often it is asked for."""
    before = {name: fingerprint(agent.masks) for name, agent in state.time_step.agents.items()}
    for _ in range(2):
        for name, agent in state.view.ask().agents.items():
            if fingerprint(agent.masks) != before[name]:
                yield state.failure("asked for again, the mask is another one", name)
                return


def _asking_is_free(state: VisitedState, spares: list[EnvView], actions: dict[str, Any]) -> Findings:
    """Of two copies one is asked for its mask; the position and the next step stay the same."""
    asked, unasked = (state.view.fork(spare) for spare in spares)
    before = asked.position()
    for _ in range(3):
        asked.ask()
    if asked.position() != before:
        yield state.failure("asking for the mask changed the state")
        return
    following = [copy.attempt(actions).after for copy in (asked, unasked)]
    if step_digest(following[0]) != step_digest(following[1]):
        yield state.failure("asking for the mask changed what the next step gives")


def _written_on(context: CheckContext, state: VisitedState, actions: dict[str, Any]) -> Findings:
    """Writing into a mask that was handed out changes nothing in the environment."""
    view = state.view.fork()
    if view.attempt(actions).error is not None or view.time_step is None:
        return
    again = context.choose(view, context.rng())
    untouched = view.fork()
    for array in (a for agent in view.time_step.agents.values() for a in arrays_in(agent.masks)):
        if array.flags.writeable:
            array[...] = 0
    if again is None:
        return
    following = [copy.attempt(again) for copy in (view, untouched)]
    if step_digest(following[0].after) != step_digest(following[1].after):
        yield state.failure("writing into the mask that step() handed out changed what the next step does")
