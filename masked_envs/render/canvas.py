"""Smooth shapes and words on a pygame surface, in pixels of the finished frame."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .errors import RenderDependencyError
from .places import Box
from .shapes import Point
from .theme import RGB


@contextlib.contextmanager
def _without_greeting() -> Iterator[None]:
    """pygame prints a line when it is imported, which would stand in the output of scripts and pipes."""
    name = "PYGAME_HIDE_SUPPORT_PROMPT"
    if name in os.environ or "pygame" in sys.modules:
        yield
        return
    os.environ[name] = "1"
    try:
        yield
    finally:
        del os.environ[name]


try:
    with _without_greeting():
        import pygame as pygame  # the only import of it: all of render takes it from here
except ImportError as error:
    raise RenderDependencyError("rendering to pixels needs pygame-ce: pip install pygame-ce") from error

if not getattr(pygame, "IS_CE", False):
    raise RenderDependencyError(
        "rendering to pixels needs pygame-ce in place of pygame: pip uninstall pygame, then pip install pygame-ce"
    )

SAMPLES = 3
"""Everything is drawn this many times larger in each direction and scaled down, which smooths its edges."""
SMALLEST_TEXT = 9.0


@lru_cache(maxsize=64)
def _font(size: int) -> pygame.font.Font:
    return pygame.font.Font(None, size)


def font(size: float) -> pygame.font.Font:
    """pygame's bundled font with lines about `size` pixels high, the same on every machine."""
    if not pygame.font.get_init():
        pygame.font.init()
        _font.cache_clear()
    points = max(1, round(1.3 * size))
    try:
        _font(points).size("x")
    except pygame.error:  # someone else called pygame.quit(): the font died with its module
        _font.cache_clear()
    return _font(points)


def text_width(string: str, size: float) -> float:
    """Pixels that a line of words takes."""
    return font(size * SAMPLES).size(string)[0] / SAMPLES


class Canvas:
    """A frame being drawn. Coordinates are pixels of the finished frame, fractions welcome."""

    def __init__(self, width: int, height: int, page: RGB) -> None:
        self.size = (width, height)
        self._large = pygame.Surface((width * SAMPLES, height * SAMPLES), depth=32)
        self._large.fill(page)

    @contextlib.contextmanager
    def clipped(self, box: Box) -> Iterator[None]:
        """Draw only inside the box, and inside the box around that."""
        outer = self._large.get_clip()
        self._large.set_clip(_large_rect(box).clip(outer))
        try:
            yield
        finally:
            self._large.set_clip(outer)

    def rect(self, box: Box, color: RGB, *, radius: float = 0.0, outline: float = 0.0) -> None:
        """A rectangle, or its edge `outline` wide and inside it."""
        area = _large_rect(box)
        pygame.draw.rect(self._large, color, area, _stroke(outline), border_radius=round(radius * SAMPLES))

    def disc(self, center: Point, radius: float, color: RGB, *, outline: float = 0.0) -> None:
        """A disc, or its edge `outline` wide and inside it."""
        pygame.draw.circle(self._large, color, _large(center), radius * SAMPLES, _stroke(outline))

    def line(self, points: Sequence[Point], width: float, color: RGB) -> None:
        """A line with round ends and corners."""
        for start, end in zip(points, points[1:], strict=False):
            self._segment(start, end, max(width, 1 / SAMPLES), color)
        if width * SAMPLES > 2:
            for point in points:
                self.disc(point, width / 2, color)

    def polygon(self, points: Sequence[Point], color: RGB) -> None:
        """A filled polygon."""
        pygame.draw.polygon(self._large, color, [_large(point) for point in points])

    def image(self, box: Box, pixels: NDArray[np.uint8]) -> None:
        """A picture of pixels, uint8 (height, width, 3), stretched to the box."""
        area = _large_rect(box)
        picture = pygame.image.frombuffer(np.ascontiguousarray(pixels).tobytes(), pixels.shape[1::-1], "RGB")
        self._large.blit(pygame.transform.smoothscale(picture, area.size), area.topleft)

    def veil(self, box: Box, color: RGB, alpha: int, *, hatch: RGB | None = None, spacing: float = 9.0) -> None:
        """Cover a part of what is drawn with a colour of opacity `alpha` (0 to 255) and slanted lines."""
        area = _large_rect(box)
        cover = pygame.Surface(area.size, pygame.SRCALPHA, 32)
        cover.fill((*color, alpha))
        if hatch is not None:
            step, reach = max(2, round(spacing * SAMPLES)), sum(area.size)
            for start in range(0, reach, step):
                pygame.draw.line(
                    cover, (*hatch, 150), (start, 0), (start - area.h, area.h), max(1, round(1.1 * SAMPLES))
                )
        self._large.blit(cover, area.topleft)

    def text(self, at: Point, string: str, size: float, color: RGB, *, align: str = "center", room: float = 0) -> None:
        """A line of words centred on y. `room` > 0 is the width it may take: it shrinks, then loses its
        end.
        """
        if room > 0:
            string, size = fitted(string, size, room)
        if not string:
            return
        words = font(size * SAMPLES).render(string, True, color)
        left = at[0] * SAMPLES - {"left": 0.0, "center": 0.5, "right": 1.0}[align] * words.get_width()
        # The box of a line is taller below the letters than above: a small shift centres the capitals.
        top = (at[1] + 0.06 * size) * SAMPLES - words.get_height() / 2
        self._large.blit(words, (round(left), round(top)))

    def name(self, box: Box, words: str) -> None:
        """Pixels have no names: a window asks `Renderer.hovered`."""

    def finish(self) -> NDArray[np.uint8]:
        """The frame, uint8 (height, width, 3): each pixel the mean of its samples.

        In NumPy because pygame's own scaling is a few levels too dark, by how much depends on the processor.
        """
        samples = np.frombuffer(self._large.get_buffer().raw, np.uint8)
        samples = samples.reshape(-1, SAMPLES, self._large.get_pitch())
        rows = samples[:, 0].astype(np.uint16)
        for i in range(1, SAMPLES):
            rows += samples[:, i]
        # A pixel's four 16-bit channels are added as one 64-bit number: SAMPLES**2 * 255 does not carry over.
        packed = rows.view(np.uint64)
        sums = packed[:, ::SAMPLES].copy()
        for i in range(1, SAMPLES):
            sums += packed[:, i::SAMPLES]
        channels = sums.view(np.uint16).reshape(*sums.shape, 4)
        frame = np.empty((*sums.shape, 3), np.uint8)
        for i, shift in enumerate(self._large.get_shifts()[:3]):
            frame[..., i] = (channels[..., shift // 8] + SAMPLES**2 // 2) // SAMPLES**2
        return frame

    def _segment(self, start: Point, end: Point, width: float, color: RGB) -> None:
        (x0, y0), (x1, y1) = start, end
        length = math.hypot(x1 - x0, y1 - y0)
        if length == 0:
            return
        across, down = -(y1 - y0) / length * width / 2, (x1 - x0) / length * width / 2
        corners = (
            (x0 + across, y0 + down),
            (x1 + across, y1 + down),
            (x1 - across, y1 - down),
            (x0 - across, y0 - down),
        )
        self.polygon(corners, color)


def _large(point: Point) -> Point:
    return (point[0] * SAMPLES, point[1] * SAMPLES)


def _large_rect(box: Box) -> pygame.Rect:
    x, y, w, h = box
    left, top = round(x * SAMPLES), round(y * SAMPLES)
    return pygame.Rect(left, top, round((x + w) * SAMPLES) - left, round((y + h) * SAMPLES) - top)


def _stroke(width: float) -> int:
    """pygame's line width, where 0 means filled."""
    return max(1, round(width * SAMPLES)) if width > 0 else 0


def fitted(string: str, size: float, room: float) -> tuple[str, float]:
    """A line of words that takes at most `room` pixels, and its size: smaller, then without its end."""
    size = _fitting_size(string, size, room)
    return _shortened(string, size, room), size


def _fitting_size(string: str, size: float, room: float) -> float:
    while size > SMALLEST_TEXT and text_width(string, size) > room:
        size -= 1
    return size


def _shortened(string: str, size: float, room: float) -> str:
    if text_width(string, size) <= room:
        return string
    while string and text_width(string + "..", size) > room:
        string = string[:-1]
    return string + ".." if string else ""
