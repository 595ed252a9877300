"""rlskyjo: the card game SkyJo as a PettingZoo AEC environment, with spaces of the old gym."""

from __future__ import annotations

from typing import Any

PACKAGE = "rlskyjo"
DISTRIBUTIONS = ("rlskyjo", "gym", "pettingzoo", "numpy", "gymnasium")


def skyjo(**arguments: Any) -> Any:
    """The environment with PettingZoo's form of `reset`, whose seed goes to its method `seed`."""
    from rlskyjo.environment.skyjo_env import SimpleSkyjoEnv

    class Seeded(SimpleSkyjoEnv):  # type: ignore[misc]
        def reset(self, seed: int | None = None, options: Any = None) -> None:
            if seed is not None:
                self.seed(seed)
            super().reset()

    return Seeded(**arguments)


ENVIRONMENTS = {"SimpleSkyjoEnv": "skyjo()"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 200, "time_budget": 100}}
