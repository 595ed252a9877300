"""RLCard's games by RLCard's own interface, in the thinnest Gymnasium one, from the side of whoever is to move."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

PACKAGE = "RLCard"
DISTRIBUTIONS = ("rlcard", "numpy", "gymnasium")
GAMES = ("blackjack", "leduc-holdem", "limit-holdem", "no-limit-holdem", "uno", "gin-rummy", "doudizhu", "mahjong")
ENVIRONMENTS = {name: f"Game({name!r})" for name in GAMES}
OPTIONS: dict[str, dict[str, Any]] = {"": {"decisions": 1000}, "gin-rummy": {"steps": 200, "decisions": 2000}}


class Game(gym.Env[Any, Any]):
    """A game of RLCard; its `legal_actions` as a mask in info. RLCard takes its seed when a game is made."""

    def __init__(self, name: str) -> None:
        import rlcard

        self.name = name
        game = rlcard.make(name, config={"seed": 0})
        self.action_space = spaces.Discrete(game.num_actions)
        self.observation_space = spaces.Box(-np.inf, np.inf, game.reset()[0]["obs"].shape, np.float64)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        import rlcard

        super().reset(seed=seed)
        self.game = rlcard.make(self.name, config={"seed": int(self.np_random.integers(2**31))})
        state, self.player = self.game.reset()
        return self._seen(state)

    def step(self, action: Any) -> Any:
        mover = self.player
        state, self.player = self.game.step(int(action))
        over = bool(self.game.is_over())
        reward = float(self.game.get_payoffs()[mover]) if over else 0.0
        observation, info = self._seen(state)
        return observation, reward, over, False, info

    def _seen(self, state: Any) -> Any:
        mask = np.zeros(self.action_space.n, np.int8)
        mask[list(state["legal_actions"])] = 1
        return np.asarray(state["obs"], np.float64), {"action_mask": mask}
