"""JSSEnv: job shop scheduling. Its `reset` takes no seed and gives no info; here it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym

PACKAGE = "JSSEnv"
DISTRIBUTIONS = ("jssenv", "numpy", "gymnasium")
ENVIRONMENTS = {"JssEnv ta01": "Seeded('ta01')"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 300, "time_budget": 20, "decisions": 1500}}


class Seeded(gym.Wrapper[Any, Any, Any, Any]):
    """The environment with Gymnasium's form of `reset`."""

    def __init__(self, instance: str) -> None:
        import JSSEnv
        from JSSEnv.envs.jss_env import JssEnv

        folder = Path(JSSEnv.__file__).parent / "envs" / "instances"
        super().__init__(JssEnv({"instance_path": str(folder / instance)}))

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return self.env.reset(), {}
