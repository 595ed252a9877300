"""The signs by which an environment may show that it refused an action."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..context import VisitedState
from .responses import Response, split_observation

FEWEST_STEPS = 5  # in all of which an entry of the observation has moved alike before it is a clock
NO_EFFECTS = {
    "nothing": "changed nothing",
    "clock": "moved only the clock",
    "observation": "moved nothing in the observation but the clock",
    "alike": "had the same result whichever of them it was",
}


@dataclass(frozen=True)
class Behaviour:
    """A sign of refusal.

    Attributes:
        name: "interface" (this project's signs), "reported" (by the caller's `refused=`), "raise", "flag", "terminate",
            "penalise" or "ignore".
        no_effect: a key of `NO_EFFECTS`: what a refused action does not do; "" where that is no part of the sign.
        reward: that refused actions get; None where that is no part of the sign.
        at_most: whether their rewards vary below that one.
        key: of info, that says so.
        clock: entries of the observation that move in every step.
        another: a second way of refusing, of an environment that raises for some actions only.
        words: what was found, with its counts.
        pattern: "broken" where `step` refuses everything, "inverted" where the mask is, else "".
    """

    name: str
    no_effect: str = ""
    reward: float | None = None
    at_most: bool = False
    key: str = ""
    clock: frozenset[int] = frozenset()
    another: Behaviour | None = None
    words: str = ""
    pattern: str = ""

    def shown_by(self, response: Response) -> bool | None:
        """Whether a response shows the sign; None where that is not known."""
        if self.name in ("reported", "interface"):
            return response.reported
        if response.raised:
            return True
        if self.name == "raise":
            return self.another.shown_by(response) if self.another is not None else False
        if self.name == "flag":
            return response.flags.get(self.key, False)
        if self.name == "terminate" and not response.ended:
            return False
        if self.reward is not None and not self._is_penalty(response.reward):
            return False
        return is_without_effect(response, self.no_effect, self.clock) if self.no_effect else True

    def _is_penalty(self, reward: float) -> bool:
        assert self.reward is not None
        return reward <= self.reward if self.at_most else reward == self.reward


def is_without_effect(response: Response, no_effect: str, clock: frozenset[int]) -> bool | None:
    """Whether an action, as far as can be seen, was not carried out; None where there is nothing to compare it with.

    In one state all actions that are refused have the same result, whatever else happens by itself: "alike".
    """
    if no_effect == "alike":
        needed = 2 if response.kind == "forbidden" else 1
        return None if response.forbidden_here < needed else response.as_forbidden >= needed
    if response.changed is None or (response.mask_changed and no_effect != "observation"):
        return False
    return set(response.changed) <= (set() if no_effect == "nothing" else clock)


class Clock:
    """Entries of the observation that change by the same amount in every step of legal play."""

    def __init__(self) -> None:
        self._last: dict[str, npt.NDArray[np.float64]] = {}
        self._moves: npt.NDArray[np.float64] | None = None
        self._steps = 0

    def follow(self, state: VisitedState) -> None:
        """Take in the next state of a walk."""
        if not state.path:
            self._last.clear()
        for name, agent in state.time_step.acting.items():
            numbers, _ = split_observation(agent.observation)
            before = self._last.get(name)
            if before is not None and before.shape == numbers.shape:
                self._add(numbers - before)
            self._last[name] = numbers

    def _add(self, moved: npt.NDArray[np.float64]) -> None:
        if self._moves is None or self._moves.shape != moved.shape:
            self._moves, self._steps = moved, 0
        alike = np.isclose(moved, self._moves, rtol=1e-3, atol=0)
        self._moves, self._steps = np.where(alike, self._moves, 0.0), self._steps + 1

    @property
    def entries(self) -> frozenset[int]:
        """Their indices."""
        if self._moves is None or self._steps < FEWEST_STEPS:
            return frozenset()
        return frozenset(np.flatnonzero(np.nan_to_num(self._moves)).tolist())
