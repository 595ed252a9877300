"""A step of one environment through `gymnasium.make`, and of one game agent by agent."""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium
import numpy as np
from measure import Comparison, Side, rate_of, require, timed

import masked_envs

GAMES = 20


def comparisons() -> list[Comparison]:
    theirs = partial(cart, "CartPole-v1")
    return [
        Comparison("single step through gym.make, CartPole", "Gymnasium CartPole-v1 (no mask)",
                   partial(cart, "MaskedCartPole-v0"), theirs, must=0.7, aim=1.5),
        Comparison('single step through gym.make, CartPole, backend="numba"', "Gymnasium CartPole-v1 (no mask)",
                   partial(cart, "MaskedCartPole-v0", backend="numba"), theirs),
        Comparison('AEC step, Connect Four, backend="numba"', "PettingZoo connect_four_v3",
                   partial(aec, "numba"), pettingzoo_aec, must=5, aim=20),
        Comparison('AEC step, Connect Four, backend="python"', "PettingZoo connect_four_v3",
                   partial(aec, "python"), pettingzoo_aec),
    ]  # fmt: skip


def cart(env_id: str, steps: int = 10_000, **arguments: Any) -> Side:
    """Random pushes, resets included. The fixed mask of MaskedCartPole makes it possible to draw them beforehand."""
    env = gymnasium.make(env_id, **arguments)
    _, info = env.reset(seed=0)
    choices = np.flatnonzero(info["action_mask"]) if "action_mask" in info else np.arange(2)
    actions = list(choices[np.random.default_rng(0).integers(0, 2, steps)])  # as Space.sample gives them

    def play(count: int) -> None:
        env.reset(seed=0)
        for action in actions[:count]:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()

    return rate_of(timed(play), steps)


def aec(backend: str) -> Side:
    return games_of(masked_envs.make_aec("MaskedConnectFour-v0", backend=backend))


def pettingzoo_aec() -> Side:
    require("pettingzoo.classic.connect_four_v3")
    from pettingzoo.classic import connect_four_v3

    return games_of(connect_four_v3.env())


def games_of(env: Any) -> Side:
    """The usual AEC loop, `last` and `step` in turn, over the same random games for both sides."""
    games = random_games()

    def play(count: int) -> None:
        for seed, moves in enumerate(games):
            env.reset(seed=seed)
            for action in moves:
                env.last()
                env.step(action)
            assert not env.agents, "the game must be over"

    return rate_of(timed(play), sum(map(len, games)))


def random_games() -> list[list[int | None]]:
    """Legal moves of whole games, with the None of each agent that is done."""
    env, rng, games = masked_envs.make_aec("MaskedConnectFour-v0"), np.random.default_rng(0), []
    for seed in range(GAMES):
        env.reset(seed=seed)
        moves: list[int | None] = []
        while env.agents:
            observation, _, terminated, truncated, _ = env.last()
            over = terminated or truncated
            mask = observation["action_mask"]
            moves.append(None if over else int(env.mask_spec(env.agent_selection).sample(mask, rng)))
            env.step(moves[-1])
        games.append(moves)
    return games
