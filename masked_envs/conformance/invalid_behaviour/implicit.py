"""Signs that can only be seen: an action has no effect, or none but a penalty or the end of the episode."""

from __future__ import annotations

from .case import FEWEST, Case, Weighed
from .responses import Response
from .signs import NO_EFFECTS, Behaviour, is_without_effect
from .words import HOW, ambiguous, most_telling, sign_words

CLEARLY = 0.3  # by how much more often forbidden actions must be refused than allowed ones, where both are


def by_effects(case: Case) -> Weighed:
    """Forbidden actions are not carried out, and cost something, end the episode, or do nothing else."""
    if not case.enough():
        return Weighed(
            reason=f"{len(case.forbidden):,} forbidden and {len(case.allowed):,} allowed actions in few states are not "
            f"enough for a sign that is no exception and no flag in info: take more steps, or {HOW}"
        )
    straight, upside_down = _straight(case), inverted(case)
    exact = straight is not None and not straight.reason and not straight.refused and not straight.accepted
    if exact and upside_down is None:
        assert straight is not None
        return straight
    if upside_down is not None and not exact:
        return upside_down
    if straight is not None and not exact:
        return straight
    return Weighed(reason=ambiguous(case, most_telling(case), []))


def _straight(case: Case) -> Weighed | None:
    """The mask explains what is carried out, or nearly so; None where it does not."""
    for no_effect in NO_EFFECTS:
        if not is_common(without_effect(case.forbidden, no_effect, case.clock)) or not is_comparable(case, no_effect):
            continue
        result = _no_forbidden_one_has_effects(case, no_effect)
        if result is not None:
            return result
    return _two_modes(case) or _some_forbidden_carried_out(case)


def _no_forbidden_one_has_effects(case: Case, no_effect: str) -> Weighed | None:
    """No forbidden action was carried out: was every allowed one?"""
    plain = Behaviour("ignore", no_effect, clock=case.clock)
    penalty = _with_penalty(case.forbidden, no_effect, case.clock)
    ended = Behaviour("terminate", no_effect, clock=case.clock) if penalty.name == "terminate" else plain
    rewards = {response.reward for response in case.forbidden}
    others = [response for response in case.allowed if not penalty.shown_by(response)]
    if 2 * sum(bool(plain.shown_by(response)) for response in others) > len(others):
        return None  # most others change nothing either: what can be seen tells too little
    tried = [sign for sign in (penalty, ended, plain) if case.counts(sign)[1] == 0]
    if tried:
        # The words say as much as no allowed action contradicts: a reward that others get too is no penalty.
        usual = {response.reward for response in case.allowed}
        sign = tried[0] if tried[0] is not penalty or not rewards & usual or penalty.name == "terminate" else tried[-1]
        return Weighed(case.described(sign, sign_words(case, sign, case.forbidden)))
    same = [response for response in case.allowed if penalty.shown_by(response)]
    failures = _refusals(case, penalty)
    if failures:
        return Weighed(case.described(penalty, sign_words(case, penalty, case.forbidden)), "", failures)
    return Weighed(None, ambiguous(case, penalty, same))


def _with_penalty(side: list[Response], no_effect: str, clock: frozenset[int]) -> Behaviour:
    """The sign of actions that are not carried out, with their reward, and the end of the episode, as part of it."""
    rewards = {response.reward for response in side}
    name = "terminate" if all(response.ended for response in side) else "penalise"
    return Behaviour(name, no_effect, max(rewards), len(rewards) > 1, clock=clock)


def _refusals(case: Case, sign: Behaviour) -> list[Response]:
    """The allowed actions with all signs of a refusal that can be nothing else.

    One could be an action that does nothing, such as waiting, if it always shows the sign; or if the reward is one that
    actions with an effect get too. The end of the episode is no refusal for certain: a move may lose.
    """
    others = [response for response in case.allowed if not sign.shown_by(response)]
    assert sign.reward is not None
    if sign.name == "terminate" or len(others) < FEWEST or sign.reward >= min(other.reward for other in others):
        return []
    with_effect = {other.key for other in others}
    return [response for response in case.allowed if sign.shown_by(response) and response.key in with_effect]


def _two_modes(case: Case) -> Weighed | None:
    """All that is not carried out gets a penalty, and nothing else gets one as high, whatever the mask says: then that
    is a refusal, and the mask may be wrong on both sides.
    """
    tried = [*case.forbidden, *case.allowed]
    for no_effect in ("nothing", "clock", "observation"):
        inert = [response for response in tried if is_without_effect(response, no_effect, case.clock)]
        others = [response for response in tried if not is_without_effect(response, no_effect, case.clock)]
        if min(len(inert), len(others)) < FEWEST:
            continue
        worst = max(response.reward for response in inert)
        sign = Behaviour("penalise", no_effect, worst, at_most=True, clock=case.clock)
        f, a = case.counts(sign)
        clear = f / len(case.forbidden) - a / len(case.allowed) >= CLEARLY
        if not clear or worst >= min(other.reward for other in others):
            continue
        refused = _refusals(case, sign)
        accepted = [
            response
            for response in case.forbidden
            if not sign.shown_by(response) and not response.ended and not response.partly
        ]
        if refused or accepted:
            return Weighed(case.described(sign, sign_words(case, sign, inert)), "", refused, accepted)
    return None


def _some_forbidden_carried_out(case: Case) -> Weighed | None:
    """Every allowed action had an effect, many forbidden ones had none: the others were accepted, if it looks so.

    An action may be refused and leave a trace: it turns who stands before a wall, a part of it is carried out, or
    others react to it. So the effect must be one that an allowed action had too; a world that moves by itself tells
    nothing.
    """
    candidates = [Behaviour("ignore", no_effect, clock=case.clock) for no_effect in NO_EFFECTS if no_effect != "alike"]
    candidates = [sign for sign in candidates if not case.counts(sign)[1] and case.counts(sign)[0] >= FEWEST]
    if not candidates:
        return None
    sign = max(candidates, key=lambda sign: case.counts(sign)[0])
    rewards = [response.reward for response in case.allowed]
    effects = {response.changed for response in case.allowed} - {None}
    accepted = [
        response
        for response in case.forbidden
        if sign.shown_by(response) is False and min(rewards) <= response.reward <= max(rewards)
        and response.changed in effects and not response.ended and not response.partly
        and not any(without_effect([response], no_effect, case.clock)[0] for no_effect in NO_EFFECTS)
    ]  # fmt: skip
    if not accepted:
        return Weighed(None, ambiguous(case, sign, []))
    inert = [response for response in case.forbidden if sign.shown_by(response)]
    return Weighed(case.described(sign, sign_words(case, sign, inert)), "", [], accepted)


def inverted(case: Case) -> Weighed | None:
    """No allowed action was carried out and all forbidden ones were, which cost no more."""
    if not case.enough():
        return None
    mean = [sum(r.reward for r in side) / len(side) for side in (case.allowed, case.forbidden)]
    for no_effect in ("nothing", "clock"):
        allowed, forbidden = (without_effect(side, no_effect, case.clock) for side in (case.allowed, case.forbidden))
        if all(allowed) and not any(forbidden) and mean[0] <= mean[1]:
            sign = Behaviour("ignore", no_effect, clock=case.clock)
            words = sign_words(case, _with_penalty(case.allowed, no_effect, case.clock), case.allowed)
            return Weighed(case.described(sign, words), "", case.allowed, case.forbidden, inverted=True)
    return None


def is_common(shown: list[bool | None]) -> bool:
    """Whether all actions show a sign, as far as that is known, which must be of most of them."""
    known = [one for one in shown if one is not None]
    return all(known) and len(known) >= max(FEWEST, len(shown) / 2)


def is_comparable(case: Case, no_effect: str) -> bool:
    """Whether allowed actions can be held against forbidden ones, mostly, and else did not share their results."""
    shown = zip(case.allowed, without_effect(case.allowed, no_effect, case.clock), strict=True)
    unknown = [response for response, one in shown if one is None]
    return len(unknown) <= len(case.allowed) / 2 and all(response.as_allowed < 2 for response in unknown)


def without_effect(side: list[Response], no_effect: str, clock: frozenset[int]) -> list[bool | None]:
    """Of each response, whether its action was not carried out; what raised was not."""
    return [True if response.raised else is_without_effect(response, no_effect, clock) for response in side]
