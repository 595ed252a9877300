"""Words that can be read: contrast by the formula of WCAG 2.1, and the ground that a word stands on."""

from __future__ import annotations

from collections.abc import Sequence

from .places import Box, holds
from .scene import Scene
from .shapes import Disc, Point, Polygon, Rect, Shape, Text
from .theme import RGB, Theme, mix

LEAST = 3.0
"""Contrast of words: what WCAG 2.1 asks of large ones (1.4.3) and of the parts of a picture (1.4.11)."""


def luminance(color: RGB) -> float:
    """The relative luminance of WCAG 2.1, from 0 for black to 1 for white."""
    shares = (part / 255 for part in color)
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in shares)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(first: RGB, second: RGB) -> float:
    """From 1 for equal colours to 21 for black on white."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def legible(color: RGB, ground: RGB, theme: Theme) -> RGB:
    """The colour if words of it can be read on the ground, else the theme's dark or light one, which can."""
    if contrast(color, ground) >= LEAST:
        return color
    return max(theme["text"], theme["inverse"], key=lambda other: contrast(other, ground))


def ground_of(scene: Scene, i: int, theme: Theme) -> RGB:
    """The colour under the words that are shape `i`."""
    words = scene.shapes[i]
    assert isinstance(words, Text)
    return color_at(scene, scene.shapes[:i], middle(words), theme)


def color_at(scene: Scene, shapes: Sequence[Shape], point: Point, theme: Theme) -> RGB:
    """The colour of a point under these shapes of a scene."""
    ground, top = theme[scene.background], _topmost(shapes, point)
    return mix(theme[top.ink], ground, top.fade) if top else ground


def words_in(scene: Scene, boxes: Sequence[Box]) -> list[int]:
    """The numbers of the words that stand in one of the boxes and are covered by no later shape."""
    return [
        i
        for i, shape in enumerate(scene.shapes if boxes else ())
        if isinstance(shape, Text)
        and any(holds(box, *middle(shape)) for box in boxes)
        and not _topmost(scene.shapes[i + 1 :], middle(shape))
    ]


def middle(words: Text) -> Point:
    """The middle of the box that words take."""
    left, top, right, bottom = words.bounds
    return ((left + right) / 2, (top + bottom) / 2)


def _topmost(shapes: Sequence[Shape], point: Point) -> Shape | None:
    """The last filled shape with this point in it."""
    return next((shape for shape in reversed(shapes) if _holds(shape, point)), None)


def _holds(shape: Shape, point: Point) -> bool:
    x, y = point
    match shape:
        case Rect(left, top, w, h, outline=0):
            return left <= x <= left + w and top <= y <= top + h
        case Disc(across, down, r, outline=0):
            return (across - x) ** 2 + (down - y) ** 2 <= r * r
        case Polygon(points):
            return _crossings(points, point) % 2 == 1
    return False


def _crossings(points: Sequence[Point], point: Point) -> int:
    """How many edges of a polygon a ray to the right crosses."""
    x, y = point
    edges = zip(points, (*points[1:], points[0]), strict=True)
    return sum((y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0) for (x0, y0), (x1, y1) in edges)
