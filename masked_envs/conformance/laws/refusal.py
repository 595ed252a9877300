"""L8 and L9: how the environment answers forbidden actions, and that it counts them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...errors import InvalidActionError
from ..actions import out_of_range, probe_actions
from ..context import CheckContext, Findings, NotApplicable, VisitedState
from ..env_view import EnvView
from ..invalid_behaviour.responses import probed_agents
from ..masks import binary_mask
from ..snippet import written
from ..time_step import StepResult, differing, parts_of_step

ON_INVALID = ("raise", "terminate", "noop", "resample")


def _forbidden(context: CheckContext, rng: np.random.Generator) -> Iterator[tuple[VisitedState, dict[str, Any], str]]:
    """States of a walk with the actions of all agents, of which that of the named agent is forbidden."""
    for state in context.walk():
        legal = context.choose(state.view, rng)
        if legal is None:
            continue
        for name in probed_agents(state, rng):
            spec = state.view.spec(name)
            mask, head_mask = binary_mask(spec, state.agent(name).mask), state.view.head_mask(name)
            tries = [*probe_actions(spec, mask, legal[name], rng, 16, head_mask), out_of_range(spec, legal[name])]
            bad = [action for action in tries if not spec.allows(mask, action, head_mask)]
            yield state, {**legal, name: bad[int(rng.integers(len(bad)))]}, name


def refusal(context: CheckContext) -> Findings:
    """L8 Refusal. `on_invalid` says what a refused action does: "raise" InvalidActionError, a ValueError that names the
    action, the legal ones and how to sample one, while nothing has moved, of a batch no row; "terminate" the episode;
    "noop", time passes and nothing else; "resample", a legal action is carried out instead; each of the last three
    with `invalid_reward` added and info["invalid_action"] True.
    """
    rng, mode = context.rng(8), context.new_view().on_invalid
    if mode not in ON_INVALID:
        yield NotApplicable(
            "the environment does not say what it does with invalid actions (an attribute on_invalid)", whole=True
        )
        return
    spares: list[EnvView] = []
    for state, actions, name in _forbidden(context, rng):
        if not spares:
            spares = [state.view.fork(), state.view.fork()]
        tried, untouched = (state.view.fork(spare) for spare in spares)
        result = tried.attempt(actions)
        context.evidence.forbidden += 1
        if mode == "raise":
            yield from _raised(context, state, result, tried, untouched, actions, name)
        else:
            yield from _tolerated(state, result, tried, mode, actions[name], name)


def _raised(
    context: CheckContext,
    state: VisitedState,
    result: StepResult,
    tried: EnvView,
    untouched: EnvView,
    actions: Any,
    name: str,
) -> Findings:
    action, error = actions[name], result.error
    if error is None:
        yield state.failure(f"on_invalid='raise', and {written(action)} raised nothing", name, action)
        return
    if not isinstance(error, InvalidActionError):
        yield state.failure(f"{written(action)} raised {type(error).__name__}, not InvalidActionError", name, action)
    elif "Legal now" not in str(error) or "ample" not in str(error):
        yield state.failure(f"the error does not say what is legal and how to sample it: {error}", name, action)
    if tried.position() != untouched.position():
        yield state.failure(f"{written(action)} was refused, and yet the state has changed", name, action)
        return
    legal = context.choose(untouched, context.rng())
    first, second = (parts_of_step(copy.attempt(legal or actions).after) for copy in (tried, untouched))
    if differing(first, second):
        yield state.failure(f"{written(action)} was refused, and yet the next step gives something else", name, action)


def _tolerated(state: VisitedState, result: StepResult, tried: EnvView, mode: str, action: Any, name: str) -> Findings:
    """What "terminate", "noop" and "resample" have in common, and what each does."""
    if result.after is None:
        error = result.error
        yield state.failure(
            f"on_invalid={mode!r}, and {written(action)} raised {type(error).__name__}: {error}", name, action
        )
        return
    if not result.flagged(name):
        yield state.failure(f'{written(action)} was refused without info["invalid_action"]', name, action)
    if mode == "resample" or not state.view.acts_at_once:
        return
    agent = result.after.everyone[name]
    penalty = float(tried.attribute("invalid_reward") or 0.0)
    if float(agent.reward) != penalty:
        yield state.failure(
            f"{written(action)} was refused with the reward {agent.reward}, not {penalty}", name, action
        )
    if mode == "terminate" and not (agent.terminated and not agent.truncated):
        yield state.failure(
            f"on_invalid='terminate', and {written(action)} did not terminate the episode", name, action
        )
    if mode == "noop" and agent.terminated:
        yield state.failure(f"on_invalid='noop', and {written(action)} terminated the episode", name, action)
    if mode == "noop" and not agent.ended and _without_clock(state.view, name) != _without_clock(tried, name):
        yield state.failure(f"on_invalid='noop', and {written(action)} changed more than the clock", name, action)


def _without_clock(view: EnvView, name: str) -> bytes | None:
    """The state of an agent without its clock; None where that cannot be read."""
    position = view.position()
    if isinstance(position, tuple):
        position = position[list(view.time_step.agents).index(name)] if view.time_step is not None else None
    return position.without_clock() if hasattr(position, "without_clock") else None


def counted(context: CheckContext) -> Findings:
    """L9 Counted. The environment itself counts the invalid actions that it was given, before it answers them, one
    count per row in a vector environment; actions that autoreset discards do not count, and no count ever falls.
    """
    view = context.new_view()
    view.reset(context.seed)
    if view.counts() is None:
        if view.declares:
            yield next(context.walk(1)).failure("the environment has no counter invalid_actions")
        else:
            yield NotApplicable("the environment has no counter invalid_actions", whole=True)
        return
    rng, spare = context.rng(9), None
    for state, actions, name in _forbidden(context, rng):
        spare = state.view.fork(spare)
        context.evidence.forbidden += 1
        yield from _counted_once(state, spare.attempt(actions), name, actions[name])
        yield from _never_falls(state, spare)
        yield from _discarded(state, actions)


def _counted_once(state: VisitedState, result: StepResult, name: str, action: Any) -> Findings:
    apart = state.view.interface == "gymnasium.vector.VectorEnv"
    for agent, moved in (result.counted or {}).items():
        expected = int(agent == name or not apart)
        if moved != expected:
            yield state.failure(f"the counter moved by {moved}, not {expected}, for {written(action)}", name, action)
            return


def _never_falls(state: VisitedState, tried: EnvView) -> Findings:
    before = tried.counts()
    tried.reset(state.seed)
    after = tried.counts(before)
    if after != before:
        yield state.failure(f"reset() changed the counter from {before} to {after}")


def _discarded(state: VisitedState, actions: dict[str, Any]) -> Findings:
    """Invalid actions for rows whose action autoreset discards."""
    discarded = [name for name, agent in state.time_step.agents.items() if not agent.acting and name in actions]
    legal = CheckContext.choose(state.view, np.random.default_rng(0))
    if not discarded or legal is None:
        return
    malformed = {name: out_of_range(state.view.spec(name), legal[name]) for name in discarded}
    result = state.view.fork().attempt({**legal, **malformed})
    if result.error is not None:
        yield state.failure(f"an action that autoreset discards was refused: {result.error}", discarded[0])
    elif any((result.counted or {}).values()):
        yield state.failure("actions that autoreset discards were counted as invalid", discarded[0])
