"""Cells of the experiments on disk: a cell is one task, arm and noise, run with several seeds side by side."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.reliability.record import machine, versions
from masked_envs.files import atomic_write

from .arms import ALL_ARMS
from .noise import Noise
from .tasks import Task

RESULTS = Path(__file__).parents[1] / "results" / "masking"


@dataclass(frozen=True)
class Cell:
    """What is run with each of the seeds.

    Attributes:
        arm: its name in `arms.ALL_ARMS`.
        steps: of each seed in training.
        seeds: how many; they are 1, 2, ...
    """

    task: Task
    arm: str
    noise: Noise | None = None
    steps: int = 60_000
    seeds: int = 10

    @property
    def name(self) -> str:
        return "_".join([self.task.name, self.arm, *([self.noise.name] if self.noise else [])])

    def path(self, results: Path = RESULTS) -> Path:
        return results / f"{self.name}.json"

    def run(self) -> list[dict[str, Any]]:
        from .learner import Learner  # torch is not needed to read results

        return Learner(self.task, ALL_ARMS[self.arm], list(range(1, self.seeds + 1)), self.noise).run(self.steps)

    def done(self, results: Path = RESULTS) -> bool:
        """Whether the file is there, of these steps and seeds."""
        path = self.path(results)
        return path.exists() and json.loads(path.read_text())["cell"] == self.described()

    def described(self) -> dict[str, Any]:
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]


def write(cell: Cell, runs: list[dict[str, Any]], results: Path = RESULTS) -> None:
    """Write the file of a cell at once: what was run, where, and one line for each seed."""
    head = {
        "cell": cell.described(), "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"), "machine": machine(),
        **versions(),
    }  # fmt: skip
    lines = ",\n".join(json.dumps(run) for run in runs)
    results.mkdir(parents=True, exist_ok=True)
    with atomic_write(cell.path(results)) as file:
        file.write((json.dumps(head)[:-1] + f', "runs": [\n{lines}\n]}}\n').encode())


def read(cell: Cell, results: Path = RESULTS) -> list[dict[str, Any]]:
    """The runs of a cell; none where it has not been run."""
    path = cell.path(results)
    runs: list[dict[str, Any]] = json.loads(path.read_text())["runs"] if path.exists() else []
    return runs
