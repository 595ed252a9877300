"""Games of pgx, which has no Gymnasium interface of its own: the thinnest one, from the side of whoever is to move."""

from __future__ import annotations

import copy
import functools
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

PACKAGE = "pgx"
DISTRIBUTIONS = ("pgx", "jax", "jaxlib", "numpy", "gymnasium")
GAMES = (
    "2048", "animal_shogi", "backgammon", "chess", "connect_four", "gardner_chess", "go_9x9", "hex", "kuhn_poker",
    "leduc_holdem", "othello", "sparrow_mahjong", "tic_tac_toe", "minatar-breakout",
)  # fmt: skip
ENVIRONMENTS = {game: f"Game({game!r})" for game in GAMES}
OPTIONS: dict[str, dict[str, Any]] = {}


class Game(gym.Env[Any, Any]):
    """A game of pgx; `legal_action_mask` in info."""

    def __init__(self, env_id: str) -> None:
        self.init, self.play, shape, actions = _compiled(env_id)
        self.observation_space = spaces.Box(-np.inf, np.inf, shape, np.float32)
        self.action_space = spaces.Discrete(actions)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        import jax

        super().reset(seed=seed)
        self.key, key = jax.random.split(jax.random.PRNGKey(int(self.np_random.integers(2**31))))
        self.state = self.init(key)
        return self._seen(), self._info()

    def step(self, action: Any) -> Any:
        import jax

        player = int(self.state.current_player)
        self.key, key = jax.random.split(self.key)
        self.state = self.play(self.state, int(action), key)
        ended, cut = bool(self.state.terminated), bool(self.state.truncated)
        return self._seen(), float(self.state.rewards[player]), ended, cut, self._info()

    def _seen(self) -> Any:
        return np.asarray(self.state.observation, np.float32)

    def _info(self) -> dict[str, Any]:
        return {"legal_action_mask": np.asarray(self.state.legal_action_mask)}

    def __deepcopy__(self, memo: Any) -> Any:  # a state of pgx never changes
        again = copy.copy(self)
        again._np_random = copy.deepcopy(self._np_random)
        return again


@functools.cache
def _compiled(env_id: str) -> Any:
    import jax
    import pgx

    env = pgx.make(env_id)
    return jax.jit(env.init), jax.jit(env.step), env.observation_shape, env.num_actions
