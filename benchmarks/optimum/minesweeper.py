"""The highest expected return of Minesweeper, by a program over what the player can know."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from fractions import Fraction
from itertools import combinations

Layouts = tuple[int, ...]


class Minesweeper:
    """A dynamic program over beliefs: which cells are open, and which layouts of mines agree with what they show.

    All layouts without a mine in the first cell are equally probable. Sets of cells are bits of an int. Values are sums
    over the layouts of a belief, in safe cells opened: a game that is won is worth all of them, a mine costs as many.
    """

    def __init__(self, rows: int = 4, cols: int = 4, num_mines: int = 3) -> None:
        self.rows, self.cols, self.num_mines = rows, cols, num_mines
        self.cells = range(rows * cols)
        self.safe = rows * cols - num_mines
        self.around = [self.neighbours(cell) for cell in self.cells]
        self.shown: dict[int, int] = {}  # layout -> the numbers of its cells, four bits each
        self.region: dict[tuple[int, int], int] = {}  # (layout, cell) -> the cells that open with it
        self.values: dict[tuple[int, Layouts], int] = {}

    def neighbours(self, cell: int) -> list[int]:
        row, col = divmod(cell, self.cols)
        return [
            r * self.cols + c
            for r in range(max(0, row - 1), min(self.rows, row + 2))
            for c in range(max(0, col - 1), min(self.cols, col + 2))
            if r * self.cols + c != cell
        ]

    def number(self, layout: int, cell: int) -> int:
        return sum(layout >> other & 1 for other in self.around[cell])

    def opened_with(self, layout: int, cell: int) -> int:
        """The cells that open with a safe one: where no neighbour hides a mine, the neighbours too."""
        if (layout, cell) not in self.region:
            found, waiting = 0, [cell]
            while waiting:
                here = waiting.pop()
                if not found >> here & 1:
                    found |= 1 << here
                    if self.number(layout, here) == 0:
                        waiting += self.around[here]
            self.region[layout, cell] = found
        return self.region[layout, cell]

    def numbers(self, layout: int, cells: int) -> int:
        """What these open cells show."""
        if layout not in self.shown:
            self.shown[layout] = sum(self.number(layout, cell) << 4 * cell for cell in self.cells)
        return self.shown[layout] & sum(15 << 4 * cell for cell in self.cells if cells >> cell & 1)

    def gain(self, opened: int, layouts: Layouts, cell: int) -> int:
        """What opening a cell is worth, and best play after it."""
        total, beliefs = 0, {}
        for layout in layouts:
            if layout >> cell & 1:
                total -= self.safe
            else:
                after = opened | self.opened_with(layout, cell)
                total += after.bit_count() - opened.bit_count()
                beliefs.setdefault((after, self.numbers(layout, after)), []).append(layout)
        return total + sum(self.value(after, tuple(left)) for (after, _), left in beliefs.items())

    def value(self, opened: int, layouts: Layouts) -> int:
        """What best play from here is worth."""
        if opened.bit_count() == self.safe:
            return 0
        if (opened, layouts) not in self.values:
            self.values[opened, layouts] = max(
                self.gain(opened, layouts, cell) for cell in self.worth_opening(opened, layouts)
            )
        return self.values[opened, layouts]

    def worth_opening(self, opened: int, layouts: Layouts) -> Iterable[int]:
        """The closed cells; or one that is safe in every layout: it costs nothing, and neither does knowing more."""
        closed = [cell for cell in self.cells if not opened >> cell & 1]
        mined = 0
        for layout in layouts:
            mined |= layout
        safe = [cell for cell in closed if not mined >> cell & 1]
        return safe[:1] or closed

    def optimum(self) -> Fraction:
        """The highest expected return."""
        best = Fraction(-1)
        for first in self.cells:
            others = [cell for cell in self.cells if cell != first]
            layouts = tuple(sum(1 << cell for cell in mines) for mines in combinations(others, self.num_mines))
            best = max(best, Fraction(self.gain(0, layouts, first), self.safe * len(layouts)))
        return best


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--cols", type=int, default=4)
    parser.add_argument("--num-mines", type=int, default=3)
    given = parser.parse_args()
    best = Minesweeper(given.rows, given.cols, given.num_mines).optimum()
    print(f"{best} = {float(best):.4f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
