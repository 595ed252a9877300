"""Tetris Gymnasium: its wrapper GroupedActions, which has a mask of placements."""

from __future__ import annotations

from typing import Any

PACKAGE = "Tetris Gymnasium"
DISTRIBUTIONS = ("tetris-gymnasium", "numpy", "gymnasium")


def grouped(**arguments: Any) -> Any:
    """The wrapper around the environment, as its documentation shows."""
    import gymnasium as gym
    from tetris_gymnasium.envs.tetris import Tetris  # noqa: F401  registers it
    from tetris_gymnasium.wrappers.grouped import GroupedActionsObservations

    return GroupedActionsObservations(gym.make("tetris_gymnasium/Tetris"), **arguments)


ENVIRONMENTS = {
    "GroupedActionsObservations": "grouped()",
    "GroupedActionsObservations, terminate_on_illegal_action=False": "grouped(terminate_on_illegal_action=False)",
}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 60, "time_budget": 30, "decisions": 200}}
