"""L1: what a mask means."""

from __future__ import annotations

from dataclasses import replace

from ...mask_spec import MEANINGS
from ..context import CheckContext, Failure, Findings, NotApplicable, NotJudged
from ..invalid_behaviour import weighed
from .exact import INVERTED


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
    result = weighed(context.inside or context)
    context.evidence = replace(result.evidence)
    if result.reason:
        yield NotJudged("whether 1 allows and 0 forbids is not known: see L7")
    if result.inverted:
        yield Failure(INVERTED, result.refused[0].reproduction())
