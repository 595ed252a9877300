"""SMAClite: StarCraft micromanagement without StarCraft. All agents act at once; each has its own mask."""

from __future__ import annotations

from typing import Any

import numpy as np

PACKAGE = "SMAClite"
DISTRIBUTIONS = ("smaclite", "numpy", "gymnasium")


def battle(name: str) -> Any:
    import gymnasium as gym
    import smaclite  # noqa: F401  registers it

    return gym.make(f"smaclite/{name}-v0", use_cpp_rvo2=False)


def mask_of(env: Any, *_: Any) -> Any:
    return [np.array(mask, bool) for mask in env.unwrapped.get_avail_actions()]


ENVIRONMENTS = {"2s3z": "battle('2s3z')", "2s_vs_1sc": "battle('2s_vs_1sc')"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 200, "time_budget": 90}}
