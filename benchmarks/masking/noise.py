"""Masks that are wrong: what the agent sees in place of the true mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Masks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Noise:
    """Errors in the masks (rows, N) that an agent is shown.

    Attributes:
        false_allowed: probability that a forbidden action is shown as legal, independently in each step.
        false_forbidden: probability that a legal action is shown as forbidden; where none would be left, all stay.
        stale: whether the mask of the step before is shown; the first of an episode is right.
        before_reset: whether only the first mask of an episode is old: that of the episode before.
        systematic: whether the same actions are wrong in every step, in place of others each time.
    """

    false_allowed: float = 0.0
    false_forbidden: float = 0.0
    stale: bool = False
    before_reset: bool = False
    systematic: bool = False

    @property
    def name(self) -> str:
        parts = [f"allowed-{self.false_allowed:g}"] if self.false_allowed else []
        parts += [f"forbidden-{self.false_forbidden:g}"] if self.false_forbidden else []
        flags = ("stale", "before_reset", "systematic")
        return "-".join([*parts, *(flag.replace("_", "-") for flag in flags if getattr(self, flag))])

    def shown(self, true: Masks, before: Masks | None, started: Masks, rng: np.random.Generator) -> Masks:
        """What is shown of `true` (rows, N), with `before` the true masks of the last step, where one was."""
        seen = true
        if self.stale and before is not None:
            seen = np.where(started[:, None], true, before)
        if self.before_reset and before is not None:
            seen = np.where(started[:, None], before, true)
        drawn = np.random.default_rng(0).random(true.shape[1]) if self.systematic else rng.random(true.shape)
        allowed = seen & (drawn >= self.false_forbidden) | ~seen & (drawn < self.false_allowed)
        return np.where(allowed.any(1, keepdims=True), allowed, seen)
