"""What a person sits at: an environment with its mask, its picture and its positions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from ..api.gymnasium_env import MaskedEnv
from ..core.declaration import Declaration
from ..mask_spec import MaskSpec
from ..mask_spec.checks import HeadMask
from ..render import Scene, Status

GoBack = Callable[[], str]
"""Returns to a position; "", or in words what is not as it was."""


class Look(NamedTuple):
    """What is to be seen of a position."""

    scene: Scene
    mask: Any
    status: Status


class Table(Protocol):
    """An environment that a person plays.

    Attributes:
        title: its name.
        who: whom the person plays, in words.
        spec: of the mask of the person's actions.
        view: the person's agent, among those of the scene.
        names: of the agents of the scene, or one name.
    """

    title: str
    who: str
    spec: MaskSpec
    view: int
    names: tuple[str, ...]

    @property
    def mask(self) -> Any:
        """Of the person's next action, canonical."""

    @property
    def head_mask(self) -> HeadMask | None:
        """What later heads may take, for a conditional mask of more than two; None without any."""

    def begin(self, seed: int | None) -> None:
        """Begin an episode."""

    def step(self, action: Any) -> bool:
        """Carry an action out; whether the episode is over."""

    def look(self) -> Look:
        """What is to be seen now."""

    def keep(self) -> GoBack | str:
        """What returns to the present position later, or why nothing can."""

    def close(self) -> None:
        """Free what the environment holds."""


class OurTable:
    """A `Table` with an environment of this package.

    Args:
        declared, values: the environment and its parameters.
        seat: the arguments of `MaskedEnv` that say which agents the person plays.
        agent: the person's, by index.
    """

    def __init__(self, declared: Declaration, values: Mapping[str, Any], seat: Mapping[str, Any], agent: int) -> None:
        self.env = MaskedEnv(declared, **seat, **values)
        self.title, self.spec = declared.id, self.env.mask_spec
        self.names = declared.agents(values)
        self._at_once = declared.play == "simultaneous"
        self.view = agent if self._at_once else 0
        self._you = self.names[agent] if "opponent" in seat else ""
        self._agent = agent
        self.who = "you are the agent"
        if self._you:
            self.who = f"you are {self._you}, the others play random legal moves"
        elif declared.play == "turns":
            self.who = f"you play {' and '.join(self.names)} in turn"

    @property
    def mask(self) -> Any:
        return self.env.action_mask

    @property
    def head_mask(self) -> HeadMask:
        return self.env.head_mask

    def begin(self, seed: int | None) -> None:
        self.env.reset(seed=seed)

    def step(self, action: Any) -> bool:
        _, _, terminated, truncated, _ = self.env.step(action)
        return terminated or truncated

    def look(self) -> Look:
        scene, mask, _, _, status = self.env.picture.frame(0)
        playing = self._agent if self._you else self.names.index(status.turn) if status.turn else None
        side = "" if playing is None or playing >= len(scene.sides) else scene.sides[playing]
        return Look(scene, mask, dataclasses.replace(status, you=self._you, side=side))

    def keep(self) -> GoBack | str:
        state, earned = self.env.get_state(), self.env.picture.episode_return

        def go_back() -> str:
            self.env.set_state(state)
            self.env.picture.episode_return = earned
            return ""

        return go_back

    def close(self) -> None:
        self.env.close()
