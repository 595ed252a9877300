"""RL4CO: routing and scheduling in TorchRL; one instance at a time through the thinnest Gymnasium interface."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

PACKAGE = "RL4CO"
DISTRIBUTIONS = ("rl4co", "torchrl", "tensordict", "torch", "numpy", "gymnasium")
SIZES: dict[str, dict[str, Any]] = {
    "tsp": {"num_loc": 8}, "cvrp": {"num_loc": 8}, "op": {"num_loc": 8}, "pdp": {"num_loc": 8}, "mtsp": {"num_loc": 8},
    "fjsp": {"num_jobs": 3, "num_machines": 3},
}  # fmt: skip
ENVIRONMENTS = {name: f"Instance({name!r})" for name in SIZES}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 60, "time_budget": 50, "decisions": 300}}


class Instance(gym.Env[Any, Any]):
    """Batch 1 of an environment; `action_mask` in info, and the rest of its TensorDict, flat, as the observation.

    A seed seeds torch, from whose global stream instances come. The reward is asked for at the end, and with it the
    package's own check of the solution, as the package does.
    """

    def __init__(self, name: str) -> None:
        from rl4co.envs import get_env

        own_check = {} if name in ("jssp", "fjsp") else {"check_solution": True}
        self.inner = get_env(name, generator_params=SIZES[name], **own_check)
        self.reset(seed=0)
        self.action_space: Any = spaces.Discrete(int(self.td["action_mask"].shape[-1]))
        self.observation_space: Any = spaces.Box(-np.inf, np.inf, self._seen()[0].shape, np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        import torch

        super().reset(seed=seed)
        if seed is not None:
            torch.manual_seed(seed)
        self.td, self.actions = self.inner.reset(batch_size=[1]), []
        return self._seen()

    def step(self, action: Any) -> Any:
        import torch

        td = self.td.clone()
        td["action"] = torch.tensor([int(action)])
        self.td, self.actions = self.inner.step(td)["next"], [*self.actions, int(action)]
        over = bool(self.td["done"].all())
        reward = float(self.inner.get_reward(self.td, torch.tensor([self.actions]))) if over else 0.0
        return self._seen()[0], reward, over, False, self._seen()[1]

    def _seen(self) -> Any:
        keys = sorted(key for key in self.td.keys() if key not in ("action_mask", "action", "reward"))
        flat = [np.float32(self.td[key].numpy()).ravel() for key in keys]
        return np.concatenate(flat), {"action_mask": self.td["action_mask"][0].numpy().copy()}
