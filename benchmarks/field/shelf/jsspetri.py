"""JSSPetri: job shop scheduling on a Petri net."""

from __future__ import annotations

from typing import Any

PACKAGE = "JSSPetri"
DISTRIBUTIONS = ("jsspetri", "numpy", "gymnasium")


def job_shop(instance: str, **arguments: Any) -> Any:
    from jsspetri.envs.mono.gym_env import JsspetriEnv

    return JsspetriEnv(instance, **arguments)


ENVIRONMENTS = {"JsspetriEnv ta01": "job_shop('ta01')", "JsspetriEnv ta01, standby": "job_shop('ta01', standby=True)"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 300, "time_budget": 90, "decisions": 600}}
