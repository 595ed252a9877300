"""The most that a bin can hold of rectangles placed in a given order until one does not fit.

What has been placed is a first part of the sequence, and any packing of it can be placed in that order. So the best is
the longest first part that packs at all; that its area does not exceed the bin's is an upper bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from starts import starts

Sides = tuple[int, int]

ROWS = COLS = 6


def first_parts(items: Sequence[Sides], cells: int) -> list[Sequence[Sides]]:
    """The first parts of a sequence whose areas a bin of so many cells can hold, the longest first."""
    areas = np.cumsum([height * width for height, width in items])
    return [items[:length] for length in range(int(np.searchsorted(areas, cells, side="right")), -1, -1)]


def area(items: Sequence[Sides]) -> int:
    return sum(height * width for height, width in items)


def area_bound(items: Sequence[Sides], rows: int = ROWS, cols: int = COLS) -> float:
    """The share of the bin that the longest first part would take whose area is not too large."""
    return area(first_parts(items, rows * cols)[0]) / (rows * cols)


def best(items: Sequence[Sides], rows: int = ROWS, cols: int = COLS) -> float:
    """The share of the bin that can be taken."""
    longest = next(part for part in first_parts(items, rows * cols) if packs(part, rows, cols))
    return area(longest) / (rows * cols)


def packs(items: Sequence[Sides], rows: int, cols: int) -> bool:
    """Whether the rectangles fit into the bin together, each upright or turned.

    The first cell that is not decided yet, row by row, is either left empty or the upper left corner of a rectangle.
    Cells are bits; what has failed once is not tried again.
    """
    failed = set()
    left = Counter(tuple(sorted(sides)) for sides in items)

    def shapes(row: int, col: int) -> Iterator[tuple[Sides, int]]:
        for sides in sorted(left, reverse=True):
            for height, width in dict.fromkeys([sides, sides[::-1]]):
                if left[sides] and row + height <= rows and col + width <= cols:
                    yield sides, sum(1 << (row + i) * cols + col + j for i in range(height) for j in range(width))

    def fill(taken: int, spare: int) -> bool:
        if not +left:
            return True
        state = (taken, tuple(sorted((+left).items())))
        if state in failed:
            return False
        cell = (~taken & (taken + 1)).bit_length() - 1  # the lowest bit that is not set
        for sides, mask in shapes(*divmod(cell, cols)):
            if not mask & taken:
                left[sides] -= 1
                if fill(taken | mask, spare):
                    return True
                left[sides] += 1
        if spare and fill(taken | 1 << cell, spare - 1):
            return True
        failed.add(state)
        return False

    spare = rows * cols - area(items)
    return spare >= 0 and fill(0, spare)


def sequences(observations: Any, rows: int = ROWS, cols: int = COLS) -> list[list[Sides]]:
    """The rectangles to come, read from first observations."""
    sides = [row[rows * cols :].astype(int).reshape(-1, 2).tolist() for row in observations]
    return [[(height, width) for height, width in each] for each in sides]


def main() -> int:
    given = sequences(starts("MaskedBinPack-v0"))
    bounds, reached = ([value(items) for items in given] for value in (area_bound, best))
    print(f"{np.mean(reached):.4f} is the best on {len(given)} starts; areas alone would allow {np.mean(bounds):.4f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
