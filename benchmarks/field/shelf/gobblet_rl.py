"""gobblet-rl: the board game Gobblet as a PettingZoo AEC environment."""

from __future__ import annotations

from typing import Any

PACKAGE = "gobblet-rl"
DISTRIBUTIONS = ("gobblet-rl", "pettingzoo", "numpy", "gymnasium")


def gobblet(**arguments: Any) -> Any:
    from gobblet_rl import gobblet_v1 as module

    return module.env(**arguments)


ENVIRONMENTS = {"gobblet env": "gobblet()"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 200, "time_budget": 40}}
