"""The shape of a mask over a walk: how much is legal, how often a move is forced, and what the mask depends on."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np

from ..mask_spec import MaskSpec
from .context import CheckContext, VisitedState
from .masks import HeadMask, binary_mask, count, parts_of
from .report import Profile
from .time_step import bare
from .values import fingerprint


def profile(context: CheckContext) -> Profile:
    """The profile of the masks of acting agents over a walk."""
    fractions, forced, masks = [], [], set()
    of_observation, of_history, histories = Function(), Function(), Histories()
    for state in context.walk():
        histories.follow(state)
        for name, agent in state.time_step.acting.items():
            spec, mask = state.view.spec(name), fingerprint(agent.mask)
            try:
                fraction = legal_fraction(spec, binary_mask(spec, agent.mask), state.view.head_mask(name))
            except (ValueError, TypeError):  # not a mask of the form: law L2 says so
                continue
            fractions.append(fraction)
            forced.append(is_forced(spec, binary_mask(spec, agent.mask), state.view.head_mask(name)))
            masks.add(mask)
            of_observation.add(histories.view(state, name), mask)
            of_history.add(histories[name], mask)
    if not fractions:
        return Profile()
    mean, rate = float(np.mean(fractions)), float(np.mean(forced))
    return Profile(len(fractions), 0, mean, rate, len(masks) == 1, of_observation.holds, of_history.holds)


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
    """What each agent has seen, masks left out, and done since the start, as a digest by name."""

    def follow(self, state: VisitedState) -> None:
        """Take in the next time_step of a walk."""
        if not state.path:
            self.clear()
        done = state.path[-1] if state.path else None
        for name in state.time_step.agents:
            own = done.get(name) if isinstance(done, dict) and name else done
            step_digest = fingerprint([own]) + self.view(state, name)
            self[name] = hashlib.sha256(self.get(name, b"") + step_digest).digest()

    @staticmethod
    def view(state: VisitedState, name: str) -> bytes:
        """The observation of a agent; the rows of a vector environment are all the same agent."""
        agent = name if len(state.time_step.agents) > 1 and state.view.agents_leave else ""
        return fingerprint([agent, bare(state.agent(name).observation)])


def legal_fraction(spec: MaskSpec, mask: Any, head_mask: HeadMask | None = None) -> float:
    """The share of the actions that the mask allows; of an interval, of the volume."""
    if spec.kind == "dict":
        return float(np.prod([legal_fraction(part, value) for _, part, value in parts_of(spec, mask)]))
    if spec.kind == "interval":
        (low, high), (least, most) = mask, spec.full()
        widths = most - least
        return float(np.prod(np.where(widths > 0, (high - low) / np.where(widths > 0, widths, 1), 1)))
    if spec.needs_head_mask:
        return float(count(spec, mask, head_mask) / math.prod(map(int, spec.heads)))
    return float(count(spec, mask) / count(spec, spec.full()))


def is_forced(spec: MaskSpec, mask: Any, head_mask: HeadMask | None = None) -> bool:
    """Whether the mask allows exactly one action."""
    return count(spec, mask, head_mask) == 1
