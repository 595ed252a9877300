"""NumberLink: a puzzle in which pairs of cells are joined by paths that fill the board."""

from __future__ import annotations

from typing import Any

PACKAGE = "NumberLink"
DISTRIBUTIONS = ("numberlink", "numpy", "gymnasium")


def path_env() -> Any:
    import gymnasium as gym
    import numberlink  # noqa: F401  registers it

    return gym.make("NumberLinkRGB-v0")


ENVIRONMENTS = {"NumberLinkRGB-v0": "path_env()"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 300, "time_budget": 20, "decisions": 1500}}
