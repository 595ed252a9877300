"""GymConnectX: Connect Four, both players in turn; rewards of both in one dict, and `reset` in the old form."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

PACKAGE = "GymConnectX"
DISTRIBUTIONS = ("gymconnectx", "numpy", "gymnasium")
ENVIRONMENTS = {"ConnectGameEnv": "Connect()"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 200, "time_budget": 60}}


class Connect(gym.Env[Any, Any]):
    """The environment with the usual form of `reset`, the reward of whoever moved, and its legal actions as a mask."""

    def __init__(self) -> None:
        from gymconnectx.envs.gymconnectxenv import ConnectGameEnv

        self.inner = ConnectGameEnv(obs_number=True)
        self.action_space = spaces.Discrete(self.inner.width)
        self.observation_space = spaces.Box(0, 255, (self.inner.width * self.inner.height,), np.uint8)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return self.inner.reset(), self._info(self.inner.get_moves())

    def step(self, action: Any) -> Any:
        player = f"player_{self.inner.current_player + 1}"
        observation, rewards, terminated, truncated, info = self.inner.step(int(action))
        return observation, float(rewards[player]), terminated, truncated, self._info(info["legal_actions"])

    def _info(self, moves: Any) -> dict[str, Any]:
        return {"action_mask": np.isin(np.arange(self.inner.width), moves)}

    def __deepcopy__(self, memo: Any) -> Any:  # the renderer holds a window, which cannot be copied
        import copy

        again, inner = copy.copy(self), copy.copy(self.inner)
        inner.board = self.inner.board.copy()
        again.inner, again._np_random = inner, copy.deepcopy(self._np_random)
        return again
