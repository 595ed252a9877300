"""PettingZoo's classic games: the bare game (`raw_env`), and with the wrappers of `env`."""

from __future__ import annotations

import importlib
from typing import Any

PACKAGE = "PettingZoo, classic games"
DISTRIBUTIONS = ("pettingzoo", "rlcard", "chess", "shimmy", "open_spiel", "numpy", "gymnasium")
GAMES = ("connect_four_v3", "tictactoe_v3", "chess_v6", "go_v5", "hanabi_v5",
         "leduc_holdem_v4", "texas_holdem_v4", "texas_holdem_no_limit_v6")  # fmt: skip
ENVIRONMENTS = {f"{game} {made}": f"game({game!r}).{made}()" for game in GAMES for made in ("raw_env", "env")}
OPTIONS: dict[str, dict[str, Any]] = {
    "": {"decisions": 1500},
    **{f"{game} env": {"refused": "by_both_flags", "decisions": 1500} for game in GAMES},
    **{f"{game} raw_env": {"time_budget": 100, "decisions": 1500} for game in ("chess_v6", "go_v5")},
    **{f"{game} env": {"refused": "by_both_flags", "time_budget": 100, "decisions": 1500}
       for game in ("chess_v6", "go_v5")},
}  # fmt: skip


def game(name: str) -> Any:
    return importlib.import_module(f"pettingzoo.classic.{name}")


def by_both_flags(before: Any, action: Any, after: Any) -> bool:
    """TerminateIllegalWrapper, and nothing else in these games, sets termination and truncation together."""
    return bool(after.terminated and after.truncated)
