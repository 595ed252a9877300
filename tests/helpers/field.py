"""Masked environments of other packages, each as a function that makes it, and what the checker finds in them.

What has no Gymnasium or PettingZoo face of its own gets the thinnest one here: pgx, and a row of an EnvPool.
`python tests/field.py` prints the table of docs/field_report.md, of the packages that are installed.
"""

from __future__ import annotations

import copy
import functools
import importlib.util
import itertools
import random
from collections.abc import Callable
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from gymnasium import spaces

import masked_envs

STEPS = {"RLlib": 300}  # of a walk, where 60 are too few to meet what is there
CHECKED = ("L2", "L3", "L4", "L5", "L6", "L7", "L10")  # the laws that an environment of another package can break
made = itertools.count()


def gymnasium_env(env_id: str, **arguments: Any) -> Any:
    return gym.make(env_id, **arguments)


def pettingzoo_env(name: str, function: str) -> Any:
    return getattr(importlib.import_module(f"pettingzoo.classic.{name}"), function)()


def sb3_env(name: str, size: Any, forbidden: int) -> Any:
    return getattr(importlib.import_module("sb3_contrib.common.envs"), name)(size, n_invalid_actions=forbidden)


def rllib_env(module: str, name: str, *arguments: Any) -> Any:
    return getattr(importlib.import_module(f"ray.rllib.examples.envs.classes.{module}"), name)(*arguments)


def rllib_action_mask_env() -> Any:
    config = {"action_space": spaces.Discrete(4), "observation_space": spaces.Box(-1, 1, (5,), np.float32)}
    env = rllib_env("action_mask_env", "ActionMaskEnv", config)
    env.observation_space.seed(next(made))  # from the operating system's entropy otherwise, and no two tables alike
    return env


def open_spiel_env(game: str) -> Any:
    from shimmy import OpenSpielCompatibilityV0

    return OpenSpielCompatibilityV0(game_name=game)


@functools.cache
def _jumanji_functions(env_id: str) -> Any:
    """The compiled functions of one environment, for all that are made of it."""
    from jumanji.wrappers import JumanjiToGymWrapper, MultiToSingleWrapper

    env = importlib.import_module("jumanji").make(env_id)
    return JumanjiToGymWrapper(MultiToSingleWrapper(env) if env.reward_spec.shape else env)


def jumanji_env(env_id: str) -> Any:
    """Jumanji's own wrapper."""
    return copy.copy(_jumanji_functions(env_id))


class PgxGame(gym.Env):
    """A game of pgx, from the side of whoever is to move; `legal_action_mask` in info."""

    def __init__(self, env_id: str) -> None:
        self.init, self.play, shape, actions = _pgx(env_id)
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
def _pgx(env_id: str) -> Any:
    import jax

    env = importlib.import_module("pgx").make(env_id)
    return jax.jit(env.init), jax.jit(env.step), env.observation_shape, env.num_actions


def envpool_vector(env_id: str) -> Any:
    """EnvPool's own vector environment of two rows."""
    return importlib.import_module("envpool").make(env_id, env_type="gymnasium", num_envs=2, seed=0)


class EnvPoolRow(gym.Env):
    """The one row of an EnvPool, made anew for each seed, since EnvPool takes its seed when it is made."""

    def __init__(self, env_id: str) -> None:
        self.env_id = env_id
        pool = self._pool(0)
        self.observation_space, self.action_space = pool.observation_space, pool.action_space

    def _pool(self, seed: int) -> Any:
        return importlib.import_module("envpool").make(self.env_id, env_type="gymnasium", num_envs=1, seed=seed)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.pool = self._pool(int(self.np_random.integers(2**31)))
        observation, _ = self.pool.reset()
        return _only(observation), {}

    def step(self, action: Any) -> Any:
        observation, reward, terminated, truncated, _ = self.pool.step(np.asarray([action], np.int32))
        return _only(observation), float(reward[0]), bool(terminated[0]), bool(truncated[0]), {}

    def __deepcopy__(self, memo: Any) -> Any:
        raise TypeError("an EnvPool cannot be copied")


def _only(batch: Any) -> Any:
    return {key: _only(part) for key, part in batch.items()} if isinstance(batch, dict) else np.array(batch[0])


SHELF: dict[str, tuple[str, dict[str, Callable[[], Any]]]] = {
    "Gymnasium": (
        "gymnasium",
        {"Taxi-v3": functools.partial(gymnasium_env, "Taxi-v3")},
    ),
    "PettingZoo": (
        "pettingzoo",
        {
            f"{name} {function}": functools.partial(pettingzoo_env, name, function)
            for name in ("connect_four_v3", "tictactoe_v3", "chess_v6", "go_v5", "hanabi_v5",
                         "leduc_holdem_v4", "texas_holdem_v4", "texas_holdem_no_limit_v6")
            for function in ("raw_env", "env")
        },
    ),
    "sb3-contrib": (
        "sb3_contrib",
        {
            name: functools.partial(sb3_env, name, size, 5)
            for name, size in (("InvalidActionEnvDiscrete", 12), ("InvalidActionEnvMultiDiscrete", [4, 4, 4]),
                               ("InvalidActionEnvMultiBinary", 12))
        },
    ),
    "RLlib": (
        "ray",
        {
            "ActionMaskEnv": rllib_action_mask_env,
            "ParametricActionsCartPole": functools.partial(
                rllib_env, "parametric_actions_cartpole", "ParametricActionsCartPole", 6
            ),
            "ParametricActionsCartPoleNoEmbeddings": functools.partial(
                rllib_env, "parametric_actions_cartpole", "ParametricActionsCartPoleNoEmbeddings", 6
            ),
        },
    ),
    "Jumanji": (
        "jumanji",
        {
            env_id: functools.partial(jumanji_env, env_id)
            for env_id in ("Game2048-v1", "Minesweeper-v0", "Sudoku-very-easy-v0", "GraphColoring-v1", "Knapsack-v1",
                           "Tetris-v0", "BinPack-v2", "JobShop-v0", "TSP-v1", "CVRP-v1", "Snake-v1", "Maze-v0",
                           "SlidingTilePuzzle-v0", "Cleaner-v0", "Connector-v3", "RobotWarehouse-v0", "MultiCVRP-v0",
                           "FlatPack-v0", "MMST-v0", "PacMan-v1", "LevelBasedForaging-v0")
        },
    ),
    "EnvPool": (
        "envpool",
        {
            "Game2048-v1, the vector": functools.partial(envpool_vector, "Game2048-v1"),
            **{
                env_id: functools.partial(EnvPoolRow, env_id)
                for env_id in ("Game2048-v1", "Minesweeper-v0", "GraphColoring-v1", "Knapsack-v1", "Tetris-v0",
                               "BinPack-v2", "JobShop-v0", "TSP-v1", "CVRP-v1", "Snake-v1", "Maze-v0",
                               "SlidingTilePuzzle-v0", "Cleaner-v0", "Connector-v2")
            },
        },
    ),
    "pgx": (
        "pgx",
        {
            env_id: functools.partial(PgxGame, env_id)
            for env_id in ("2048", "animal_shogi", "backgammon", "chess", "connect_four", "gardner_chess", "go_9x9",
                           "hex", "kuhn_poker", "leduc_holdem", "othello", "sparrow_mahjong", "tic_tac_toe",
                           "minatar-breakout")
        },
    ),
    "OpenSpiel": (
        "pyspiel",
        {
            game: functools.partial(open_spiel_env, game)
            for game in ("tic_tac_toe", "connect_four", "kuhn_poker", "leduc_poker", "breakthrough", "othello",
                         "backgammon")
        },
    ),
}  # fmt: skip
"""Library -> (its module, environment -> how it is made)."""


class Row(NamedTuple):
    """One line of the table: where the mask is, how invalid actions are answered, the laws that are broken."""

    place: str
    answer: str
    broken: dict[str, str]

    def __str__(self) -> str:
        return " | ".join([f"`{self.place}`", self.answer, *self.broken.values()])


def row(library: str, make: Callable[[], Any]) -> Row:
    """What the checker finds."""
    random.seed(0)
    np.random.seed(0)
    report = masked_envs.check_masked_env(make, steps=STEPS.get(library, 60), raise_on_failure=False)
    broken = {finding.law for finding in report.failures}
    passed = {finding.law for finding in report.findings if finding.status == "passed"}
    signs = {law: "✗" if law in broken else "✓" if law in passed else "–" for law in CHECKED}
    if not report.behaviour and "L7" not in broken:
        signs["L7"] = "–"  # forbidden and allowed actions show no difference
    assert broken <= set(CHECKED), report
    return Row(report.places[0], report.behaviour.removeprefix("an invalid action ").partition(" (")[0] or "–", signs)


def main() -> None:
    for library, (module, shelf) in SHELF.items():
        if importlib.util.find_spec(module) is None:
            continue
        for name, make in shelf.items():
            print(f"| {library} | {name} | {row(library, make)} |", flush=True)


if __name__ == "__main__":
    main()
