"""Signs that an environment gives on purpose, such as exceptions and flags in info, or that its user declares."""

from __future__ import annotations

from collections import Counter

from .case import FEWEST, Case, Weighed, judged
from .implicit import inverted, is_common, without_effect
from .responses import Response
from .signs import NO_EFFECTS, Behaviour
from .words import HOW, ambiguous, counted, example, sign_words, types_of

MOSTLY = 0.9  # share of the forbidden actions that must get a reward which is their penalty
ALWAYS = 3  # times that an allowed action must be seen without an effect before it may be meant to have none
CLEARLY = 0.5  # by how much more often forbidden actions must be flagged than allowed ones


def nothing_tried(case: Case) -> Weighed | None:
    """No verdict without a single response."""
    return None if case.allowed else Weighed(reason="no action that the mask allows could be tried")


def by_word(case: Case) -> Weighed | None:
    """By the exception, flag and counter of this project's interface, or by the caller's function or key."""
    named = case.options.refused
    if case.declares:
        result = judged(Behaviour("interface"), case.found)
        unknown = any(response.reported is None for response in case.found)
        reason = "refusals leave no sign: no exception, no info['invalid_action'] and no counter"
    elif named is not None:
        sign = Behaviour("reported")
        result = judged(sign, case.found)
        how = f"refused={named!r}" if isinstance(named, str) else "refused="
        result.behaviour = case.described(sign, "shows the sign that was named", how)
        unknown = not any(response.reported is not None for response in case.forbidden)
        reason = "refused= gave None for every forbidden action" if case.forbidden else never_forbade(case)
    else:
        return None
    result.broken = None
    if unknown and not (result.refused or result.accepted):
        result.reason = reason
    return result


def nothing_works(case: Case) -> Weighed | None:
    """Every allowed action raised: the mask is inverted, or `step` does not work."""
    if not all(response.raised for response in case.allowed):
        return None
    sign = case.described(Behaviour("raise"), f"raises {types_of(case.allowed)}")
    raised = [response for response in case.forbidden if response.raised]
    if case.forbidden and not raised and not any(response.is_defect for response in case.allowed):
        return Weighed(sign, "", case.allowed, case.forbidden, inverted=True)
    return Weighed(sign, "", [], [], broken=case.allowed[0])


def never_forbids(case: Case) -> Weighed | None:
    """No verdict, unless allowed actions raised, where nothing was forbidden."""
    if case.forbidden:
        return None
    raised = [response for response in case.allowed if response.raised]
    sign = case.described(Behaviour("raise"), f"raises {types_of(raised)}") if raised else None
    return Weighed(sign, "" if raised else never_forbade(case), raised)


def never_forbade(case: Case) -> str:
    """The same in words."""
    states = len({id(response.where) for response in case.found})
    return (
        f"the mask forbade none of the actions that were tried, {len(case.allowed):,} in {states:,} states: take more "
        "steps, or another seed"
    )


def by_exception(case: Case) -> Weighed | None:
    """Some forbidden actions raise and no allowed one does; what else there is, is a failure."""
    allowed = [response for response in case.allowed if response.raised]
    forbidden = [response for response in case.forbidden if response.raised]
    if not allowed and not forbidden:
        return None
    refusing = [response for response in forbidden if not response.is_defect]
    rest = [response for response in case.forbidden if not response.raised]
    if not allowed and not refusing:
        return Weighed(
            reason=f"{counted(forbidden, case.forbidden, 'forbidden')} raised {forbidden[0].error}: that is a defect "
            f"of the environment and no refusal, e.g. {example(forbidden[0])}; {HOW}"
        )
    another = another_way(case, rest) if refusing and not allowed else None
    sign = Behaviour("raise", another=another)
    words = f"raises {types_of(refusing or allowed)}"
    if another is not None:
        words += f", or {sign_words(case, another, rest)}"
    accepted = [response for response in rest if not sign.shown_by(response)] if refusing else []
    how = "declared" if case.options.on_invalid == "raise" else "found by trying"
    return Weighed(case.described(sign, words, how), "", allowed, accepted)


def another_way(case: Case, rest: list[Response]) -> Behaviour | None:
    """A second sign of forbidden actions, those that do not raise, which no allowed action shows."""
    for key in {key for response in rest for key in response.flags}:
        sign = Behaviour("flag", key=key)
        if any(map(sign.shown_by, rest)) and not case.counts(sign)[1]:
            return sign
    if len(rest) < FEWEST or len({response.key for response in rest}) < 2:
        return None
    usual, worst = min(response.reward for response in case.allowed), max(response.reward for response in rest)
    if not (worst < min(usual, 0) or (worst <= usual and all(response.ended for response in rest))):
        return None  # what costs nothing is no refusal
    for no_effect in ("nothing", "clock"):
        sign = Behaviour("penalise", no_effect, worst, at_most=True, clock=case.clock)
        if all(map(sign.shown_by, rest)) and not any(map(sign.shown_by, case.allowed)):
            return sign
    return None


def by_flag(case: Case) -> Weighed | None:
    """A key of info says of some forbidden actions, or of all allowed ones, that they were refused."""
    for key in dict.fromkeys(key for response in case.found for key in response.flags):
        sign = Behaviour("flag", key=key)
        f, a = case.counts(sign)
        forbidden, allowed = f / len(case.forbidden), a / len(case.allowed)
        if forbidden - allowed >= CLEARLY or forbidden == 1 > allowed or (forbidden, allowed) == (0, 1):
            result = judged(sign, case.found)
            result.behaviour, result.broken = case.described(sign, f"is marked in info[{key!r}]"), None
            return result
    return None


# --- what the caller declares ---------------------------------------------------------------------------------------


def by_declaration(case: Case) -> Weighed | None:
    """By the sign that the caller's `on_invalid=` names: what shows it is refused, what does not is accepted.

    None where forbidden actions have no such sign in common.
    """
    declared = case.options.on_invalid
    if declared is None:
        return None
    if (upside_down := inverted(case)) is not None:
        return upside_down
    if declared == "raise":  # and nothing raised
        sign = Behaviour("raise")
        return Weighed(case.described(sign, "raises an exception", "declared"), "", [], case.forbidden)
    no_effect = next((s for s in NO_EFFECTS if is_common(without_effect(case.forbidden, s, case.clock))), "")
    if not no_effect:
        return None
    reward, at_most = (penalty_of(case) if declared != "ignore" else None) or (None, False)
    sign = Behaviour(declared, no_effect, reward, at_most, clock=case.clock)
    result = judged(sign, case.found)
    result.behaviour, result.broken = case.described(sign, sign_words(case, sign, case.forbidden), "declared"), None
    unclear = result.refused if declared in ("ignore", "terminate") else _without_effect(case, sign)
    keys = {response.key for response in unclear}
    result.refused = [response for response in result.refused if response.key not in keys]
    nothing_told = len(result.refused) == len(case.allowed) and not result.accepted
    if nothing_told or (unclear and not result.refused and not result.accepted):
        return Weighed(result.behaviour, ambiguous(case, sign, unclear))
    return result


def _without_effect(case: Case, sign: Behaviour) -> list[Response]:
    """Allowed actions that show the sign whenever they are tried, and so may be ways to do nothing."""
    tried: dict[bytes, list[Response]] = {}
    for response in case.allowed:
        tried.setdefault(response.key, []).append(response)
    always = [same for same in tried.values() if len(same) >= ALWAYS and all(map(sign.shown_by, same))]
    return [response for same in always for response in same]


def penalty_of(case: Case) -> tuple[float, bool] | None:
    """The reward of forbidden actions, and whether it varies below that; None where allowed ones get it too."""
    (reward, times), *_ = Counter(response.reward for response in case.forbidden).most_common(1)
    if times >= MOSTLY * len(case.forbidden):
        return reward, False
    worst = max(response.reward for response in case.forbidden)
    return (worst, True) if worst < max(response.reward for response in case.allowed) else None
