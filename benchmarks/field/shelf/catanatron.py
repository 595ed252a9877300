"""Catanatron: Settlers of Catan, one against one."""

from __future__ import annotations

from typing import Any

import numpy as np

PACKAGE = "Catanatron"
DISTRIBUTIONS = ("catanatron-gym", "catanatron", "numpy", "gymnasium")


def catan() -> Any:
    import catanatron_gym  # noqa: F401  registers it
    import gymnasium as gym

    return gym.make("catanatron-v1")


def mask_of(env: Any, observation: Any, info: Any) -> Any:
    return np.isin(np.arange(env.action_space.n), info["valid_actions"])


ENVIRONMENTS = {"catanatron-v1": "catan()"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 300, "time_budget": 25, "mask_at": 'info["valid_actions"]'}}
