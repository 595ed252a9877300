"""`masked-envs play`: an environment in a window, for a person with mouse and keyboard."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..core.declaration import Declaration
from .console import print_json
from .own_environments import is_ours, own_environment
from .targets import CommandError, environment_of, require_display

if TYPE_CHECKING:
    from ..play.table import Table


def run(given: argparse.Namespace) -> int:
    """Play until the window is closed or Escape is pressed, then say how it went."""
    table = table_of(given)
    require_display()
    from ..play.game import Game

    game = Game(table)
    if not given.json:
        print(game.how_to_play())
    game.play(given.seed)
    if given.json:
        print_json({"id": table.title, "steps": game.steps, "refused": game.refused})
    else:
        print(f"steps {game.steps}, refused {game.refused}")
    return 0


def table_of(given: argparse.Namespace) -> Table:
    """The environment that the command names, with the agents that the person plays.

    Raises:
        CommandError: nothing of that name, or an opponent or agent that it does not have.
    """
    from ..play.own_table import OwnTable
    from ..play.table import OurTable

    if not is_ours(given.id):
        env = own_environment(given, given.opponent, given.agent)
        played = getattr(env.unwrapped, "agent", None)
        who = "you are the agent" if played is None else f"you are {played}, the others play random legal moves"
        return OwnTable(env, given.id, who)
    from ..api.observations import agent_index

    declared, values = environment_of(given)
    seat = _seat(declared, given.opponent, given.agent)
    try:
        agent = agent_index(declared.agents(values), seat.get("agent", 0))
    except ValueError as error:
        raise CommandError(f"{declared.id}: {error}") from error
    return OurTable(declared, values, seat, agent)


def _seat(declared: Declaration, opponent: str | None, agent: str | None) -> dict[str, Any]:
    """The arguments that say which agents the person plays."""
    if declared.play == "single":
        if opponent is not None or agent is not None:
            raise CommandError(f"{declared.id} has one agent: it takes neither --opponent nor --agent")
        return {}
    if opponent == "none":
        if declared.play == "simultaneous":
            raise CommandError(f"{declared.id}: nobody can choose for several agents at once; use --opponent random")
        if agent is not None:
            raise CommandError(f"--agent {agent} has no meaning with --opponent none: you play every side")
        return {}
    return {"opponent": "random", "agent": 0 if agent is None else int(agent) if agent.isdecimal() else agent}
