"""Scenes as SVG: the same frames as in pixels, sharp at any size, for pages and notebooks.

A picture is a list of elements. The player of the documentation pages keeps the elements that frames share only once.
"""

from __future__ import annotations

import base64
import contextlib
import html
import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .canvas import fitted, text_width
from .frame import paint_frame
from .layout import Layout
from .mask_view import MaskView
from .places import Box
from .scene import Scene
from .shapes import Point
from .status import Status, as_status
from .theme import RGB, Theme, find_theme

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
MOST_PLAIN = 100  # boxes of one path: of longer ones two frames would seldom have the same
WIDTH, PICTURE_HEIGHT = 600, 560  # pixels, as of `Renderer`
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" font-family="{2}" '
    'role="img">'
)


class SvgCanvas:
    """A frame as SVG elements."""

    def __init__(self, width: int, height: int, page: RGB) -> None:
        self.size = (width, height)
        self._elements: list[str] = []
        self._plain: list[str] = []  # plain boxes of one colour, drawn one after the other, which become one path
        self._plain_color = ""
        self._clips: list[Box] = []
        self.rect((0, 0, width, height), page)

    @property
    def elements(self) -> list[str]:
        """Strings that make the picture together, in the order they are drawn."""
        self._end_plain()
        return self._elements

    @contextlib.contextmanager
    def clipped(self, box: Box) -> Iterator[None]:
        self._end_plain()
        self._clips.append(intersection(self._clips[-1], box) if self._clips else box)
        try:
            yield
        finally:
            self._end_plain()
            self._clips.pop()

    def rect(self, box: Box, color: RGB, *, radius: float = 0.0, outline: float = 0.0) -> None:
        x, y, w, h = box
        if not (radius or outline):
            self._add_plain(f"M{short(x)} {short(y)}h{short(w)}v{short(h)}h{short(-w)}z", code(color))
            return
        half = min(outline, w, h) / 2  # the edge is drawn inside the box
        corner = f' rx="{short(max(0.0, radius - half))}"' if radius else ""
        w, h = w - 2 * half, h - 2 * half
        place = f'x="{short(x + half)}" y="{short(y + half)}" width="{short(w)}" height="{short(h)}"'
        self._add(f"<rect {place}{corner} {paint(color, outline)}/>")

    def disc(self, center: Point, radius: float, color: RGB, *, outline: float = 0.0) -> None:
        half = min(outline, radius) / 2
        place = f'cx="{short(center[0])}" cy="{short(center[1])}" r="{short(radius - half)}"'
        self._add(f"<circle {place} {paint(color, outline)}/>")

    def line(self, points: Sequence[Point], width: float, color: RGB) -> None:
        path = f'points="{listed(points)}" fill="none" stroke="{code(color)}" stroke-width="{short(width)}"'
        self._add(f'<polyline {path} stroke-linecap="round" stroke-linejoin="round"/>')

    def polygon(self, points: Sequence[Point], color: RGB) -> None:
        self._add(f'<polygon points="{listed(points)}" fill="{code(color)}"/>')

    def image(self, box: Box, pixels: NDArray[np.uint8]) -> None:
        from PIL import Image

        x, y, w, h = box
        data = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(pixels)).save(data, "PNG")
        place = f'x="{short(x)}" y="{short(y)}" width="{short(w)}" height="{short(h)}" preserveAspectRatio="none"'
        code64 = base64.b64encode(data.getvalue()).decode()
        self._add(f'<image {place} href="data:image/png;base64,{code64}"/>')

    def veil(self, box: Box, color: RGB, alpha: int, *, hatch: RGB | None = None, spacing: float = 9.0) -> None:
        x, y, w, h = box
        if alpha:
            place = f'x="{short(x)}" y="{short(y)}" width="{short(w)}" height="{short(h)}"'
            self._add(f'<rect {place} fill="{code(color)}" fill-opacity="{short(alpha / 255)}"/>')
        if hatch is None:
            return
        strokes, start = [], 0.0
        while start < w + h:  # from the upper edge down to the left, cut at the sides
            first, last = max(0.0, start - w), min(h, start)
            strokes.append(
                f"M{short(x + start - first)} {short(y + first)}L{short(x + start - last)} {short(y + last)}"
            )
            start += spacing
        self._add(f'<path d="{"".join(strokes)}" stroke="{code(hatch)}" stroke-opacity="0.59" stroke-width="1.1"/>')

    def text(self, at: Point, string: str, size: float, color: RGB, *, align: str = "center", room: float = 0) -> None:
        if room > 0:
            string, size = fitted(string, size, room)
        if not string:
            return
        # The width is that of the pixels' font, so that words fit whatever font the reader has.
        anchor = {"left": "start", "center": "middle", "right": "end"}[align]
        place = f'x="{short(at[0])}" y="{short(at[1] + 0.36 * size)}" font-size="{short(size)}" text-anchor="{anchor}"'
        wide = f'textLength="{short(text_width(string, size))}" lengthAdjust="spacingAndGlyphs"'
        self._add(f'<text {place} {wide} fill="{code(color)}" font-weight="bold">{html.escape(string)}</text>')

    def name(self, box: Box, words: str) -> None:
        x, y, w, h = box
        path = f"M{short(x)} {short(y)}h{short(w)}v{short(h)}h{short(-w)}z"
        self._add(f'<path d="{path}" opacity="0"><title>{html.escape(words)}</title></path>')

    def finish(self) -> str:
        """The picture, a whole SVG document."""
        return HEAD.format(*self.size, FONT) + "".join(self.elements) + "</svg>"

    def _add_plain(self, box: str, color: str) -> None:
        if color != self._plain_color or len(self._plain) == MOST_PLAIN:
            self._end_plain()
        self._plain_color = color
        self._plain.append(box)

    def _end_plain(self) -> None:
        if self._plain:
            boxes, self._plain = self._plain, []
            self._add(f'<path d="{"".join(boxes)}" fill="{self._plain_color}"/>')

    def _add(self, element: str) -> None:
        self._end_plain()
        if self._clips:
            x, y, w, h = self._clips[-1]
            # A basic shape needs no id, of which a page with many pictures would have many alike.
            corners = ((x, y), (x + w, y), (x + w, y + h), (x, y + h))
            path = ",".join(f"{short(left)}px {short(top)}px" for left, top in corners)
            element = f'<g style="clip-path:view-box polygon({path})">{element}</g>'
        self._elements.append(element)


def svg_canvas(
    scene: Scene,
    mask: Any = None,
    probabilities: Any = None,
    action: Any = None,
    status: Status | str | None = None,
    *,
    theme: str | Theme = "light",
    width: int = WIDTH,
) -> SvgCanvas:
    """A painted frame, the arguments as in `Renderer.render`."""
    line, colors = as_status(status), find_theme(theme)
    view = MaskView(scene, mask, probabilities, action, line.over, line.agent)
    layout = Layout(scene, view.strips, view.ranges, width, PICTURE_HEIGHT)
    canvas = SvgCanvas(layout.width, layout.height, colors["page"])
    paint_frame(canvas, layout, view, colors, line)
    return canvas


def render_svg(*content: Any, **options: Any) -> str:
    """The scene as an SVG document, the arguments as in `Renderer.render`, and `theme` and `width` in pixels.

    Raises:
        ValueError: a mask or probabilities that do not fit the scene; an unknown theme.
    """
    return svg_canvas(*content, **options).finish()


def intersection(first: Box, second: Box) -> Box:
    """The part of two boxes (x, y, w, h) that both have."""
    left, top = max(first[0], second[0]), max(first[1], second[1])
    right = min(first[0] + first[2], second[0] + second[2])
    bottom = min(first[1] + first[3], second[1] + second[3])
    return (left, top, max(0.0, right - left), max(0.0, bottom - top))


def short(number: float) -> str:
    """A tenth of a pixel is enough, and keeps pages small."""
    return f"{round(number, 1) + 0.0:.1f}".removesuffix(".0")  # + 0.0 makes -0.0 to 0.0


def code(color: RGB) -> str:
    """Such as "#0072b2"."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def paint(color: RGB, outline: float) -> str:
    """Filled, or the outline alone."""
    if not outline:
        return f'fill="{code(color)}"'
    return f'fill="none" stroke="{code(color)}" stroke-width="{short(outline)}"'


def listed(points: Sequence[Point]) -> str:
    """Points as SVG writes them."""
    return " ".join(f"{short(x)},{short(y)}" for x, y in points)
