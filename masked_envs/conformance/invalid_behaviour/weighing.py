"""How an environment refuses actions, found by weighing hypotheses over its responses.

Each hypothesis is a sign, such as an exception, a flag in info, or a penalty without any other effect. It explains an
exact mask if all forbidden actions show the sign and no allowed one does, and an inverted mask if it is the other way
round. What explains the responses less well is a failure only where nothing else can be meant; else it is not judged.
"""

from __future__ import annotations

from dataclasses import replace

from ..context import CheckContext
from ..env_view import Options
from ..evidence import Evidence
from .case import Case, Weighed, judged
from .explicit import by_declaration, by_exception, by_flag, by_word, never_forbids, nothing_tried, nothing_works
from .implicit import by_effects
from .responses import Response, responses
from .signs import Behaviour, Clock


def weigh(found: list[Response], options: Options, clock: frozenset[int], declares: bool = False) -> Weighed:
    """What responses say of the mask that they were sorted by.

    Args:
        found: the responses of all states.
        options: what the caller declares.
        clock: entries of the observation that move in every step.
        declares: whether the environment has this project's interface, whose signs are words.
    """
    case = Case(found, options, clock, declares)
    steps = (nothing_tried, by_word, nothing_works, never_forbids, by_exception, by_declaration, by_flag)
    result = next((result for step in steps if (result := step(case)) is not None), None) or by_effects(case)
    if result.behaviour is not None:
        result.near, result.malformed = case.carried_out("near", result), case.carried_out("malformed", result)
    return result


def weighed(context: CheckContext) -> Weighed:
    """What the responses of an environment say, found once; for a replayed path by the sign that is known already."""
    if context.weighed is None:
        evidence, context.evidence = context.evidence, Evidence()
        clock = Clock()
        found = list(responses(context, clock.follow))
        if context.behaviour is None:
            context.weighed = weigh(found, context.options, clock.entries, context.new_view().declares)
        else:
            context.weighed = judged(context.behaviour, found)
        context.weighed.evidence, context.evidence = context.evidence, evidence
    result: Weighed = context.weighed
    return result


def known_behaviour(result: Weighed) -> Behaviour | None:
    """The sign by which a replayed path is judged."""
    if result.behaviour is None:
        return None
    pattern = "broken" if result.broken is not None else "inverted" if result.inverted else ""
    return replace(result.behaviour, pattern=pattern)
