"""Jumanji's masked environments, through Jumanji's own wrappers for Gymnasium."""

from __future__ import annotations

import copy
import functools
import importlib
from typing import Any

PACKAGE = "Jumanji"
DISTRIBUTIONS = ("jumanji", "jax", "jaxlib", "numpy", "gymnasium")
IDS = ("Game2048-v1", "Minesweeper-v0", "Sudoku-very-easy-v0", "GraphColoring-v1", "Knapsack-v1", "Tetris-v0",
       "BinPack-v2", "JobShop-v0", "TSP-v1", "CVRP-v1", "Snake-v1", "Maze-v0", "SlidingTilePuzzle-v0", "Cleaner-v0",
       "Connector-v3", "RobotWarehouse-v0", "MultiCVRP-v0", "FlatPack-v0", "MMST-v0", "PacMan-v1",
       "LevelBasedForaging-v0")  # fmt: skip
ENVIRONMENTS = {env_id: f"wrapped({env_id!r})" for env_id in IDS}
OPTIONS: dict[str, dict[str, Any]] = {
    "Snake-v1": {"steps": 1000, "decisions": 6000},
    "Game2048-v1": {"steps": 300, "decisions": 1500},
    "Maze-v0": {"decisions": 1500},
}


@functools.cache
def _compiled(env_id: str) -> Any:
    """The compiled functions of one environment, for all that are made of it."""
    wrappers = importlib.import_module("jumanji.wrappers")
    env = importlib.import_module("jumanji").make(env_id)
    return wrappers.JumanjiToGymWrapper(wrappers.MultiToSingleWrapper(env) if env.reward_spec.shape else env)


def wrapped(env_id: str) -> Any:
    """Jumanji's own wrapper, of several agents in `MultiToSingleWrapper`, which adds up their rewards."""
    return copy.copy(_compiled(env_id))
