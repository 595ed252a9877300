"""sb3-contrib's toy environments for MaskablePPO."""

from __future__ import annotations

from typing import Any

PACKAGE = "sb3-contrib"
DISTRIBUTIONS = ("sb3-contrib", "stable-baselines3", "numpy", "gymnasium")
ENVIRONMENTS = {
    "InvalidActionEnvDiscrete": "toys().InvalidActionEnvDiscrete(12, n_invalid_actions=5)",
    "InvalidActionEnvMultiDiscrete": "toys().InvalidActionEnvMultiDiscrete([4, 4, 4], n_invalid_actions=5)",
    "InvalidActionEnvMultiBinary": "toys().InvalidActionEnvMultiBinary(12, n_invalid_actions=5)",
}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 100}}


def toys() -> Any:
    from sb3_contrib.common import envs

    return envs
