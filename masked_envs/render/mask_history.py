"""The masks of an episode as one picture: which actions were legal when, and how many of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .scene import Scene

MOST_ROWS, MOST_COLUMNS = 40, 80
"""Larger histories are drawn in blocks: the more of it is legal, the darker."""
FAINTEST = 0.25
"""Strength of a block with a single legal entry, which must not look like one with none."""
COUNTED = 12
"""Episodes of at most so many states have the number of legal entries at each."""
GLYPH_ROWS, GLYPH_COLUMNS = 16, 64
LEFT, RIGHT, TOP, MIDDLE, BOTTOM = 7.0, 59.0, 2.6, 21.0, 35.0  # of the two charts
GAP, FOOT, SIZE = 3.4, 3.2, 1.15  # between them, under them, of words
FEW = 0.02
"""A share below this is drawn on a logarithmic axis, where it does not look like none."""
SHADES = " .:+#"


@dataclass(frozen=True)
class MaskHistory:
    """What was legal in each state of an episode in which somebody acted.

    Attributes:
        entries: float (steps, entries): 1 for each mask entry that was legal and 0 for the others, agents one after
            another; of intervals the share of each number's range.
        fractions: float (steps,): the share of all actions that was legal.
        counts: the number of legal mask entries in each state; None where the mask has bounds.
    """

    entries: NDArray[np.float64]
    fractions: NDArray[np.float64]
    counts: tuple[int, ...] | None

    def scene(self) -> Scene:
        """A map of the mask over time, and below it the share of legal actions."""
        scene = Scene(RIGHT + 1, BOTTOM + FOOT)
        blocks = _blocks(self.entries, MOST_COLUMNS, MOST_ROWS)
        _draw_map(scene, blocks)
        _draw_curve(scene, self.fractions, self.counts)
        steps, entries = self.entries.shape
        per = "" if blocks.shape[1] == entries else f", up to {math.ceil(entries / blocks.shape[1])} to a row"
        scene.text(LEFT, TOP - 1.2, f"mask: {entries} entries{per}; green is legal", SIZE, align="left")
        scene.text(LEFT, MIDDLE + GAP - 1.2, "share of the actions that is legal", SIZE, align="left")
        for share in (0, 0.5, 1):
            words = str(round(share * (steps - 1)))
            scene.text(LEFT + 0.5 + share * (RIGHT - LEFT - 1), BOTTOM + 1.0, words, SIZE, "muted")
        scene.text(RIGHT, BOTTOM + 2.3, "step", SIZE, "muted", align="right")
        scene.glyph_rows = _glyphs(self.entries)
        return scene


def _blocks(entries: NDArray[np.float64], columns: int, rows: int) -> NDArray[np.float64]:
    """The means of blocks of states and entries, at most (columns, rows) of them."""
    for axis, most in ((0, columns), (1, rows)):
        size = entries.shape[axis]
        if size > most:
            starts = np.linspace(0, size, most, endpoint=False).astype(int)
            sums = np.add.reduceat(entries, starts, axis=axis)
            widths = np.diff([*starts, size])
            entries = sums / (widths[:, None] if axis == 0 else widths)
    return entries


def _draw_map(scene: Scene, blocks: NDArray[np.float64]) -> None:
    columns, rows = blocks.shape
    wide, high = (RIGHT - LEFT) / columns, (MIDDLE - TOP) / rows
    scene.rect(LEFT, TOP, RIGHT - LEFT, MIDDLE - TOP, "forbidden_fill")
    for row in range(rows):
        shares = np.ceil(10 * blocks[:, row] - 1e-9) / 10
        starts = [0, *(np.flatnonzero(np.diff(shares)) + 1).tolist(), columns]
        for first, last in zip(starts, starts[1:], strict=False):
            if shares[first] > 0:
                place = (LEFT + wide * first, TOP + high * row, wide * (last - first), high)
                scene.rect(*place, "legal", fade=float((1 - FAINTEST) * (1 - shares[first])))
    for row in range(1, rows if rows <= MOST_ROWS // 2 else 0):
        scene.line([(LEFT, TOP + high * row), (RIGHT, TOP + high * row)], 0.08, "background")
    scene.text(LEFT - 0.6, TOP + min(0.6, high / 2), "0", SIZE, "muted", align="right")


def _draw_curve(scene: Scene, fractions: NDArray[np.float64], counts: tuple[int, ...] | None) -> None:
    top, bottom = MIDDLE + GAP, BOTTOM
    least = fractions[fractions > 0].min(initial=1.0)
    decades = math.ceil(-math.log10(least)) if least < FEW else 0
    ticks = [10.0**-k for k in range(decades + 1)] if decades else [1.0, 0.5, 0.0]

    def height(share: float) -> float:
        down = min(1.0, -math.log10(max(share, 1e-300)) / decades) if decades else 1 - share
        return top + down * (bottom - top)

    for tick in ticks:
        scene.line([(LEFT, height(tick)), (RIGHT, height(tick))], 0.1, "grid")
        scene.text(LEFT - 0.6, height(tick), f"{100 * tick:g}%", SIZE, "muted", align="right")
    wide = (RIGHT - LEFT) / len(fractions)
    points = [(LEFT + wide * (i + 0.5), height(float(share))) for i, share in enumerate(fractions)]
    if len(points) > 1:
        scene.line(points, 0.3, "legal")
    for point in points if len(points) <= MOST_COLUMNS else ():
        scene.disc(*point, 0.35, "legal")
    for (x, y), count in zip(points, counts or (), strict=False) if len(points) <= COUNTED else ():
        scene.text(x, y - 1.0 if y > top + 2 else y + 1.1, f"{count:,} legal", 0.9)


def _glyphs(entries: NDArray[np.float64]) -> list[str]:
    """The map in characters, from blank for none legal to # for all."""
    blocks = _blocks(entries, GLYPH_COLUMNS, GLYPH_ROWS)
    shades = np.where(blocks > 0, np.maximum(1, np.floor(blocks * (len(SHADES) - 1))), 0).astype(int)
    return ["|" + "".join(SHADES[shade] for shade in row) + "|" for row in shades.T]
