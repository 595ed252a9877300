"""Shapes in the coordinates of an environment, each with an ink."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..mask_spec.checks import describe
from . import arguments
from .shapes import Disc, Line, Pixels, Point, Polygon, Rect, Shape, Text, arrow_points
from .theme import check_ink


class Drawing:
    """A frame of `width` by `height` units, y downwards, and the shapes in it, later ones over earlier ones.

    `fade` (0 to 1) moves a shape's colour towards the background.
    """

    def __init__(self, width: float, height: float, background: str = "background") -> None:
        self.width, self.height = arguments.size("width", width), arguments.size("height", height)
        if self.width == 0 or self.height == 0:
            raise ValueError(f"a scene needs a width and a height above 0, got {width} by {height}")
        self.background = check_ink(background)
        self.shapes: list[Shape] = []

    def rect(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        ink: str,
        *,
        outline: float = 0.0,
        radius: float = 0.0,
        fade: float = 0.0,
    ) -> None:
        """A rectangle with its corner at (x, y); `outline` > 0 draws only its edge, that wide."""
        x, y, w, h = arguments.box((x, y, w, h))
        line, corner = arguments.size("outline", outline), arguments.size("radius", radius)
        self.shapes.append(Rect(x, y, w, h, check_ink(ink), line, corner, arguments.share("fade", fade)))

    def disc(self, x: float, y: float, r: float, ink: str, *, outline: float = 0.0, fade: float = 0.0) -> None:
        """A disc of radius `r` about (x, y); `outline` > 0 draws only its edge, that wide."""
        x, y, r = arguments.number("x", x), arguments.number("y", y), arguments.size("r", r)
        self.shapes.append(
            Disc(x, y, r, check_ink(ink), arguments.size("outline", outline), arguments.share("fade", fade))
        )

    def line(self, points: Iterable[Point], width: float, ink: str, *, fade: float = 0.0) -> None:
        """A line `width` wide through two or more points, with round ends."""
        path, width = arguments.points(points, 2), arguments.size("width", width)
        self.shapes.append(Line(path, width, check_ink(ink), arguments.share("fade", fade)))

    def polygon(self, points: Iterable[Point], ink: str, *, fade: float = 0.0) -> None:
        """A filled polygon of three or more points."""
        self.shapes.append(Polygon(arguments.points(points, 3), check_ink(ink), arguments.share("fade", fade)))

    def arrow(self, x0: float, y0: float, x1: float, y1: float, width: float, ink: str, *, fade: float = 0.0) -> None:
        """An arrow from (x0, y0) to its tip (x1, y1); the head is three times as wide as the shaft."""
        tail, tip = arguments.points([(x0, y0), (x1, y1)], 2)
        self.polygon(arrow_points(tail, tip, arguments.size("width", width)), ink, fade=fade)

    def text(
        self,
        x: float,
        y: float,
        string: str,
        size: float,
        ink: str = "text",
        *,
        align: str = "center",
        fade: float = 0.0,
    ) -> None:
        """One line of words, `size` units high, centred on y; "left", "center" or "right" of it stands at x.
        The font has Latin letters, no arrows or symbols.
        """
        x, y, size = arguments.number("x", x), arguments.number("y", y), arguments.size("size", size)
        align = arguments.one_of("align", align, ("left", "center", "right"))
        self.shapes.append(Text(x, y, str(string), size, check_ink(ink), align, arguments.share("fade", fade)))

    def pixels(self, x: float, y: float, w: float, h: float, pixels: NDArray[np.uint8]) -> None:
        """A picture of pixels, uint8 (height, width, 3), stretched to the box; ansi leaves it out."""
        picture = np.asarray(pixels)
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
            raise ValueError(f"expected pixels as uint8 (height, width, 3), not {describe(picture)}")
        self.shapes.append(Pixels(*arguments.box((x, y, w, h)), picture))
