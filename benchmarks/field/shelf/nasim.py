"""Network Attack Simulator: penetration testing. Its mask is the method `get_action_mask` of flat actions."""

from __future__ import annotations

from typing import Any

PACKAGE = "NASim"
DISTRIBUTIONS = ("nasim", "numpy", "gymnasium")


def network() -> Any:
    import gymnasium as gym
    import nasim  # noqa: F401  registers it

    return gym.make("TinyPO-v0")


def mask_of(env: Any, observation: Any, info: Any) -> Any:
    return env.unwrapped.get_action_mask()


ENVIRONMENTS = {"TinyPO-v0": "network()"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"time_budget": 20, "mask_at": "env.get_action_mask()"}}
