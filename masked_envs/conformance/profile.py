"""The shape of a mask over a walk: how much is legal, how often a move is forced, and what the mask depends on."""

from __future__ import annotations

import hashlib
import math

import numpy as np

from ..mask_spec import MaskSpec
from .moments import bare
from .report import Profile
from .subject import playable
from .trial import Point, Trial
from .values import fingerprint

MOST_COUNTED = 20_000  # actions of a space with dependent heads, which are counted by asking for every prefix


def profile(trial: Trial) -> Profile:
    """The profile of the masks of acting agents over a walk."""
    fractions, forced, masks = [], [], set()
    of_observation, of_history, histories = Function(), Function(), Histories()
    for point in trial.walk():
        histories.follow(point)
        for name, seat in point.moment.acting.items():
            spec, mask = point.subject.spec(name), fingerprint(seat.mask)
            given = playable(spec, seat.mask), point.subject.head_mask(name)
            try:
                fraction = spec.legal_fraction(*given) if is_countable(spec) else math.nan
                is_forced = bool(spec.is_forced(*given))
            except (ValueError, TypeError):  # not a mask of the form: law L2 says so
                continue
            fractions.append(fraction)
            forced.append(is_forced)
            masks.add(mask)
            of_observation.add(histories.view(point, name), mask)
            of_history.add(histories[name], mask)
    if not fractions:
        return Profile(probes=trial.probes)
    mean, rate = float(np.mean(fractions)), float(np.mean(forced))
    return Profile(len(fractions), trial.probes, mean, rate, len(masks) == 1, of_observation.holds, of_history.holds)


def is_countable(spec: MaskSpec) -> bool:
    """Whether the legal actions of a mask can be counted in each state of a walk."""
    return not spec.needs_head_mask or math.prod(spec.heads.tolist()) <= MOST_COUNTED


class Function:
    """Pairs of which one may be a function of the other."""

    def __init__(self) -> None:
        self.seen: dict[bytes, set[bytes]] = {}
        self.repeated = False

    def add(self, argument: bytes, value: bytes) -> None:
        self.repeated |= argument in self.seen
        self.seen.setdefault(argument, set()).add(value)

    @property
    def holds(self) -> bool | None:
        """Whether equal arguments had equal values; None where no argument came twice."""
        return all(len(values) == 1 for values in self.seen.values()) if self.repeated else None


class Histories(dict[str, bytes]):
    """What each seat has seen, masks left out, and done since the start, as a digest by name."""

    def follow(self, point: Point) -> None:
        """Take in the next moment of a walk."""
        if not point.path:
            self.clear()
        done = point.path[-1] if point.path else None
        for name in point.moment.seats:
            own = done.get(name) if isinstance(done, dict) and name else done
            told = fingerprint([own]) + self.view(point, name)
            self[name] = hashlib.sha256(self.get(name, b"") + told).digest()

    @staticmethod
    def view(point: Point, name: str) -> bytes:
        """The observation of a seat; the rows of a vector environment are all the same agent."""
        agent = name if len(point.moment.seats) > 1 and point.subject.agents_leave else ""
        return fingerprint([agent, bare(point.seat(name).observation)])
