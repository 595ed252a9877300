"""The shape of a mask over a walk: how much is legal, how often a move is forced, and what the mask depends on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..mask_spec import MaskSpec
from .moments import bare
from .report import Profile
from .subject import HeadMask, playable
from .trial import Trial
from .values import fingerprint, parts_of


def profile(trial: Trial) -> Profile:
    """The profile of the masks of acting agents over a walk."""
    fractions, forced, masks = [], [], set()
    seen: dict[bytes, set[bytes]] = {}
    repeated = False
    for point in trial.walk():
        for name, seat in point.moment.acting.items():
            spec, mask = point.subject.spec(name), fingerprint(seat.mask)
            try:
                fraction = legal_fraction(spec, playable(spec, seat.mask), point.subject.head_mask(name))
            except (ValueError, TypeError):  # not a mask of the form: law L2 says so
                continue
            fractions.append(fraction)
            forced.append(is_forced(spec, playable(spec, seat.mask), point.subject.head_mask(name)))
            masks.add(mask)
            view = fingerprint([name if len(point.moment.seats) > 1 else "", bare(seat.observation)])
            repeated |= view in seen
            seen.setdefault(view, set()).add(mask)
    if not fractions:
        return Profile(probes=trial.probes)
    of_observation = all(len(of_view) == 1 for of_view in seen.values()) if repeated else None
    mean, rate = float(np.mean(fractions)), float(np.mean(forced))
    return Profile(len(fractions), trial.probes, mean, rate, len(masks) == 1, of_observation)


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
