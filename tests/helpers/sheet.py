"""Painters that note what is painted, for tests of pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from masked_envs.render.canvas import Canvas, fitted, text_width
from masked_envs.render.frame import paint_frame
from masked_envs.render.layout import Layout
from masked_envs.render.theme import Theme

WIDTH, PICTURE_HEIGHT = 600, 560
Box = tuple[float, float, float, float]


class Painted(NamedTuple):
    """One call of a painter: what, the box around it, its colour, and its words."""

    what: str
    box: Box
    color: Any
    words: str = ""


class Sheet:
    """Notes everything that is painted; pixels there are none."""

    def __init__(self, width: int, height: int) -> None:
        self.size, self.painted = (width, height), list[Painted]()

    @contextlib.contextmanager
    def clipped(self, box: Box) -> Iterator[None]:
        yield

    def rect(self, box: Box, color: Any, *, radius: float = 0.0, outline: float = 0.0) -> None:
        self.painted.append(Painted("rect", box, color))

    def disc(self, center: Any, radius: float, color: Any, *, outline: float = 0.0) -> None:
        box = (center[0] - radius, center[1] - radius, 2 * radius, 2 * radius)
        self.painted.append(Painted("disc", box, color))

    def line(self, points: Sequence[Any], width: float, color: Any) -> None:
        self.painted.append(Painted("line", around(points), color))

    def polygon(self, points: Sequence[Any], color: Any) -> None:
        self.painted.append(Painted("polygon", around(points), color))

    def veil(self, box: Box, color: Any, alpha: int, *, hatch: Any = None, spacing: float = 9.0) -> None:
        self.painted.append(Painted("veil", box, hatch))

    def text(self, at: Any, string: str, size: float, color: Any, *, align: str = "center", room: float = 0) -> None:
        self.painted.append(Painted("text", (at[0], at[1], 0.0, 0.0), color, string))

    def name(self, box: Box, words: str) -> None:
        self.painted.append(Painted("name", box, None, words))


class Wordless(Canvas):
    """Pixels without words, which are noted: so that the ground under each can be looked at."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.words: list[Painted] = []

    def text(self, at: Any, string: str, size: float, color: Any, *, align: str = "center", room: float = 0) -> None:
        if room > 0:
            string, size = fitted(string, size, room)
        wide = text_width(string, size) if string else 0.0
        left = at[0] - {"left": 0.0, "center": 0.5, "right": 1.0}[align] * wide
        self.words.append(Painted("text", (left, at[1] - 0.3 * size, wide, 0.6 * size), color, string))

    def grounds(self) -> Iterator[tuple[Painted, Any]]:
        """Each word with the commonest colour of the pixels under it, (3,)."""
        frame = self.finish()
        for word in self.words:
            left, top, wide, high = word.box
            part = frame[max(0, int(top)) : int(top + high) + 1, max(0, int(left)) : int(left + wide) + 1]
            if part.size and word.words:
                colors, counts = np.unique(part.reshape(-1, 3), axis=0, return_counts=True)
                yield word, colors[counts.argmax()]


def around(points: Sequence[Any]) -> Box:
    """The box around some points."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def layout_of(picture: Any) -> Layout:
    """The layout of the frame that a `Picture` draws now."""
    scene, view = picture.scene(0), picture.view(0)
    return Layout(scene, view.strips, view.ranges, WIDTH, PICTURE_HEIGHT)


def paint(picture: Any, theme: Theme, on: Any) -> None:
    """Paint the frame that a `Picture` draws now on something else."""
    paint_frame(on, layout_of(picture), picture.view(0), theme, picture.status(0))
