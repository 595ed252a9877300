"""How an environment that says nothing about invalid actions answers them, found out by trying some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .actions import probe_actions
from .laws.meaning import allows
from .moments import Outcome, Seat, is_still
from .subject import playable
from .trial import Trial

MANNERS = ("raise", "terminate", "penalise", "ignore")
STATES = 40  # in which actions are tried
TRIES = 12  # actions in one state
CLEARLY = 0.9  # the share of the forbidden actions that must show a sign
RARELY = 0.1  # the largest share of the allowed actions that may show it
LESS_RARELY = 0.4  # of a sign that is no accident: a reward of its own, and everything as it was


@dataclass(frozen=True)
class Watched:
    """A manner and the sign by which a refusal is known.

    Attributes:
        name: of `MANNERS`.
        reward: the reward of a refused action, where it is always the same; None where it is not.
        still: whether a refused action leaves the observation as it was.
        found: whether it was found by trying, and not declared.
    """

    name: str
    reward: float | None = None
    still: bool = False
    found: bool = True

    def refused(self, outcome: Outcome, name: str) -> bool | None:
        """See `moments.Manner`."""
        if self.name == "raise":
            return False  # had it raised, nobody would ask
        before = outcome.before.seats.get(name) if outcome.before is not None else None
        after = outcome.seat(name)
        if before is None or after is None:
            return None
        if self.reward is not None and float(after.reward) != self.reward:
            return False
        if self.name == "terminate":
            return bool(after.terminated or after.truncated)
        return is_still(before, after) if self.still or self.name == "ignore" else True

    def __str__(self) -> str:
        words = {
            "raise": "raises an exception",
            "ignore": "leaves everything as it was",
            "penalise": f"gives the reward {self.reward:g}" if self.reward is not None else "gives another reward",
            "terminate": "ends the episode",
        }[self.name]
        return f"an invalid action {words} ({'found by trying' if self.found else 'declared'})"


@dataclass(frozen=True)
class Sign:
    """What came of one action."""

    raised: bool
    ended: bool
    still: bool
    reward: float


def watched(trial: Trial, declared: str | None = None) -> Watched | None:
    """The manner of an environment; None where the answers have nothing in common that tells them from legal ones.

    Args:
        trial: of the environment.
        declared: what the caller says it is; then only its signs are looked for.
    """
    signs: dict[bool, list[Sign]] = {True: [], False: []}
    for allowed, sign in _tried(trial):
        signs[allowed].append(sign)
    forbidden = signs[False]
    if not forbidden:
        return None if declared is None else Watched(declared, found=False)
    candidates = [_manner(name, forbidden) for name in ([declared] if declared is not None else MANNERS)]
    for manner in candidates:
        if declared is not None:
            return Watched(manner.name, manner.reward, manner.still, found=False)
        shown = [_shows(manner, sign) for sign in forbidden]
        by_legal = [_shows(manner, sign) for sign in signs[True]]
        clear = sum(shown) >= (0.5 if manner.name == "raise" else CLEARLY) * len(shown)
        most = LESS_RARELY if manner.name == "penalise" and manner.still else RARELY
        if clear and (manner.name in ("raise", "ignore") or sum(by_legal) <= most * len(by_legal)):
            return manner
    return None


def _manner(name: str, forbidden: list[Sign]) -> Watched:
    """The signs that nearly all forbidden actions share, if this is the manner."""
    answered = [sign for sign in forbidden if not sign.raised]
    reward, times = Counter(sign.reward for sign in answered).most_common(1)[0] if answered else (0.0, 0)
    same_reward = bool(answered) and times >= CLEARLY * len(answered)
    still = bool(answered) and sum(sign.still for sign in answered) >= CLEARLY * len(answered)
    if name == "raise":
        return Watched(name)
    return Watched(name, reward if same_reward and name != "ignore" else None, still and name != "terminate")


def _shows(manner: Watched, sign: Sign) -> bool:
    if manner.name == "raise" or sign.raised:
        return sign.raised
    if manner.reward is not None and sign.reward != manner.reward:
        return False
    if manner.name == "terminate":
        return sign.ended
    if manner.name == "penalise" and not manner.reward:  # what costs nothing is no penalty
        return False
    return sign.still if manner.still or manner.name == "ignore" else True


def _tried(trial: Trial) -> Iterator[tuple[bool, Sign]]:
    """Actions of states of a walk: whether the mask allows them, and what came of them."""
    rng, spare = trial.rng(20), None
    for point in trial.walk(STATES):
        others = trial.choose(point.subject, rng)
        if others is None:
            continue
        for name, seat in point.moment.acting.items():
            spec, head_mask = point.subject.spec(name), point.subject.head_mask(name)
            mask = playable(spec, seat.mask)
            tries = probe_actions(spec, mask, others[name], rng, TRIES)
            for action in [tries[int(k)] for k in rng.permutation(len(tries))[:TRIES]]:
                spare = point.subject.fork(spare)
                trial.probes += 1
                outcome = spare.attempt({**others, name: action})
                yield allows(spec, mask, action, head_mask), _sign(outcome, seat, name)


def _sign(outcome: Outcome, before: Seat, name: str) -> Sign:
    after: Any = outcome.seat(name)
    if outcome.error is not None or after is None:
        return Sign(outcome.error is not None, False, False, 0.0)
    return Sign(False, bool(after.ended), is_still(before, after), float(after.reward))
