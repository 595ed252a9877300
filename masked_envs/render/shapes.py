"""The shapes a scene is made of: frozen values in the scene's own coordinates, y downwards."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Bounds = tuple[float, float, float, float]
"""left, top, right, bottom"""

CHARACTER_WIDTH = 0.62
"""Width of a character over the text size: an upper estimate for words in the bundled font."""


def _around(points: tuple[Point, ...]) -> Bounds:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs), min(ys), max(xs), max(ys))


@dataclass(frozen=True)
class Rect:
    """A rectangle; `outline` 0 fills it, otherwise it is the width of the line drawn inside its edge."""

    x: float
    y: float
    w: float
    h: float
    ink: str
    outline: float = 0.0
    radius: float = 0.0
    fade: float = 0.0

    @property
    def bounds(self) -> Bounds:
        return (self.x, self.y, self.x + self.w, self.y + self.h)


@dataclass(frozen=True)
class Disc:
    """A disc about (x, y); `outline` 0 fills it, otherwise it is the width of the ring inside its edge."""

    x: float
    y: float
    r: float
    ink: str
    outline: float = 0.0
    fade: float = 0.0

    @property
    def bounds(self) -> Bounds:
        return (self.x - self.r, self.y - self.r, self.x + self.r, self.y + self.r)


@dataclass(frozen=True)
class Line:
    """A line through the points, with round ends. Its bounds are those of the points: at the edge half of it
    is cut.
    """

    points: tuple[Point, ...]
    width: float
    ink: str
    fade: float = 0.0

    @property
    def bounds(self) -> Bounds:
        return _around(self.points)


@dataclass(frozen=True)
class Polygon:
    """A filled polygon."""

    points: tuple[Point, ...]
    ink: str
    fade: float = 0.0

    @property
    def bounds(self) -> Bounds:
        return _around(self.points)


@dataclass(frozen=True)
class Text:
    """One line of words, `size` high, centred on y; `align` says which part of it stands at x."""

    x: float
    y: float
    string: str
    size: float
    ink: str
    align: str = "center"
    fade: float = 0.0

    @property
    def bounds(self) -> Bounds:
        width = CHARACTER_WIDTH * self.size * len(self.string)
        left = self.x - {"left": 0.0, "center": 0.5, "right": 1.0}[self.align] * width
        return (left, self.y - self.size / 2, left + width, self.y + self.size / 2)


@dataclass(frozen=True, eq=False)
class Pixels:
    """A picture of pixels, uint8 (height, width, 3), stretched to a box."""

    x: float
    y: float
    w: float
    h: float
    pixels: NDArray[np.uint8]
    ink: str = "background"  # under words over it
    fade: float = 0.0

    @property
    def bounds(self) -> Bounds:
        return (self.x, self.y, self.x + self.w, self.y + self.h)


Shape = Rect | Disc | Line | Polygon | Text | Pixels


def arrow_points(tail: Point, tip: Point, width: float) -> tuple[Point, ...]:
    """The outline of an arrow whose shaft is `width` wide and whose head is three times as wide."""
    (x0, y0), (x1, y1) = tail, tip
    length = math.hypot(x1 - x0, y1 - y0)
    if length == 0:
        raise ValueError(f"an arrow needs two different points, got {tail} twice")
    along_x, along_y = (x1 - x0) / length, (y1 - y0) / length
    neck = max(0.0, length - 2.4 * width)
    profile = ((0.0, 0.5), (neck, 0.5), (neck, 1.5), (length, 0.0), (neck, -1.5), (neck, -0.5), (0.0, -0.5))
    return tuple(
        (x0 + t * along_x - side * width * along_y, y0 + t * along_y + side * width * along_x) for t, side in profile
    )
