"""gym-bullet-chess: chess with clocks."""

from __future__ import annotations

from typing import Any

PACKAGE = "gym-bullet-chess"
DISTRIBUTIONS = ("gym-bullet-chess", "chess", "numpy", "gymnasium")


def chess(**arguments: Any) -> Any:
    from gym_bullet_chess.env import BulletChessEnv

    return BulletChessEnv(**arguments)


ENVIRONMENTS = {"BulletChessEnv, self-play": "chess()", "BulletChessEnv, random opponent": "chess(opponent='random')"}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 800, "time_budget": 90, "decisions": 1200}}
