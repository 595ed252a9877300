"""EnvPool's masked environments of the Jumanji family: a vector of two rows, and one row alone.

An EnvPool takes its seed when it is made, and cannot be copied. So a row is made anew for each seed, and the checker
comes to a state again by playing the same actions.
"""

from __future__ import annotations

import importlib
from typing import Any

import gymnasium as gym
import numpy as np

PACKAGE = "EnvPool, Jumanji family"
DISTRIBUTIONS = ("envpool", "numpy", "gymnasium")
ROWS = ("Snake-v1", "Game2048-v1", "Maze-v0", "SlidingTilePuzzle-v0", "Minesweeper-v0", "Knapsack-v1",
        "GraphColoring-v1", "TSP-v1", "CVRP-v1", "Tetris-v0", "BinPack-v2", "JobShop-v0", "Cleaner-v0",
        "Connector-v2")  # fmt: skip
ENVIRONMENTS = {
    "Game2048-v1, the vector": "vector('Game2048-v1')",
    "Snake-v1, the vector": "vector('Snake-v1')",
    **{env_id: f"Row({env_id!r})" for env_id in ROWS},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "": {"time_budget": 60},
    "Game2048-v1, the vector": {"steps": 300},
    "Snake-v1, the vector": {"steps": 300},
    "Game2048-v1": {"steps": 300, "decisions": 1500},
    "Maze-v0": {"steps": 300},
    "Snake-v1": {"steps": 300, "decisions": 5000},
}


def vector(env_id: str) -> Any:
    """EnvPool's own vector environment of two rows."""
    return importlib.import_module("envpool").make(env_id, env_type="gymnasium", num_envs=2, seed=0)


class Row(gym.Env[Any, Any]):
    """The one row of an EnvPool."""

    def __init__(self, env_id: str) -> None:
        self.env_id = env_id
        pool = self._pool(0)
        self.observation_space, self.action_space = pool.observation_space, pool.action_space

    def _pool(self, seed: int) -> Any:
        return importlib.import_module("envpool").make(self.env_id, env_type="gymnasium", num_envs=1, seed=seed)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.played: list[Any] = [int(self.np_random.integers(2**31))]
        self.pool = self._pool(self.played[0])
        observation, _ = self.pool.reset()
        return _only(observation), {}

    def step(self, action: Any) -> Any:
        self.played.append(action)
        observation, reward, terminated, truncated, _ = self.pool.step(np.asarray([action], np.int32))
        return _only(observation), float(reward[0]), bool(terminated[0]), bool(truncated[0]), {}

    def __deepcopy__(self, memo: Any) -> Any:
        raise TypeError("an EnvPool cannot be copied")


def _only(batch: Any) -> Any:
    return {key: _only(part) for key, part in batch.items()} if isinstance(batch, dict) else np.array(batch[0])
