"""L7: what the environment does with allowed and forbidden actions, tried on copies."""

from __future__ import annotations

import time

from ..actions import forbidden_of
from ..context import Caution, CheckContext, Failure, Findings, NotJudged, VisitedState
from ..evidence import Evidence
from ..invalid_behaviour import Behaviour, Weighed, known_behaviour, weighed
from ..invalid_behaviour.responses import Before, Response
from ..masks import binary_mask
from ..report import Reproduction
from ..snippet import written
from .traces import hidden_effects

SWEEPS = 2  # states in which every forbidden action is tried, where they raise
SWEEP_SECONDS = 1.0  # of processor time, for each
TIMED = 256  # actions between two looks at the time
INVERTED = "the mask is inverted: what it marks with 1 is refused, with 0 accepted"


def exact(context: CheckContext) -> Findings:
    """L7 Exact. Every allowed action is accepted from that very state, every forbidden one is refused. Actions that are
    out of range, negative, not a number, or of another dtype or shape are refused too, never clamped.
    """
    # A mask wrapper refuses what the mask forbids, whatever the environment would do: both are looked at.
    looked_at = [context] if context.inside is None else [context.inside, context]
    context.evidence.add(weighed(looked_at[0]).evidence)
    for which in looked_at:
        yield from _judge(which, context.evidence)


def _judge(context: CheckContext, evidence: Evidence) -> Findings:
    result = weighed(context)
    if context.behaviour is not None:  # a replay of a failure
        yield from _failures(result, context.behaviour.pattern)
        return
    known = known_behaviour(result)
    yield from _failures(result, "" if known is None else known.pattern)
    yield from _warnings(result)
    if result.reason:
        yield NotJudged(result.reason)
    elif known is not None and known.name == "raise" and not known.pattern:
        yield from _sweep(context, evidence, known)
    elif known is not None and known.no_effect == "nothing" and not (result.refused or result.accepted):
        yield from hidden_effects(context, known)


def _failures(result: Weighed, pattern: str) -> Findings:
    if pattern == "broken":
        if result.broken is not None:
            yield _failure(f"every legal action raised {result.broken.error}: step is broken", result.broken)
        return
    if pattern == "inverted":
        if result.inverted:
            yield _failure(INVERTED, result.refused[0])
        return
    for response in result.refused:
        why = f"raised {response.error}" if response.raised else "refused it"
        yield _failure(f"the mask allows {written(response.action)}, and the environment {why}", response)
    for response in result.accepted:
        yield _failure(f"the mask forbids {written(response.action)}, and the environment accepted it", response)


def _failure(sentence: str, response: Response) -> Failure:
    return Failure(sentence, response.reproduction())


def _warnings(result: Weighed) -> Findings:
    if result.near:
        action = written(result.near[0].action)
        yield Caution(f"{action} is outside the bounds by no more than rounding, and was accepted", _way(result.near))
    if result.malformed:
        action = written(result.malformed[0].action)
        yield Caution(
            f"{action} is not in the action space, and the environment executed it, as Python does with negative "
            "indices: an agent that samples from the space never gives it",
            _way(result.malformed),
        )


def _way(responses: list[Response]) -> Reproduction:
    return responses[0].reproduction()


def _sweep(context: CheckContext, evidence: Evidence, behaviour: Behaviour) -> Findings:
    """Every forbidden action of some states, of an environment that raises: a copy that has refused one can be tried
    with the next, which is much faster than copying. What does not raise is tried again on a new copy.
    """
    if evidence.forbidden_in_all is None or evidence.forbidden >= evidence.forbidden_in_all:
        return
    interval = max(1, context.steps // SWEEPS)
    for number, state in enumerate(context.walk()):
        if number % interval == 0:
            for name in list(state.time_step.acting)[:1]:
                yield from _all_forbidden(context, state, name, behaviour, evidence)


def _all_forbidden(
    context: CheckContext, state: VisitedState, name: str, behaviour: Behaviour, evidence: Evidence
) -> Findings:
    spec, others = state.view.spec(name), context.choose(state.view, context.rng())
    if others is None:
        return
    before, copied, until = Before.of(state, name), state.view.fork(), time.process_time() + SWEEP_SECONDS
    for number, action in enumerate(forbidden_of(spec, binary_mask(spec, state.agent(name).mask))):
        if number % TIMED == 0 and (time.process_time() > until or context.out_of_time()):
            return
        evidence.forbidden += 1
        if not copied.raises({**others, name: action}):
            copied = state.view.fork()
            again = copied.attempt({**others, name: action})
            response = before.response(again, action, "forbidden", context)
            if not behaviour.shown_by(response):
                yield _failure(f"the mask forbids {written(action)}, and the environment accepted it", response)
            copied = state.view.fork()
