"""The shape of a mask over a walk: how much is legal, how often a move is forced, and what the mask depends on."""

from __future__ import annotations

import hashlib
import math

import numpy as np

from ..mask_spec import MaskSpec
from .context import CheckContext, VisitedState
from .masks import binary_mask
from .report import Profile
from .time_step import bare
from .values import fingerprint

MOST_COUNTED = 20_000  # actions of a space with dependent heads, which are counted by asking for every prefix


def profile(context: CheckContext) -> Profile:
    """The profile of the masks of acting agents over a walk."""
    fractions, forced, masks = [], [], set()
    of_observation, of_history, histories = Function(), Function(), Histories()
    for state in context.walk():
        histories.follow(state)
        for name, agent in state.time_step.acting.items():
            spec, mask = state.view.spec(name), fingerprint(agent.mask)
            given = binary_mask(spec, agent.mask), state.view.head_mask(name)
            try:
                fraction = spec.legal_fraction(*given) if is_countable(spec) else math.nan
                is_forced = bool(spec.is_forced(*given))
            except (ValueError, TypeError):  # not a mask of the form: law L2 says so
                continue
            fractions.append(fraction)
            forced.append(is_forced)
            masks.add(mask)
            of_observation.add(histories.view(state, name), mask)
            of_history.add(histories[name], mask)
    if not fractions:
        return Profile()
    mean, rate = float(np.mean(fractions)), float(np.mean(forced))
    return Profile(len(fractions), 0, mean, rate, len(masks) == 1, of_observation.holds, of_history.holds)


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
