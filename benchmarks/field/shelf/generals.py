"""Generals: the game generals.io. Its mask is of cell and direction, and passing is always allowed."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

PACKAGE = "generals"
DISTRIBUTIONS = ("generals", "numpy", "gymnasium")
ENVIRONMENTS = {"GymnasiumGenerals, 6x6": "Numbered(6)"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 200, "time_budget": 45, "decisions": 800}}


class Numbered(gym.Env[Any, Any]):
    """Moves without splitting, as numbers; the last number passes, which the mask of the package does not speak of."""

    def __init__(self, size: int) -> None:
        from generals import GridFactory
        from generals.agents import AgentFactory
        from generals.envs import GymnasiumGenerals

        grids = GridFactory(grid_dims=(size, size))
        self.inner = GymnasiumGenerals(grid_factory=grids, npc=AgentFactory.make_agent("random"))
        self.size = size
        self.action_space = spaces.Discrete(size * size * 4 + 1)
        self.observation_space = spaces.Dict({"grid": spaces.Box(-np.inf, np.inf, (size * size,), np.float64)})

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        observation, _ = self.inner.reset(seed=seed)
        return self._split(observation)

    def step(self, action: Any) -> Any:
        cell, direction = divmod(int(action), 4)
        passes = int(action) == self.size * self.size * 4
        move = {
            "pass": int(passes),
            "cell": np.array([0, 0] if passes else divmod(cell, self.size)),
            "direction": 0 if passes else direction,
            "split": 0,
        }
        observation, reward, terminated, truncated, _ = self.inner.step(move)
        seen, info = self._split(observation)
        return seen, float(reward), bool(terminated), bool(truncated), info

    def _split(self, observation: Any) -> Any:
        mask = np.append(np.asarray(observation["action_mask"], bool).ravel(), True)
        army = np.asarray(observation["observation"]["army"], float)
        return {"grid": army.ravel()}, {"action_mask": mask}
