"""The shape of a mask over a walk: how much is legal, how often a move is forced, and what the mask depends on."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np

from ..mask_spec import MaskSpec
from .moments import bare
from .report import Profile
from .subject import HeadMask, playable
from .trial import Point, Trial
from .values import fingerprint, parts_of


def profile(trial: Trial) -> Profile:
    """The profile of the masks of acting agents over a walk."""
    fractions, forced, masks = [], [], set()
    of_observation, of_history, histories = Function(), Function(), Histories()
    for point in trial.walk():
        histories.follow(point)
        for name, seat in point.moment.acting.items():
            spec, mask = point.subject.spec(name), fingerprint(seat.mask)
            try:
                fraction = legal_fraction(spec, playable(spec, seat.mask), point.subject.head_mask(name))
            except (ValueError, TypeError):  # not a mask of the form: law L2 says so
                continue
            fractions.append(fraction)
            forced.append(is_forced(spec, playable(spec, seat.mask), point.subject.head_mask(name)))
            masks.add(mask)
            of_observation.add(histories.view(point, name), mask)
            of_history.add(histories[name], mask)
    if not fractions:
        return Profile(probes=trial.probes)
    mean, rate = float(np.mean(fractions)), float(np.mean(forced))
    return Profile(len(fractions), trial.probes, mean, rate, len(masks) == 1, of_observation.holds, of_history.holds)


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


def legal_fraction(spec: MaskSpec, mask: Any, head_mask: HeadMask | None = None) -> float:
    """The share of the actions that the mask allows; of an interval, of the volume."""
    if spec.kind == "dict":
        return float(np.prod([legal_fraction(part, value) for _, part, value in parts_of(spec, mask)]))
    if spec.kind == "interval":
        (low, high), (least, most) = mask, spec.full()
        widths = most - least
        return float(np.prod(np.where(widths > 0, (high - low) / np.where(widths > 0, widths, 1), 1)))
    if spec.needs_head_mask:
        return float(spec.count(mask, head_mask) / math.prod(map(int, spec.heads)))  # type: ignore[call-arg]
    return float(spec.count(mask) / spec.count(spec.full()))


def is_forced(spec: MaskSpec, mask: Any, head_mask: HeadMask | None = None) -> bool:
    """Whether the mask allows exactly one action."""
    if spec.needs_head_mask:
        return bool(spec.count(mask, head_mask) == 1)  # type: ignore[call-arg]
    return bool(spec.count(mask) == 1)
