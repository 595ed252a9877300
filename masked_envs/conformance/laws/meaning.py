"""L1: what a mask means."""

from __future__ import annotations

import numpy as np

from ...mask_spec import MEANINGS
from ..actions import probe_actions
from ..context import CheckContext, Findings, NotApplicable, VisitedState
from ..masks import binary_mask
from ..time_step import AgentStep

INVERSION_STATES = 30  # that are looked at; those with both allowed and forbidden actions must all be inverted


def meaning(context: CheckContext) -> Findings:
    """L1 Meaning. 1 allows, 0 forbids, and the environment declares what that means: "legal", "useful" or "safe"."""
    view = context.new_view()
    view.reset(context.seed)
    if not view.declares:
        yield NotApplicable("the environment declares no mask_spec, and so no meaning")
    else:
        start = next(context.walk(1))
        for name in start.time_step.agents:
            declared = view.spec(name).meaning
            if declared not in MEANINGS:
                yield start.failure(f"the mask means {declared!r}, which is none of {MEANINGS}", name)
    yield from _inversion(context)


def _inversion(context: CheckContext) -> Findings:
    """Whether 0 allows and 1 forbids: every single action is answered the other way round."""
    rng, last = context.rng(1), None
    for state in context.walk(INVERSION_STATES):
        for name, agent in state.time_step.acting.items():
            answers = _answers(context, state, name, agent, rng)
            if len({allowed for allowed, _ in answers}) == 2:
                if not all(allowed == refused for allowed, refused in answers):
                    return
                last = state.failure("the mask is inverted: what it marks with 1 is refused, with 0 accepted", name)
    if last is not None:
        yield last


def _answers(
    context: CheckContext, state: VisitedState, name: str, agent: AgentStep, rng: np.random.Generator
) -> list[tuple[bool, bool]]:
    """For each action: whether the mask allows it, and whether the environment refused it."""
    spec, answers = state.view.spec(name), []
    others = context.choose(state.view, rng)
    if others is None or spec.kind in ("interval", "dict"):
        return []
    mask = binary_mask(spec, agent.mask)
    for action in probe_actions(spec, mask, others[name], rng, 8):
        refused = state.view.fork().attempt({**others, name: action}).refused(name)
        if refused is not None:
            answers.append((bool(spec.allows(mask, action, state.view.head_mask(name))), refused))
    return answers
