"""E7: Q-learning on a table, where what a mask is worth can be seen exactly.

One maze per seed, the same in every episode, -1 for a move: the best return is minus the length of the only way. The
agent explores among legal moves and learns with one of three targets. Entries of forbidden moves are never learnt and
stay 0, above every true value, so a maximum over all moves is too high by all that lies ahead.

Q-learning: Watkins and Dayan 1992. Masked targets: Boutilier et al. 2018 (arXiv:1805.02363), stochastic action sets.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import masked_envs
from benchmarks.reliability.record import machine, versions
from masked_envs.files import atomic_write

from .measures import digits
from .runs import RESULTS

SIZE, STEPS, SEEDS = 6, 20_000, 10
RATE, EXPLORE, GAMMA, LIMIT = 0.5, 0.1, 1.0, 200
TARGETS = {
    "masked target": "explores legal moves, and takes the maximum over legal moves",
    "unmasked target": "explores legal moves, and takes the maximum over all moves",
    "no mask": "explores all moves and takes the maximum over them; an invalid one stays where it is and costs -1",
}
PATH = RESULTS / "tabular.json"
Table = npt.NDArray[np.float64]


def cell_of(observation: dict[str, Any]) -> int:
    return int(observation["observation"][2].argmax())


class Walker:
    """Q-learning in one maze.

    Args:
        target: one of `TARGETS`.
        seed: of the maze and of the exploration.
    """

    def __init__(self, target: str, seed: int) -> None:
        self.masked_play = target != "no mask"
        self.masked_target = target == "masked target"
        self.env = masked_envs.make(
            "MaskedMaze-v0", rows=SIZE, columns=SIZE, on_invalid="noop", invalid_reward=-1.0, backend="python"
        )
        self.seed, self.rng = seed, np.random.default_rng(seed)
        self.values = np.zeros((SIZE * SIZE, 4))
        self.lengths: list[int] = []

    def learn(self) -> None:
        """STEPS steps, in episodes that all begin in the same maze."""
        steps, self.ends = 0, []
        while steps < STEPS:
            observation, _ = self.env.reset(seed=self.seed)
            length, terminated, truncated = 0, False, False
            while not (terminated or truncated) and steps < STEPS:
                mask = observation["action_mask"].astype(bool)
                cell, action = cell_of(observation), self.choose(cell_of(observation), mask)
                observation, reward, terminated, truncated, _ = self.env.step(action)
                following = 0.0 if terminated else self.best(observation)
                self.values[cell, action] += RATE * (reward + GAMMA * following - self.values[cell, action])
                length, steps = length + 1, steps + 1
            self.lengths.append(length)
            self.ends.append(steps)

    def choose(self, cell: int, mask: Any, explore: float = EXPLORE) -> int:
        allowed = np.flatnonzero(mask) if self.masked_play else np.arange(4)
        if self.rng.random() < explore:
            return int(self.rng.choice(allowed))
        values = self.values[cell, allowed]
        return int(self.rng.choice(allowed[values == values.max()]))

    def best(self, observation: dict[str, Any]) -> float:
        values = self.values[cell_of(observation)]
        return float(values[observation["action_mask"].astype(bool)].max() if self.masked_target else values.max())

    def greedy(self) -> int:
        """The length of a greedy episode; `LIMIT` if it does not end before."""
        observation, _ = self.env.reset(seed=self.seed)
        for step in range(1, LIMIT + 1):
            action = self.choose(cell_of(observation), observation["action_mask"].astype(bool), explore=0.0)
            observation, _, terminated, *_ = self.env.step(action)
            if terminated:
                return step
        return LIMIT

    def shortest(self) -> int:
        """The length of the only way, by breadth-first search over the walls that the observation shows."""
        south, east, _ = self.env.reset(seed=self.seed)[0]["observation"].astype(bool)
        depth, edge, seen = 0, {(0, 0)}, {(0, 0)}
        while (SIZE - 1, SIZE - 1) not in edge:
            edge = {to for at in edge for to in neighbours(at, south, east)} - seen
            seen |= edge
            depth += 1
        return depth


def neighbours(cell: tuple[int, int], south: Any, east: Any) -> list[tuple[int, int]]:
    row, column = cell
    found = [(row + 1, column)] * bool(south[row, column]) + [(row, column + 1)] * bool(east[row, column])
    found += [(row - 1, column)] * bool(row and south[row - 1, column])
    return found + [(row, column - 1)] * bool(column and east[row, column - 1])


def run(target: str, seed: int) -> dict[str, Any]:
    walker = Walker(target, seed)
    walker.learn()
    shortest, lengths = walker.shortest(), np.array(walker.lengths)
    near = np.flatnonzero(lengths <= 1.25 * shortest)
    start = walker.values[0]
    mask = walker.env.reset(seed=seed)[0]["action_mask"].astype(bool)
    return {
        "seed": seed,
        "shortest": shortest,
        "greedy": walker.greedy(),
        "value_of_start": digits(start[mask].max()),
        "first_near": int(walker.ends[near[0]]) if len(near) else None,
        "moves_per_episode": digits(lengths.mean()),
    }


def measure(path: Path = PATH, seeds: int = SEEDS) -> dict[str, Any]:
    """Run all targets with all seeds and write the file."""
    results = {target: [run(target, seed) for seed in range(1, seeds + 1)] for target in TARGETS}
    head = {"date": datetime.now(timezone.utc).strftime("%Y-%m-%d"), "machine": machine(), **versions()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        file.write((json.dumps({**head, "steps": STEPS, "results": results}, indent=1) + "\n").encode())
    return results


def load(path: Path = PATH) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def expected(results: dict[str, list[dict[str, Any]]]) -> list[tuple[str, bool | None]]:
    """Sentences written before the runs, and whether they were met."""
    masked, unmasked, without = (results[target] for target in TARGETS)
    return [
        (
            "With the masked target the greedy path is the shortest one for every seed.",
            all(run["greedy"] == run["shortest"] for run in masked),
        ),
        (
            "With the unmasked target the start is worth more than -2 for every seed, though the way takes ten moves.",
            all(run["value_of_start"] > -2 and run["shortest"] >= 10 for run in unmasked),
        ),
        (
            "Without a mask the shortest path is found too, after more steps.",
            all(
                run["greedy"] == run["shortest"] and run["first_near"] > other["first_near"]
                for run, other in zip(without, masked, strict=True)
            ),
        ),
    ]


def judged(path: Path = PATH) -> list[tuple[str, bool | None]]:
    return expected(load(path)["results"]) if path.exists() else []
