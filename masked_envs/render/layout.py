"""Where everything lies in a frame, in pixels: the status line, the picture, the action boxes under it.

The layout depends on the scene's size and actions only, never on the mask: all frames of an episode have
one shape.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .places import Box, Index, RangeBars, Strip, as_index, holds
from .scene import Scene

MARGIN = 14
STATUS_HEIGHT = 34
TITLE_HEIGHT = 22
BOX_HEIGHT = 40
BAR_HEIGHT = 26
GAP = 5
NARROWEST_BOX = 30
LETTER_WIDTH = 8
MOST_ROWS = 4
"""A strip of labelled boxes that needs more rows becomes a compact grid."""
COMPACT_HEIGHT = 186
BESIDE = 0.4
"""Share of the width that boxes and bars beside a picture have at least."""
LARGEST_CELL, SMALLEST_CELL = 24, 5
MOST_BARS, MOST_CHOSEN = 8, 64
"""Bars of a group that are shown, and where a person sets them."""
NUMBERS_WIDTH = 112
"""Pixels for the numbers beside a bar: one, and two bounds."""
SNAP = 3.0
"""Pixels by which a click may miss the legal part of a bar."""


Column = tuple[float, float]
"""Where boxes and bars may lie: the left edge and the width, in pixels."""


@dataclass(frozen=True)
class StripLayout:
    """Boxes of one strip: `count` cells of `per_cell` actions, `columns` to a row; no words if compact."""

    strip: Strip
    top: int
    column: Column
    left: float
    columns: int
    count: int
    cell: tuple[float, float]
    gap: float
    per_cell: int = 1
    transposed: bool = False
    compact: bool = False

    @property
    def bottom(self) -> float:
        """Lower edge in pixels."""
        rows = math.ceil(self.count / self.columns)
        return self.top + TITLE_HEIGHT + rows * (self.cell[1] + self.gap) - self.gap

    def box(self, i: int) -> Box:
        """Pixels (x, y, w, h) of cell `i`."""
        across, down = self._place(i)
        w, h = self.cell
        return (self.left + across * (w + self.gap), self.top + TITLE_HEIGHT + down * (h + self.gap), w, h)

    def cell_at(self, x: float, y: float) -> int | None:
        """The cell at a pixel."""
        w, h = self.cell
        across, in_x = divmod(x - self.left, w + self.gap)
        down, in_y = divmod(y - self.top - TITLE_HEIGHT, h + self.gap)
        rows = math.ceil(self.count / self.columns)
        if in_x >= w or in_y >= h or not (0 <= across < self.columns and 0 <= down < rows):
            return None
        cell = int(down * self.columns + across)
        if self.transposed:
            cell = int(across) * (self.count // self.columns) + int(down)
        return cell if cell < self.count else None

    def _place(self, i: int) -> tuple[int, int]:
        if self.transposed:
            return divmod(i, self.count // self.columns)
        down, across = divmod(i, self.columns)
        return across, down


@dataclass(frozen=True)
class BarsLayout:
    """Range bars of one group."""

    bars: RangeBars
    top: int
    left: float
    width: float
    most: int = MOST_BARS

    @property
    def shown(self) -> int:
        """How many dimensions have room."""
        return min(len(self.bars.labels), self.most)

    @property
    def bottom(self) -> float:
        """Lower edge in pixels."""
        return self.top + TITLE_HEIGHT + self.shown * BAR_HEIGHT

    def box(self, i: int) -> Box:
        """Pixels (x, y, w, h) of the bar of dimension `i`; label and numbers stand to the left and right of
        it.
        """
        words, numbers = 0.2 * self.width, max(0.2 * self.width, NUMBERS_WIDTH)
        top = self.top + TITLE_HEIGHT + i * BAR_HEIGHT + 4
        return (self.left + words, top, self.width - words - numbers, BAR_HEIGHT - 8)

    def number(self, i: int, x: float) -> float:
        """What a pixel of the bar of dimension `i` stands for, within the action space."""
        left, _, w, _ = self.box(i)
        return self.bars.at(i, min(max((x - left) / w, 0.0), 1.0))

    def dragged(self, i: int, x: float) -> Numbers:
        """The number of the bar of dimension `i` while it is dragged to a pixel."""
        return Numbers(self.bars, {i: self.number(i, x)}, SNAP / self.box(i)[2])


@dataclass(frozen=True)
class Numbers:
    """What a person points at where numbers are chosen, in a bar or in the picture.

    Attributes:
        bars: which numbers.
        values: by their dimension.
        tolerance: how far they may miss what they mean, as a share of the reach of their dimension.
        in_picture: whether the place is in the area of the picture.
    """

    bars: RangeBars
    values: Mapping[int, float]
    tolerance: float = 0.0
    in_picture: bool = False


class Layout:
    """Pixel places of a scene in a frame `width` pixels wide whose picture is at most `picture_height` high.

    With `beside`, boxes and bars stand to the right of the picture instead of under it, for a screen that is low. Of a
    group of range bars `most_bars` are shown.
    """

    def __init__(
        self,
        scene: Scene,
        strips: Sequence[Strip],
        ranges: Sequence[RangeBars],
        width: int,
        picture_height: int,
        beside: bool = False,
        most_bars: int = MOST_BARS,
    ) -> None:
        inner = width - 2 * MARGIN
        self.scene = scene
        across = (1 - BESIDE) * inner if beside else inner
        self.scale = min(across / scene.width, picture_height / scene.height)
        w, h = self.scale * scene.width, self.scale * scene.height
        self.picture: Box = (MARGIN if beside else (width - w) / 2, STATUS_HEIGHT, w, h)
        start = 2 * MARGIN + w if beside else MARGIN
        column: Column = (start, width - start - MARGIN)
        bottom = STATUS_HEIGHT - 6 if beside else STATUS_HEIGHT + h
        self.strips: list[StripLayout] = []
        self.ranges: list[BarsLayout] = []
        groups: list[Strip | RangeBars] = [*(s for s in strips if not s.last), *ranges, *(s for s in strips if s.last)]
        for group in groups:
            top = math.ceil(bottom) + 6
            if isinstance(group, Strip):
                self.strips.append(_strip_layout(group, top, column))
                bottom = self.strips[-1].bottom
            else:
                self.ranges.append(BarsLayout(group, top, *column, most_bars))
                bottom = self.ranges[-1].bottom
        bottom = max(bottom, STATUS_HEIGHT + h)
        self.width, self.height = _even(width), _even(math.ceil(bottom) + MARGIN)

    def to_pixels(self, box: Box) -> Box:
        """A box of the scene in pixels."""
        x, y, w, h = box
        return (
            self.picture[0] + x * self.scale,
            self.picture[1] + y * self.scale,
            w * self.scale,
            h * self.scale,
        )

    def to_scene(self, x: float, y: float) -> tuple[float, float]:
        """A pixel in the scene's coordinates."""
        return ((x - self.picture[0]) / self.scale, (y - self.picture[1]) / self.scale)

    def actions_at(self, x: float, y: float) -> list[tuple[int, Index]]:
        """(agent, index) of the actions at a pixel: none, one, or all that share a cell of a compact grid."""
        for place in self.strips:
            cell = place.cell_at(x, y)
            if cell is not None:
                first = cell * place.per_cell
                shared = range(first, min(first + place.per_cell, place.strip.size))
                return [(place.strip.agent, as_index(place.strip.path(i))) for i in shared]
        hit = self.scene.action_at(*self.to_scene(x, y))
        return [] if hit is None else [hit]

    def numbers_at(self, x: float, y: float) -> Numbers | None:
        """The numbers that a pixel of a range bar, or of an area of the picture that stands for them, means."""
        for place in self.ranges:
            for i in range(place.shown):
                if holds(place.box(i), x, y):
                    return place.dragged(i, x)
            if place.bars.area is not None and holds(place.bars.area, *self.to_scene(x, y)):
                left, top, w, h = place.bars.area
                across, down = self.to_scene(x, y)
                shares = ((across - left) / w, 1 - (down - top) / h)[: len(place.bars.labels)]
                numbers = {i: place.bars.at(i, share) for i, share in enumerate(shares)}
                return Numbers(place.bars, numbers, SNAP / self.scale / min(w, h), in_picture=True)
        return None


def _even(pixels: int) -> int:
    """Video encoders want even sizes."""
    return pixels + pixels % 2


def _strip_layout(strip: Strip, top: int, column: Column) -> StripLayout:
    start, inner = column
    table = len(strip.shape) == 2
    longest = max((len(label) for label in strip.labels), default=len(strip.label(strip.size - 1)))
    narrowest = max(NARROWEST_BOX, LETTER_WIDTH * longest + 10)
    most = max(1, int((inner + GAP) // (narrowest + GAP)))
    columns = max(strip.shape) if table else math.ceil(strip.size / math.ceil(strip.size / most))
    rows = math.ceil(strip.size / columns)
    transposed = table and strip.shape[0] > strip.shape[1]
    if columns <= most and rows <= MOST_ROWS * (2 if table else 1):
        cell = (min(124.0, (inner + GAP) / columns - GAP), float(BOX_HEIGHT))
        used = columns * (cell[0] + GAP) - GAP
        left = start + (inner - used) / 2
        return StripLayout(strip, top, column, left, columns, strip.size, cell, GAP, 1, transposed)
    return _compact_layout(strip, top, column, columns if table else None, transposed)


def _compact_layout(strip: Strip, top: int, column: Column, columns: int | None, transposed: bool) -> StripLayout:
    start, inner = column
    for pitch in range(LARGEST_CELL, SMALLEST_CELL - 1, -1):
        across = columns or int((inner + 1) // pitch)
        down = math.ceil(strip.size / across)
        if across * pitch <= inner + 1 and down * pitch <= COMPACT_HEIGHT:
            left, cell = start + (inner - across * pitch + 1) / 2, (pitch - 1.0, pitch - 1.0)
            return StripLayout(strip, top, column, left, across, strip.size, cell, 1, 1, transposed, True)
    pitch = SMALLEST_CELL
    across, down = int((inner + 1) // pitch), COMPACT_HEIGHT // pitch
    per_cell = math.ceil(strip.size / (across * down))
    count, left = math.ceil(strip.size / per_cell), start + (inner - across * pitch + 1) / 2
    return StripLayout(strip, top, column, left, across, count, (pitch - 1.0, pitch - 1.0), 1, per_cell, compact=True)
