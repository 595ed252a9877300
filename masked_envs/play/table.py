"""What a person sits at: an environment with its mask, its picture and its positions; of this package, or their own."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import gymnasium as gym
import numpy as np

from ..api.gymnasium_env import MaskedEnv
from ..core.declaration import Declaration
from ..mask_spec import MaskSpec
from ..mask_spec.checks import HeadMask, describe
from ..render import Scene, Status
from ..wrappers.masked_wrapper import head_mask_of

GoBack = Callable[[], None]


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

        def go_back() -> None:
            self.env.set_state(state)
            self.env.picture.episode_return = earned

        return go_back

    def close(self) -> None:
        self.env.close()


class OwnTable:
    """A `Table` with a Gymnasium environment of the person's own.

    Args:
        env: with a mask in our places (`masked_envs.adapt`), in the render mode "rgb_array".
        title: its name.
        who: whom the person plays, in words.

    Raises:
        ValueError: `render()` gives no picture of pixels.
    """

    names: tuple[str, ...] = ("the agent",)
    view = 0

    def __init__(self, env: gym.Env[Any, Any], title: str, who: str = "you are the agent") -> None:
        self.env, self.title, self.who = env, title, who
        self.spec: MaskSpec = env.get_wrapper_attr("mask_spec")
        self._steps, self._earned, self._over = 0, 0.0, False
        self._pixels: Any = None
        self._labels = _meanings(env, self.spec)

    @property
    def mask(self) -> Any:
        return self.env.get_wrapper_attr("action_mask")

    @property
    def head_mask(self) -> HeadMask | None:
        heads: HeadMask | None = head_mask_of(self.env)
        return heads

    def begin(self, seed: int | None) -> None:
        self.env.reset(seed=seed)
        self._steps, self._earned, self._over, self._pixels = 0, 0.0, False, None

    def step(self, action: Any) -> bool:
        reward: Any  # a number, or an array of several objectives
        _, reward, terminated, truncated, _ = self.env.step(action)
        self._steps, self._earned, self._pixels = self._steps + 1, self._earned + float(np.sum(reward)), None
        self._over = bool(terminated or truncated)
        return self._over

    def look(self) -> Look:
        if self._pixels is None:
            self._pixels = self.env.render()
        height, width = picture_size(f"{self.title}: render()", self._pixels)
        heads = tuple(self.spec.heads.tolist()) if self.spec.kind == "per_head" else None
        scene = Scene(width, height, kind=self.spec.kind, heads=heads)
        scene.pixels(0, 0, width, height, self._pixels)
        if self._labels:
            scene.strip(self._labels)
        return Look(scene, as_mapping(self.spec, self.mask), Status(self._steps, self._earned, over=self._over))

    def keep(self) -> GoBack | str:
        seen = (self._steps, self._earned, self._over, self._pixels)
        if self.env.has_wrapper_attr("get_state"):
            state = self.env.get_wrapper_attr("get_state")()
            restore: GoBack = lambda: self.env.get_wrapper_attr("set_state")(state)  # noqa: E731
        else:
            from ..conformance.env_view.copies import why_not_copied

            why = why_not_copied(self.env)
            if why:
                return f"{self.title} has no get_state and cannot be copied ({why})"
            kept = copy.deepcopy(self.env)
            restore = lambda: setattr(self, "env", kept)  # noqa: E731

        def go_back() -> None:
            restore()
            self._steps, self._earned, self._over, self._pixels = seen

        return go_back

    def close(self) -> None:
        self.env.close()  # type: ignore[no-untyped-call]


def picture_size(title: str, pixels: Any) -> tuple[int, int]:
    """Height and width of what `render()` gave.

    Raises:
        ValueError: it is no array of pixels.
    """
    shape: Sequence[int] = pixels.shape if isinstance(pixels, np.ndarray) and pixels.dtype == np.uint8 else ()
    if len(shape) != 3 or shape[2] != 3 or 0 in shape:
        raise ValueError(
            f'{title} gave {describe(pixels)}; expected uint8 (height, width, 3), as the render mode "rgb_array" has it'
        )
    return shape[0], shape[1]


def as_mapping(spec: Any, value: Any) -> Any:
    """A mask or an action with the parts of a tuple under their names, "0", "1", ..."""
    if spec.kind != "dict":
        return value
    parts = zip(spec.items(), spec.unpack(value, "the value"), strict=True)
    return {name: as_mapping(part, inner) for (name, part), inner in parts}


def _meanings(env: gym.Env[Any, Any], spec: Any) -> tuple[str, ...]:
    """The names of the actions of a flat mask, where the environment has them as Atari's and Minigrid's do."""
    if spec.kind not in ("flat", "candidates"):
        return ()
    if env.has_wrapper_attr("get_action_meanings"):
        names = tuple(map(str, env.get_wrapper_attr("get_action_meanings")()))
        if len(names) == spec.n:
            return names
    return tuple(str(spec.start + i) for i in range(spec.n)) if spec.start else ()
