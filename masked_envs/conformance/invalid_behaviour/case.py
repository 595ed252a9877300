"""The responses that are weighed, and what they say."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from ..env_view import Options
from ..evidence import Evidence
from .responses import Response
from .signs import NO_EFFECTS, Behaviour, is_without_effect

FEWEST = 10  # responses of each side, before a sign that is no word of the environment is trusted
SEEN_ONLY = ("terminate", "penalise", "ignore")  # signs that are no word of the environment
FEWEST_STATES = 3  # in which forbidden actions showed it


@dataclass
class Weighed:
    """What the responses say.

    Attributes:
        behaviour: how the environment refuses; None where that is not known.
        reason: why there is no verdict on L7; "" where there is one.
        refused: allowed actions that were refused.
        accepted: forbidden actions that were accepted.
        inverted: whether the mask marks the refused actions with 1.
        broken: an allowed action, where every one of them raised.
        near: actions just outside of bounds that were accepted.
        malformed: no elements of the action space that were executed.
        evidence: what this is based on.
    """

    behaviour: Behaviour | None = None
    reason: str = ""
    refused: list[Response] = field(default_factory=list)
    accepted: list[Response] = field(default_factory=list)
    inverted: bool = False
    broken: Response | None = None
    near: list[Response] = field(default_factory=list)
    malformed: list[Response] = field(default_factory=list)
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True)
class Case:
    """The responses that are weighed."""

    found: list[Response]
    options: Options
    clock: frozenset[int]
    declares: bool

    @cached_property
    def allowed(self) -> list[Response]:
        return [response for response in self.found if response.kind == "allowed"]

    @cached_property
    def forbidden(self) -> list[Response]:
        return [response for response in self.found if response.kind == "forbidden"]

    def counts(self, sign: Behaviour) -> tuple[int, int]:
        """How many forbidden and how many allowed actions show a sign."""
        return sum(bool(sign.shown_by(r)) for r in self.forbidden), sum(bool(sign.shown_by(r)) for r in self.allowed)

    def enough(self) -> bool:
        """Whether both sides were tried often enough to trust a sign that is no word of the environment."""
        states = {id(response.where) for response in self.forbidden}
        return min(len(self.forbidden), len(self.allowed)) >= FEWEST and len(states) >= FEWEST_STATES

    def carried_out(self, kind: str, result: Weighed) -> list[Response]:
        """Responses of a kind that show no sign of a refusal; nor one like it, if the sign is not a word of its own."""
        sign = result.behaviour
        assert sign is not None
        no_effects = NO_EFFECTS if sign.name in SEEN_ONLY else {}
        return [
            response
            for response in self.found
            if response.kind == kind and not sign.shown_by(response) and not response.raised and not response.ended
            and not any(is_without_effect(response, no_effect, self.clock) for no_effect in no_effects)
        ]  # fmt: skip

    def described(self, sign: Behaviour, words: str, how: str = "found by trying") -> Behaviour:
        """A sign with its words and counts."""
        f, a = self.counts(sign)
        counts = f"{f:,} of {len(self.forbidden):,} forbidden actions, {a:,} of {len(self.allowed):,} allowed ones"
        return replace(sign, words=f"an invalid action {words} ({how}: {counts})")


def judged(behaviour: Behaviour, found: list[Response]) -> Weighed:
    """What responses of a single state say, by a sign that is known already."""
    allowed, forbidden = (
        [(response, behaviour.shown_by(response)) for response in found if response.kind == kind]
        for kind in ("allowed", "forbidden")
    )
    refused = [response for response, shown in allowed if shown]
    seen_only = behaviour.name in SEEN_ONLY
    accepted = [response for response, shown in forbidden if shown is False and not (seen_only and response.partly)]
    inverted = bool(allowed and forbidden) and (len(refused), len(accepted)) == (len(allowed), len(forbidden))
    result = Weighed(behaviour, "", refused, accepted, inverted)
    if refused and len(refused) == len(allowed):
        result.broken = refused[0]
    if behaviour.name == "interface":
        accepted += [r for r in found if r.kind in ("malformed", "near") and r.reported is False]
    return result
