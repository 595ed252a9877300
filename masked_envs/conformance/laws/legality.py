"""L7, L8, L9: what the environment does with allowed and forbidden actions, probed from copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...errors import InvalidActionError
from ...mask_spec import MaskSpec
from ..actions import malformed_actions, out_of_range, probe_actions
from ..context import MOST_PROBES, CheckContext, Findings, NotApplicable, VisitedState
from ..env_view import EnvView
from ..masks import binary_mask
from ..snippet import written
from ..time_step import StepResult, is_still, step_digest

AGENTS_PER_STATE = 2  # of a vector environment's rows, how many are probed in one state
MALFORMED_STATES = 3  # states in which every malformed action is tried
ANSWERS = ("raise", "terminate", "noop", "resample")


def _probed_agents(state: VisitedState, rng: np.random.Generator) -> list[str]:
    names = list(state.time_step.acting)
    return [str(name) for name in rng.permutation(names)[:AGENTS_PER_STATE]] if names else []


def exact(context: CheckContext) -> Findings:
    """L7 Exact. Every allowed action is accepted from that very state, every forbidden one is refused. Actions that are
    out of range, negative, not a number, or of another dtype or shape are refused too, never clamped.
    """
    rng, spare, unknown, alike = context.rng(7), None, False, ""
    for number, state in enumerate(context.walk()):
        others = context.choose(state.view, rng)
        for name in _probed_agents(state, rng) if others is not None else ():
            assert others is not None
            for action, allowed in _actions_to_try(state, name, others[name], rng, number < MALFORMED_STATES):
                if number and context.out_of_time():
                    break
                spare = state.view.fork(spare)
                context.probes += 1
                result = spare.attempt({**others, name: action})
                refused = result.refused(name)
                unknown |= refused is None and not allowed
                if allowed and refused and not alike and is_still_after(state, result, name):
                    alike = written(action)
                if allowed and refused and (result.is_explicit(name) or is_penalised(state, result, name)):
                    why = f": {result.error}" if result.error is not None else ""
                    yield state.failure(
                        f"the mask allows {written(action)}, and the environment refused it{why}", name, action
                    )
                elif not allowed and refused is False:
                    yield state.failure(
                        f"the mask forbids {written(action)}, and the environment accepted it", name, action
                    )
    if alike:
        yield NotApplicable(
            f"the mask allows {alike} somewhere, and what came of it is what comes of forbidden actions: it was "
            "refused, or it is an action that does nothing"
        )
    if unknown:
        yield NotApplicable(
            "refusals leave no sign: no exception, no info['invalid_action'], no counter, and nothing that all "
            "forbidden actions have in common; say on_invalid= if there is one"
        )


def _actions_to_try(
    state: VisitedState, name: str, legal: Any, rng: np.random.Generator, malformed: bool
) -> list[tuple[Any, bool]]:
    """Actions to try for one agent, and whether its mask allows them."""
    spec, head_mask = state.view.spec(name), state.view.head_mask(name)
    mask = binary_mask(spec, state.agent(name).mask)
    tries = probe_actions(spec, mask, legal, rng, MOST_PROBES)
    odd = filter(state.view.can_represent, _not_actions(state.view, spec, legal) if malformed else ())
    return [
        *((action, bool(spec.allows(mask, action, head_mask))) for action in tries),
        *((action, False) for action in odd),
    ]


def _not_actions(view: EnvView, spec: MaskSpec, legal: Any) -> list[Any]:
    """What no mask allows; of an environment that knows no law only what is out of range."""
    if view.declares:
        return malformed_actions(spec, legal)
    return [out_of_range(spec, legal), *([int(spec.start) - 1] if spec.kind == "flat" else [])]  # type: ignore[attr-defined]


def is_penalised(state: VisitedState, result: StepResult, name: str) -> bool:
    """Whether an action that the mask allows brought the penalty of an invalid one, and nothing else."""
    behaviour: Any = result.behaviour
    after = result.agent(name)
    return bool(
        getattr(behaviour, "name", "") == "penalise" and behaviour.reward is not None and after is not None
        and not after.ended and is_still(state.agent(name), after)
    )  # fmt: skip


def is_still_after(state: VisitedState, result: StepResult, name: str) -> bool:
    """Whether an action left the observation as it was, and nothing says outright whether it was refused."""
    after = result.agent(name)
    return after is not None and not result.is_explicit(name) and is_still(state.agent(name), after)


def _forbidden(context: CheckContext, rng: np.random.Generator) -> Iterator[tuple[VisitedState, dict[str, Any], str]]:
    """States of a walk with the actions of all agents, of which that of the named agent is forbidden."""
    for state in context.walk():
        legal = context.choose(state.view, rng)
        if legal is None:
            continue
        for name in _probed_agents(state, rng):
            spec = state.view.spec(name)
            mask, head_mask = binary_mask(spec, state.agent(name).mask), state.view.head_mask(name)
            tries = [*probe_actions(spec, mask, legal[name], rng, 16), out_of_range(spec, legal[name])]
            bad = [action for action in tries if not spec.allows(mask, action, head_mask)]
            yield state, {**legal, name: bad[int(rng.integers(len(bad)))]}, name


def refusal(context: CheckContext) -> Findings:
    """L8 Refusal. `on_invalid` says what a refused action does: "raise" InvalidActionError, a ValueError that names the
    action, the legal ones and how to sample one, while nothing has moved, of a batch no row; "terminate" the episode;
    "noop", time passes and nothing else; "resample", a legal action is carried out instead; each of the last three
    with `invalid_reward` added and info["invalid_action"] True.
    """
    rng, mode = context.rng(8), context.new_view().on_invalid
    if mode not in ANSWERS:
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
    following = [copy.attempt(legal or actions).after for copy in (tried, untouched)]
    if step_digest(following[0]) != step_digest(following[1]):
        yield state.failure(f"{written(action)} was refused, and yet the next step gives something else", name, action)


def _tolerated(state: VisitedState, result: StepResult, tried: EnvView, mode: str, action: Any, name: str) -> Findings:
    """What "terminate", "noop" and "resample" have in common, and each alone."""
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
    agent = result.after.final.get(name) or result.after.agents[name]
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
    if mode == "noop" and not agent.ended and _still(state.view, name) != _still(tried, name):
        yield state.failure(f"on_invalid='noop', and {written(action)} changed more than the clock", name, action)


def _still(view: EnvView, name: str) -> bytes | None:
    """The position of a agent but for its clock; None where that cannot be known."""
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
        context.probes += 1
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
    resting = [name for name, agent in state.time_step.agents.items() if not agent.acting and name in actions]
    legal = CheckContext.choose(state.view, np.random.default_rng(0))
    if not resting or legal is None:
        return
    spoilt = {name: out_of_range(state.view.spec(name), legal[name]) for name in resting}
    result = state.view.fork().attempt({**legal, **spoilt})
    if result.error is not None:
        yield state.failure(f"an action that autoreset discards was refused: {result.error}", resting[0])
    elif any((result.counted or {}).values()):
        yield state.failure("actions that autoreset discards were counted as invalid", resting[0])
