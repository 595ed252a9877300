"""What the Gymnasium form of a game says about its agents, by the names of PettingZoo."""

from __future__ import annotations

from ..core.declaration import Declaration
from ..core.engine import Engine
from ..mask_spec.checks import shown


class Seats:
    """`agents` and `num_agents` of a game; an environment of one agent has neither, as nothing but a game should."""

    _engine: Engine

    def _game(self, name: str) -> Declaration:
        declared = self._engine.declaration
        if declared.play == "single":
            raise AttributeError(f"{declared.id} has one agent and no {shown(name)}")
        return declared

    @property
    def agents(self) -> list[str]:
        """The names of a game's agents, in the order of `info["rewards"]`; `info["agent"]` is an index into them."""
        self._game("agents")
        return list(self._engine.agents)

    @property
    def num_agents(self) -> int:
        """How many agents a game has."""
        self._game("num_agents")
        return len(self._engine.agents)
