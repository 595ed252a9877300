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
    "Snake-v1": {"steps": 220, "time_budget": 600, "decisions": 5000, "refused": "ended"},
    "Game2048-v1": {"steps": 300, "decisions": 1500},
    "Maze-v0": {"decisions": 1500},
    "BinPack-v2": {"time_budget": 120},
    "CVRP-v1": {"time_budget": 90},
    "Tetris-v0": {"refused": "ended_with_moves_left"},
    "Sudoku-very-easy-v0": {"refused": "ended_with_moves_left"},
    "GraphColoring-v1": {"refused": "by_penalty"},
    "JobShop-v0": {"refused": "ended_by_penalty"},
    "MMST-v0": {"time_budget": 240},
    "PacMan-v1": {"time_budget": 240},
}


def ended_with_moves_left(before: Any, action: Any, after: Any) -> bool | None:
    """Sudoku and Tetris end when no legal action is left, as their pages say, and after an invalid one, as their code
    says: then the mask still allows something.
    """
    if not after.terminated:
        return False
    return True if after.mask.any() else None


def ended(before: Any, action: Any, after: Any) -> bool:
    """By the documented end of Snake: an invalid action. A completed snake and the time limit are not reached here."""
    return bool(after.terminated)


def by_penalty(before: Any, action: Any, after: Any) -> bool:
    """By the documented reward of GraphColoring: minus the number of nodes for an invalid action."""
    return bool(after.reward == -20)


def ended_by_penalty(before: Any, action: Any, after: Any) -> bool | None:
    """By the documented penalty of JobShop for an illegal action, which is also given where all machines are idle."""
    if after.reward >= -1:
        return False
    seen = after.observation
    idle = (seen["machines_job_ids"] == len(seen["ops_mask"])) & (seen["machines_remaining_times"] == 0)
    return None if idle.all() else True


@functools.cache
def _compiled(env_id: str) -> Any:
    """The compiled functions of one environment, for all that are made of it."""
    wrappers = importlib.import_module("jumanji.wrappers")
    env = importlib.import_module("jumanji").make(env_id)
    return wrappers.JumanjiToGymWrapper(wrappers.MultiToSingleWrapper(env) if env.reward_spec.shape else env)


def wrapped(env_id: str) -> Any:
    """Jumanji's own wrapper, of several agents in `MultiToSingleWrapper`, which adds up their rewards."""
    return copy.copy(_compiled(env_id))
