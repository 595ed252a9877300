"""L1: what a mask means."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...mask_spec import MEANINGS, MaskSpec
from ..actions import probe_actions
from ..moments import Seat
from ..subject import HeadMask, playable
from ..trial import Findings, Point, Trial, Unchecked

INVERSION_STATES = 30  # that are looked at; those with both allowed and forbidden actions must all be inverted


def meaning(trial: Trial) -> Findings:
    """L1 Meaning. 1 allows, 0 forbids, and the environment declares what that means: "legal", "useful" or "safe"."""
    subject = trial.subject()
    subject.reset(trial.seed)
    if not subject.declares:
        yield Unchecked("the environment declares no mask_spec, and so no meaning")
    else:
        start = next(trial.walk(1))
        for name in start.moment.seats:
            declared = subject.spec(name).meaning
            if declared not in MEANINGS:
                yield start.broken(f"the mask means {declared!r}, which is none of {MEANINGS}", name)
    yield from _inversion(trial)


def _inversion(trial: Trial) -> Findings:
    """Whether 0 allows and 1 forbids: every single action is answered the other way round."""
    rng, last = trial.rng(1), None
    for point in trial.walk(INVERSION_STATES):
        for name, seat in point.moment.acting.items():
            answers = _answers(trial, point, name, seat, rng)
            if len({allowed for allowed, _ in answers}) == 2:
                if not all(allowed == refused for allowed, refused in answers):
                    return
                last = point.broken("the mask is inverted: what it marks with 1 is refused, with 0 accepted", name)
    if last is not None:
        yield last


def _answers(trial: Trial, point: Point, name: str, seat: Seat, rng: np.random.Generator) -> list[tuple[bool, bool]]:
    """For each action: whether the mask allows it, and whether the environment refused it."""
    spec, answers = point.subject.spec(name), []
    others = trial.choose(point.subject, rng)
    if others is None or spec.kind in ("interval", "dict"):
        return []
    mask = playable(spec, seat.mask)
    for action in probe_actions(spec, mask, others[name], rng, 8):
        refused = point.subject.fork().attempt({**others, name: action}).refused(name)
        if refused is not None:
            answers.append((allows(spec, mask, action, point.subject.head_mask(name)), refused))
    return answers


def allows(spec: MaskSpec, mask: Any, action: Any, head_mask: HeadMask | None) -> bool:
    """Whether the mask, and for dependent heads `head_mask`, allow the action."""
    return bool(spec.allows(mask, action, head_mask))
