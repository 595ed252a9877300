"""Scenes as pixels: arrays, or a window with mouse and keyboard."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..mask_spec.checks import shown
from . import window
from .errors import WindowClosedError
from .frame import draw_frame
from .layout import MARGIN, MOST_CHOSEN, STATUS_HEIGHT, Layout, Numbers
from .mask_view import Choosing, MaskView
from .naming import words_of_action
from .places import Index, Path, RangeBars, as_path
from .pointing import Target, nearest_path, next_target, target_at, targets, words_at
from .scene import Scene
from .status import Status, as_status
from .theme import Theme, find_theme

FLASH_SECONDS = 0.6
LOWEST_PICTURE = 240
"""Pixels: on a small screen the picture gets lower until here; then the whole frame is scaled."""
WIDEST = 1.8
"""Width over height of a frame with boxes and bars beside the picture, at most."""


@dataclass(frozen=True)
class Event:
    """Something a person did in the window.

    Attributes:
        kind: "click", "drag" (the mouse moves while a range bar is held), "key" or "quit".
        action: (agent, index) of the action clicked or typed; None if there is none. It may be forbidden: show that
            with `Renderer.flash`. Where several actions share a cell, the first legal one.
        position: of a click, in the scene's coordinates.
        key: of a key, pygame's name of it: "left", "space", "a", "1".
        numbers: of a click or drag where numbers are chosen: which, and their values.
    """

    kind: Literal["click", "drag", "key", "quit"]
    action: tuple[int, Index] | None = None
    position: tuple[float, float] | None = None
    key: str = ""
    numbers: Numbers | None = None


class Renderer:
    """Draws scenes with their masks. Any number of renderers may exist at once, each with its own window.

    Args:
        mode: "rgb_array" returns frames and needs no display; "human" shows them in a window.
        title: of the window.
        fps: frames per second "human" is held to; None or 0 does not wait.
        theme: "light", "dark" or a `Theme`.
        width: of the frame in pixels; the height follows from the scene and is the same for a whole episode.
        picture_height: what the picture above the action strip may take at most, in pixels. In a window it is lower,
            and at last the whole frame smaller, where the screen has no room for it.

    After the person has closed the window, `events` ends in "quit" and `render` raises `WindowClosedError`. After
    `close()`, the next `render` opens a new window.

    Raises:
        RenderDependencyError: (an ImportError) on import of this module, if pygame-ce is not installed.
        ValueError: unknown mode or theme, a size or fps that makes no sense.
    """

    def __init__(
        self,
        mode: Literal["human", "rgb_array"] = "rgb_array",
        *,
        title: str = "masked_envs",
        fps: float | None = 30,
        theme: str | Theme = "light",
        width: int = 600,
        picture_height: int = 560,
    ) -> None:
        if mode not in ("human", "rgb_array"):
            raise ValueError(f'mode must be "human" or "rgb_array", got {shown(mode)} (for ansi: render_ansi)')
        if width < 160 or picture_height < 40:
            raise ValueError(
                f"expected a width of 160 or more and a picture_height of 40 or more pixels, got {width}, "
                f"{picture_height}"
            )
        if fps is not None and not 0 <= fps < float("inf"):
            raise ValueError(f"fps must be a number from 0 on, or None, got {shown(fps)}")
        self.mode, self.title, self.fps = mode, title, fps or 0
        self.theme = find_theme(theme)
        self.width, self.picture_height = int(width), int(picture_height)
        self._window: window.Window | None = None
        self._refused: dict[tuple[int, tuple[int | str, ...]], int] = {}
        self._shown: tuple[Layout, MaskView] | None = None
        self._frame: NDArray[np.uint8] | None = None
        self._held: tuple[RangeBars, int] | None = None  # the bar that the mouse drags
        self._focus: Target | None = None  # of the arrow keys

    def render(
        self,
        scene: Scene,
        mask: Any = None,
        probabilities: Any = None,
        action: Any = None,
        status: Status | str | None = None,
        choosing: Choosing | None = None,
    ) -> NDArray[np.uint8] | None:
        """Draw a frame.

        Args:
            scene: the picture.
            mask: the current mask in canonical form: of the one acting agent, or with a leading axis of
                `scene.agents`. None draws the actions without saying which are legal.
            probabilities: a policy's, in the mask's own form, or None.
            action: the one chosen under this mask, in the action space's form, or None. The action of the step before
                was chosen under another mask: say it in `Status.last`.
            status: what stands above the picture; a str is a message. With `Status.over` the actions are drawn as
                neither legal nor forbidden.
            choosing: an action that a person is making, drawn in place of `action`.

        Returns:
            "rgb_array": uint8 (height, width, 3), a new array each time. "human": None.

        Raises:
            ValueError: a mask or probabilities that do not fit the scene.
            WindowClosedError: the person closed the window.
        """
        line = as_status(status)
        view = MaskView(scene, mask, probabilities, action, line.over, line.agent, choosing)
        layout = self._layout(scene, view)
        self._shown = (layout, view)
        frame = draw_frame(layout, view, self.theme, line, self._refused, self.target)
        self._refused = {key: left - 1 for key, left in self._refused.items() if left > 1}
        if self.mode == "rgb_array":
            return frame
        self._frame = frame
        self._show(frame)
        return None

    def show_again(self) -> None:
        """Show the last frame once more, in a window that may have another size now.

        Raises:
            WindowClosedError: the person closed the window.
        """
        assert self._frame is not None
        self._show(self._frame)

    @property
    def picture_shape(self) -> float:
        """Height over width of a picture that alone makes a frame of the size of the last one; 0 before the first."""
        if self._shown is None:
            return 0.0
        layout = self._shown[0]
        return (layout.height - STATUS_HEIGHT - MARGIN) / (layout.width - 2 * MARGIN)

    @property
    def is_flashing(self) -> bool:
        """Whether the next frame shows a refusal, or no longer does."""
        return bool(self._refused)

    def flash(self, index: Index, agent: int = 0, frames: int | None = None) -> None:
        """Show that an action was refused: draw it red in the next `frames` frames (default: about half a second)."""
        count = max(1, round(FLASH_SECONDS * (self.fps or 10))) if frames is None else frames
        self._refused[(agent, as_path(index))] = count

    def events(self) -> list[Event]:
        """Events since the last call, oldest first; empty in "rgb_array" mode and before the first frame."""
        if self._window is None or self._shown is None:
            return []
        return [event for raw in self._window.events() if (event := self._understand(raw)) is not None]

    @property
    def hovered(self) -> str:
        """What is under the mouse, or where the arrow keys have led, in words: "" if there is nothing."""
        if self._shown is None:
            return ""
        layout, view = self._shown
        if self._pointer is not None:
            return words_at(layout, view, *self._pointer)
        target = self.target
        return "" if target is None else words_of_action(layout, view, target.agent, target.path)

    @property
    def target(self) -> Target | None:
        """What is under the mouse, or where the arrow keys have led, in the frame shown."""
        if self._shown is None:
            return None
        layout, view = self._shown
        if self._pointer is not None:
            return target_at(layout, view, *self._pointer)
        return next((target for target in targets(layout) if target.same(self._focus)), None)

    def move_target(self, way: tuple[int, int], agent: int = 0) -> None:
        """Point at an agent's next action that way, (1, 0) for right and (0, 1) for down, until the mouse moves."""
        if self._shown is not None:
            self._focus = next_target(*self._shown, agent, self.target, way)
        if self._window is not None:
            self._window.pointer = None

    def nearest(self, paths: Sequence[Path], agent: int = 0) -> Path | None:
        """Of an agent's actions the one that is nearest to what is pointed at; None where nothing is."""
        target = self.target
        return None if target is None or self._shown is None else nearest_path(self._shown[0], target, paths, agent)

    @property
    def _pointer(self) -> tuple[float, float] | None:
        return None if self._window is None else self._window.pointer

    def close(self) -> None:
        """Close the window, if there is one. May be called twice; a later `render` opens a new one."""
        if self._window is not None:
            self._window.close()
        self._window, self._shown, self._refused = None, None, {}

    def _layout(self, scene: Scene, view: MaskView) -> Layout:
        """The layout; for a window, one that fits on the screen, if it can be: with a lower picture, or with boxes and
        bars beside it, whichever leaves more of the picture.
        """
        make = functools.partial(Layout, scene, view.strips, view.ranges)
        if view.choosing is not None:
            make = functools.partial(make, most_bars=MOST_CHOSEN)
        layout = make(self.width, self.picture_height)
        room = window.room() if self.mode == "human" else (layout.width, layout.height)
        excess = layout.height - room[1]
        if excess <= 0:
            return layout
        picture = min(self.picture_height, max(LOWEST_PICTURE, math.floor(layout.picture[3] - excess)))
        lower = make(self.width, picture)
        across = min(room[0], math.floor(WIDEST * room[1]))
        beside = make(across, room[1] - STATUS_HEIGHT - MARGIN, beside=True)
        same_words = sum(one.compact for one in beside.strips) == sum(one.compact for one in lower.strips)
        is_larger = beside.scale > lower.scale * min(1, room[1] / lower.height)
        has_controls = bool(view.strips or view.ranges)
        return beside if has_controls and same_words and is_larger and beside.height <= room[1] else lower

    def _show(self, frame: NDArray[np.uint8]) -> None:
        if self._window is None or self._window.lost:
            self._window = window.Window(self.title, (frame.shape[1], frame.shape[0]))
        if self._window.closed_by_person:
            raise WindowClosedError("the window was closed; end the loop, or call close() to let render open a new one")
        self._window.show(frame, self.fps)

    def _understand(self, raw: window.RawEvent) -> Event | None:
        assert self._shown is not None
        layout, view = self._shown
        if raw.kind == "quit":
            return Event("quit")
        if raw.kind == "drag":
            held, x = self._held, raw.position[0]
            at = next((place for place in layout.ranges if held is not None and place.bars == held[0]), None)
            return None if held is None or at is None else Event("drag", numbers=at.dragged(held[1], x))
        if raw.kind == "key":
            agents = range(view.agents)
            typed = [(agent, index) for agent in agents for index in layout.scene.actions_for_key(raw.key, agent)]
            return Event("key", _first_legal(typed, view), key=raw.key)
        hit = _first_legal(layout.actions_at(*raw.position), view)
        numbers = layout.numbers_at(*raw.position) if hit is None else None
        is_bar = numbers is not None and not numbers.in_picture
        self._held = (numbers.bars, next(iter(numbers.values))) if numbers is not None and is_bar else None
        return Event("click", hit, layout.to_scene(*raw.position), numbers=numbers)


def _first_legal(actions: Sequence[tuple[int, Index]], view: MaskView) -> tuple[int, Index] | None:
    """Of the actions that a click or a key may mean, the first legal one, else the first."""
    legal = [(agent, index) for agent, index in actions if view.legal(agent, as_path(index))]
    return next(iter([*legal, *actions]), None)


def poll(renderer: Renderer) -> list[Event]:
    """`renderer.events()`, as a function."""
    return renderer.events()
