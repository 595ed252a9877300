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
    "othello", "backgammon", "animal_shogi", "leduc_holdem", "kuhn_poker", "tic_tac_toe", "connect_four", "2048",
    "hex", "go_9x9", "gardner_chess", "chess", "sparrow_mahjong", "minatar-breakout",
)  # fmt: skip
ENVIRONMENTS = {game: f"Game({game!r})" for game in GAMES}
NEVER_LOST_BY_ONES_OWN_MOVE = ("backgammon", "animal_shogi", "tic_tac_toe", "connect_four", "2048", "hex",
                               "gardner_chess", "chess")  # fmt: skip
OPTIONS: dict[str, dict[str, Any]] = {
    "othello": {"refused": "lost_in_the_middle"},
    **{game: {"refused": "lost_at_once"} for game in NEVER_LOST_BY_ONES_OWN_MOVE},
}
DISCS = 50  # of 64 fields: with fewer of them a game of othello is not over


def lost_at_once(before: Any, action: Any, after: Any) -> bool:
    """By what pgx documents: an illegal action ends the game with a penalty; by the rules a legal move never loses."""
    return bool(after.terminated and after.reward < 0)


def lost_in_the_middle(before: Any, action: Any, after: Any) -> bool | None:
    """The same of othello, where the last move of a game can lose."""
    lost = lost_at_once(before, action, after)
    return None if lost and np.sum(before.observation) >= DISCS else lost


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
