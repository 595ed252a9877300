"""cathedral-rl: the board game Cathedral as a PettingZoo AEC environment."""

from __future__ import annotations

from typing import Any

PACKAGE = "cathedral-rl"
DISTRIBUTIONS = ("cathedral-rl", "pettingzoo", "numpy", "gymnasium")


def cathedral(**arguments: Any) -> Any:
    from cathedral_rl import cathedral_v0 as module

    return module.env(**arguments)


ENVIRONMENTS = {"cathedral env": "cathedral()"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 100, "time_budget": 120, "decisions": 60, "tried": 2}}
