"""quoridor-rl: the board game Quoridor as a PettingZoo AEC environment."""

from __future__ import annotations

from typing import Any

PACKAGE = "quoridor-rl"
DISTRIBUTIONS = ("quoridor-rl", "numpy", "pettingzoo")


def quoridor(**arguments: Any) -> Any:
    from quoridor_rl.env import env

    return env(**arguments)


ENVIRONMENTS = {"quoridor": "quoridor()", "quoridor, 40 plies": "quoridor(max_plies=40)"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 300, "time_budget": 25, "decisions": 1000}}
