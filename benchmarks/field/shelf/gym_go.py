"""GymGo: Go for the old gym; the thinnest Gymnasium interface around it. The mask is its method `valid_moves`."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

PACKAGE = "GymGo"
DISTRIBUTIONS = ("gym", "numpy", "gymnasium")
ENVIRONMENTS = {"go, size 5": "Go(5)"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 200, "time_budget": 20, "decisions": 1200}}


class Go(gym.Env[Any, Any]):
    """A game of Go, both players in turn; `valid_moves()` in info."""

    def __init__(self, size: int) -> None:
        from gym_go.envs.go_env import GoEnv

        self.inner = GoEnv(size)
        self.action_space = spaces.Discrete(size * size + 1)
        self.observation_space = spaces.Box(0, 1, self.inner.reset().shape, np.float64)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return self.inner.reset(), {"action_mask": self.inner.valid_moves()}

    def step(self, action: Any) -> Any:
        observation, reward, done, info = self.inner.step(int(action))
        return observation, float(reward), bool(done), False, {"action_mask": self.inner.valid_moves()}
