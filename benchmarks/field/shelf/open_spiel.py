"""Games of OpenSpiel as PettingZoo games, through Shimmy."""

from __future__ import annotations

from typing import Any

PACKAGE = "OpenSpiel through Shimmy"
DISTRIBUTIONS = ("open_spiel", "shimmy", "pettingzoo", "numpy")
GAMES = ("tic_tac_toe", "connect_four", "kuhn_poker", "leduc_poker", "breakthrough", "othello", "backgammon")
ENVIRONMENTS = {name: f"game({name!r})" for name in GAMES}
OPTIONS: dict[str, dict[str, Any]] = {"": {"decisions": 1500}, "backgammon": {"steps": 300, "decisions": 2000}}


def game(name: str) -> Any:
    from shimmy import OpenSpielCompatibilityV0

    return OpenSpielCompatibilityV0(game_name=name)
