"""fanorona-aec: the board game Fanorona as a PettingZoo AEC environment."""

from __future__ import annotations

from typing import Any

PACKAGE = "fanorona-aec"
DISTRIBUTIONS = ("fanorona-aec", "pettingzoo", "numpy", "gymnasium")


def fanorona(**arguments: Any) -> Any:
    from env import fanorona_env as module

    return module.env(**arguments)


ENVIRONMENTS = {"fanorona env": "fanorona(render_mode=None)"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 200, "time_budget": 60}}
