"""OR-Gym: operations research. Its environments are of the old gym; the thinnest Gymnasium interface around them."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

PACKAGE = "OR-Gym"
DISTRIBUTIONS = ("or-gym", "gym", "numpy", "gymnasium")
KINDS = (
    "KnapsackEnv",
    "BinaryKnapsackEnv",
    "OnlineKnapsackEnv",
    "VMPackingEnv",
    "TSPEnv",
    "TSPDistCost",
    "VehicleRoutingEnv",
)
ENVIRONMENTS = {kind: f"Old({kind!r})" for kind in KINDS}
OPTIONS: dict[str, dict[str, Any]] = {
    "": {"steps": 200, "time_budget": 20},
    "BinaryKnapsackEnv": {"decisions": 4000},
}


class Old(gym.Env[Any, Any]):
    """An environment of the old gym, made with mask=True. It draws from NumPy's global stream, which a seed seeds."""

    def __init__(self, kind: str) -> None:
        import or_gym.envs.classic_or

        self.inner = getattr(or_gym.envs.classic_or, kind)(mask=True)
        self.action_space = spaces.Discrete(int(self.inner.action_space.n))
        self.observation_space = _space(self.inner.observation_space)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        if seed is not None:
            np.random.seed(seed)
        return self.inner.reset(), {}

    def step(self, action: Any) -> Any:
        observation, reward, done, info = self.inner.step(action)
        return observation, reward, bool(done), False, info


def _space(old: Any) -> spaces.Space[Any]:
    if hasattr(old, "spaces") and hasattr(old.spaces, "items"):
        return spaces.Dict({key: _space(part) for key, part in old.spaces.items()})
    if hasattr(old, "nvec"):
        return spaces.MultiDiscrete(old.nvec)
    if hasattr(old, "n"):
        return spaces.Discrete(int(old.n))
    return spaces.Box(old.low, old.high, old.shape, old.dtype)
