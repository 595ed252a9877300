"""Gym-MicroRTS: a real-time strategy game in Java; one game of its vector environment.

The mask has a part for every cell of the map. Where the player has no unit that is free, the part is all zeros and what
is chosen for the cell is dropped: there the mask here allows everything.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

PACKAGE = "Gym-MicroRTS"
DISTRIBUTIONS = ("gym-microrts", "gym", "JPype1", "numpy", "gymnasium")
ENVIRONMENTS = {"MicroRTSGridModeVecEnv, base4x4": "Game('maps/4x4/base4x4.xml')"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 60, "time_budget": 90, "decisions": 300}}
PASSIVE_STEPS = 200


class Game(gym.Env[Any, Any]):
    """One game against the passive player."""

    def __init__(self, map_path: str) -> None:
        from gym_microrts import microrts_ai
        from gym_microrts.envs.vec_env import MicroRTSGridModeVecEnv

        with contextlib.redirect_stdout(io.StringIO()):
            self.inner = MicroRTSGridModeVecEnv(
                num_selfplay_envs=0,
                num_bot_envs=1,
                max_steps=PASSIVE_STEPS,
                ai2s=[microrts_ai.passiveAI],
                map_paths=[map_path],
                reward_weight=np.array([10.0, 1.0, 1.0, 0.2, 1.0, 4.0]),
            )
        self.action_space = spaces.MultiDiscrete(self.inner.action_space.nvec)
        self.heads = self.inner.action_space.nvec.reshape(self.inner.height * self.inner.width, -1)[0]
        self.observation_space = spaces.Box(0, 1, self.inner.reset()[0].shape, np.int32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        observation = self.inner.reset()[0]
        return observation, {"action_mask": self._mask()}

    def step(self, action: Any) -> Any:
        observation, reward, done, _ = self.inner.step(np.asarray(action)[None])
        return observation[0], float(reward[0]), bool(done[0]), False, {"action_mask": self._mask()}

    def _mask(self) -> Any:
        mask = np.array(self.inner.get_action_mask()[0], bool)
        for cell in mask:  # heads that the chosen type of action does not use
            for head in np.split(cell, np.cumsum(self.heads)[:-1]):
                head[:] |= not head.any()
        return mask.ravel()
