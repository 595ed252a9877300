"""gym-chess: chess with the move encoding of AlphaZero, for the old gym; `legal_actions` of its wrapper as the mask."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

PACKAGE = "gym-chess"
DISTRIBUTIONS = ("gym-chess", "gym", "chess", "numpy", "gymnasium")
ENVIRONMENTS = {"Chess with MoveEncoding": "Chess()"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 300, "time_budget": 60, "decisions": 400}}


class Chess(gym.Env[Any, Any]):
    """The thinnest Gymnasium interface; the pieces on the board as the observation."""

    def __init__(self) -> None:
        from gym_chess.alphazero import MoveEncoding
        from gym_chess.envs import Chess as Inner

        self.inner = MoveEncoding(Inner())
        self.action_space = spaces.Discrete(4672)
        self.observation_space = spaces.Box(-6, 6, (64,), np.int8)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.inner.unwrapped.reset()
        return self._seen()

    def step(self, action: Any) -> Any:
        move = self.inner.decode(int(action))
        _, reward, done, _ = self.inner.unwrapped.step(move)
        observation, info = self._seen(bool(done))
        return observation, float(reward), bool(done), False, info

    def _seen(self, over: bool = False) -> Any:
        """After the end, where asking for legal actions raises, none is."""
        board = self.inner.unwrapped._board
        pieces = np.zeros(64, np.int8)
        for square, piece in board.piece_map().items():
            pieces[square] = piece.piece_type * (1 if piece.color else -1)
        return pieces, {"action_mask": np.isin(np.arange(4672), [] if over else self.inner.legal_actions)}
