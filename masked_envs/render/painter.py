"""What a frame is painted on: pixels (`canvas.Canvas`) or the elements of an SVG picture (`svg.SvgCanvas`)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .places import Box
from .shapes import Point
from .theme import RGB


class Painter(Protocol):
    """Coordinates are pixels of the finished frame, fractions welcome; later shapes lie over earlier ones.

    Attributes:
        size: width and height.
    """

    size: tuple[int, int]

    def clipped(self, box: Box) -> AbstractContextManager[None]:
        """Draw only inside the box, and inside the box around that."""

    def rect(self, box: Box, color: RGB, *, radius: float = 0.0, outline: float = 0.0) -> None:
        """A rectangle, or its edge `outline` wide and inside it."""

    def disc(self, center: Point, radius: float, color: RGB, *, outline: float = 0.0) -> None:
        """A disc, or its edge `outline` wide and inside it."""

    def line(self, points: Sequence[Point], width: float, color: RGB) -> None:
        """A line with round ends and corners."""

    def polygon(self, points: Sequence[Point], color: RGB) -> None:
        """A filled polygon."""

    def image(self, box: Box, pixels: NDArray[np.uint8]) -> None:
        """A picture of pixels, uint8 (height, width, 3), stretched to the box."""

    def veil(self, box: Box, color: RGB, alpha: int, *, hatch: RGB | None = None, spacing: float = 9.0) -> None:
        """Cover a part of what is drawn with a colour of opacity `alpha` (0 to 255) and slanted lines."""

    def text(self, at: Point, string: str, size: float, color: RGB, *, align: str = "center", room: float = 0) -> None:
        """A line of words centred on y. `room` > 0 is the width it may take: it shrinks, then loses its end."""

    def name(self, box: Box, words: str) -> None:
        """What the mouse finds over the box; nothing to be seen."""
