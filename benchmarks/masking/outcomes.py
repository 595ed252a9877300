"""What the runs of a cell came to, for expectations, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.interquartile import Estimate, estimate

from .noise import Noise
from .runs import RESULTS, Cell, read
from .tasks import Task


class NotRunError(Exception):
    """A cell that was not run yet."""


@dataclass(frozen=True)
class Outcomes:
    """Reads results by task and arm; raises `NotRunError` where there are none."""

    results: Path = RESULTS

    def runs(self, task: Task, arm: str, noise: Noise | None = None) -> list[dict[str, Any]]:
        found = read(Cell(task, arm, noise), self.results)
        if not found:
            raise NotRunError(Cell(task, arm, noise).name)
        return found

    def values(self, task: Task, arm: str, measure: str, noise: Noise | None = None) -> list[Any]:
        """A measure of each seed; "evaluation.measure" for those of an evaluation."""
        part, _, inner = measure.partition(".")
        return [run[part][inner] if inner else run[part] for run in self.runs(task, arm, noise)]

    def of(self, task: Task, arm: str, measure: str = "area", noise: Noise | None = None) -> Estimate:
        return estimate(self.values(task, arm, measure, noise))

    def solved(self, task: Task, arm: str, noise: Noise | None = None) -> float:
        """The share of seeds that reached the threshold."""
        return float(np.mean([at is not None for at in self.values(task, arm, "solved_after", noise)]))

    def steps_to_solve(self, task: Task, arm: str) -> float:
        """The median over the seeds; infinite where half of them or more did not solve it."""
        after = self.values(task, arm, "solved_after")
        return float(np.median([np.inf if at is None else at for at in after]))

    def total(self, task: Task, arm: str, measure: str, noise: Noise | None = None) -> float:
        return float(sum(self.values(task, arm, measure, noise)))

    def largest(self, task: Task, arm: str, measure: str) -> float:
        return float(max(self.values(task, arm, measure)))
