"""The same run without its mask, beside which a demo shows what the mask is worth."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from .config import Config
from .learner import Learner
from .progress import Progress

LAST = 0.1  # of the decisions, of which the end of a run is judged


@dataclass
class Curves:
    """What was seen in training.

    Attributes:
        returns: decisions and the mean return of the episodes that ended in an iteration.
        invalid: decisions and the share of invalid actions of an iteration.
    """

    returns: list[tuple[int, float]] = field(default_factory=list)
    invalid: list[tuple[int, float]] = field(default_factory=list)

    def at_the_end(self) -> str:
        """The mean return and the share of invalid actions of the last tenth of the decisions, in words."""
        share = np.mean([value for at, value in self.invalid if at > (1 - LAST) * self.invalid[-1][0]])
        ended = [value for at, value in self.returns if at > (1 - LAST) * self.invalid[-1][0]]
        mean = f"mean return {np.mean(ended):.2f}" if ended else "no episode ended"
        return f"{mean}, {share:.0%} of the actions invalid, in the last {LAST:.0%} of {self.invalid[-1][0]} decisions"


def train_unmasked(config: Config) -> Curves:
    """Train with the same settings and seed, with the mask kept from the policy; nothing is kept but the curves.

    An invalid action does nothing but count, as in every run of this agent.
    """
    learner, found, before = Learner(replace(config, mask="off", target_return=None)), Curves(), (0, 0)
    with Progress(config.total_decisions, 0) as progress:
        while not learner.finished:
            metrics = learner.iterate()
            now = (learner.decisions, learner.count.invalid)
            found.invalid.append((learner.decisions, (now[1] - before[1]) / max(1, now[0] - before[0])))
            before = now
            progress.update(learner.decisions, metrics)
    found.returns = learner.history
    return found
