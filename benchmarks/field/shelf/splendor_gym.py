"""splendor-gym: the card game Splendor, both players in turn."""

from __future__ import annotations

from typing import Any

PACKAGE = "splendor-gym"
DISTRIBUTIONS = ("splendor-gym", "numpy", "gymnasium")


def splendor() -> Any:
    from splendor_gym.envs.splendor_env import SplendorEnv

    return SplendorEnv()


ENVIRONMENTS = {"SplendorEnv": "splendor()"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 8000, "time_budget": 170, "decisions": 2000}}
