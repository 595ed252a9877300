"""Environments of the person's own as what they sit at: any with a mask and pixels."""

from __future__ import annotations

import copy
import functools
import pickle
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from ..adaptation.other_libraries import reset_arguments
from ..mask_spec import MaskSpec
from ..mask_spec.checks import HeadMask, describe
from ..render import Scene, Status
from ..wrappers.masked_wrapper import head_mask_of
from .table import GoBack, Look


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
        self._seed: int | None = None
        self._actions: list[Any] = []
        self._labels = _meanings(env, self.spec)

    @property
    def mask(self) -> Any:
        return self.env.get_wrapper_attr("action_mask")

    @property
    def head_mask(self) -> HeadMask | None:
        heads: HeadMask | None = head_mask_of(self.env)
        return heads

    def begin(self, seed: int | None) -> None:
        self._actions = []
        if seed is None and "seed" in reset_arguments(self.env.unwrapped):
            seed = int(np.random.default_rng().integers(2**31))  # to be played again from
        self._seed = seed
        self.env.reset(seed=seed)
        self._steps, self._earned, self._over, self._pixels = 0, 0.0, False, None

    def step(self, action: Any) -> bool:
        reward: Any  # a number, or an array of several objectives
        _, reward, terminated, truncated, _ = self.env.step(action)
        self._actions.append(action)
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
        seen, mask = (self._steps, self._earned, self._over, self._pixels), pickle.dumps(self.mask)
        restore = self._restore()
        if isinstance(restore, str):
            return restore

        def go_back() -> str:
            restore()
            self._steps, self._earned, self._over, self._pixels = seen
            return "" if pickle.dumps(self.mask) == mask else "played again from the same seed, it came out differently"

        return go_back

    def _restore(self) -> Callable[[], None] | str:
        """What takes the environment back to here: its state, a copy, or the same seed and actions once more."""
        if self.env.has_wrapper_attr("get_state"):
            state = self.env.get_wrapper_attr("get_state")()
            return lambda: self.env.get_wrapper_attr("set_state")(state)
        from ..conformance.env_view.copies import why_not_copied

        why = why_not_copied(self.env)
        if not why:
            return functools.partial(setattr, self, "env", copy.deepcopy(self.env))
        if self._seed is None:
            return f"{self.title} has no get_state, its reset takes no seed, and it cannot be copied ({why})"
        return functools.partial(self._replay, tuple(self._actions))

    def _replay(self, actions: Sequence[Any]) -> None:
        self.env.reset(seed=self._seed)
        for action in actions:
            self.env.step(action)
        self._actions = list(actions)

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
