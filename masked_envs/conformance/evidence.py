"""How much a verdict stands on: states visited, ends reached, actions tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..mask_spec import MaskSpec
from .masks import allows_nothing, binary_mask, check_one_mask
from .time_step import TimeStep
from .values import same


@dataclass
class Evidence:
    """What a law, or a whole check, has looked at.

    Attributes:
        states: visited, repeated ones included.
        terminated, truncated: episode ends reached, per agent.
        dead_ends: states in which the mask of an acting agent allows nothing.
        legal: allowed actions tried from copies of visited states.
        forbidden: forbidden actions tried.
        forbidden_in_all: how many forbidden actions these states had; None where they cannot be counted.
        forbade: whether a mask of an acting agent ever forbade anything.
    """

    states: int = 0
    terminated: int = 0
    truncated: int = 0
    dead_ends: int = 0
    legal: int = 0
    forbidden: int = 0
    forbidden_in_all: int | None = 0
    forbade: bool = False

    def visit(self, step: TimeStep, spec_of: Any) -> None:
        """Count a visited state.

        Args:
            spec_of: agent -> the form of its mask.
        """
        self.states += 1
        for agent in step.everyone.values():
            self.terminated += agent.terminated
            self.truncated += agent.truncated
        for name, agent in step.acting.items():
            if agent.mask is not None:
                self._look_at(spec_of(name), agent.mask)

    def _look_at(self, spec: MaskSpec, mask: Any) -> None:
        try:
            mask = binary_mask(spec, mask)
            check_one_mask(spec, mask)
        except (ValueError, TypeError):  # not a mask of this form, or crossed bounds: L2 and L5 report it
            return
        self.dead_ends += allows_nothing(spec, mask)
        self.forbade = self.forbade or not same(mask, spec.full())

    def add_forbidden(self, spec: MaskSpec, mask: Any) -> None:
        """Add the forbidden actions of one state to those that could have been tried."""
        if self.forbidden_in_all is not None:
            number = forbidden_actions(spec, mask)
            self.forbidden_in_all = None if number is None else self.forbidden_in_all + number

    def add(self, other: Evidence) -> None:
        """Add the evidence of another law."""
        for name in ("states", "terminated", "truncated", "dead_ends", "legal", "forbidden"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.forbade |= other.forbade
        if self.forbidden_in_all is None or other.forbidden_in_all is None:
            self.forbidden_in_all = None
        else:
            self.forbidden_in_all += other.forbidden_in_all

    @property
    def probes(self) -> int:
        """Actions tried from copies of visited states."""
        return self.legal + self.forbidden

    def __str__(self) -> str:
        ends = f"{self.terminated} terminated and {self.truncated} truncated ends"
        words = [f"{self.states:,} states, {ends if self.terminated or self.truncated else 'no end reached'}"]
        if self.dead_ends:
            words.append(f"{self.dead_ends:,} dead ends")
        if self.probes:
            known = self.forbidden_in_all is not None and self.forbidden_in_all >= self.forbidden
            of = f" of {self.forbidden_in_all:,}" if known else ""
            words.append(f"{self.legal:,} legal and {self.forbidden:,}{of} forbidden actions tried")
        if self.states and not self.forbade:
            words.append("the mask never forbade anything")
        return "; ".join(words)


def forbidden_actions(spec: MaskSpec, mask: Any) -> int | None:
    """How many actions of the space the mask forbids; None where they are infinite or take long to count."""
    if spec.needs_head_mask:
        return None
    number = float(spec.count(spec.full()) - spec.count(mask))
    return int(number) if np.isfinite(number) else None
