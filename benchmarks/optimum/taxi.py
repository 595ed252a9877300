"""The highest returns of Taxi: the shortest routes, by breadth-first search over the town."""

from __future__ import annotations

from collections import deque
from itertools import product

import numpy as np
from starts import starts

SIDE = 5
LANDMARKS = ((0, 0), (0, 4), (4, 0), (4, 3))  # R, G, Y, B
WALLS = {((0, 1), (0, 2)), ((1, 1), (1, 2)), ((3, 0), (3, 1)), ((4, 0), (4, 1)), ((3, 2), (3, 3)), ((4, 2), (4, 3))}
Cell = tuple[int, int]


def distances(start: Cell) -> dict[Cell, int]:
    """Moves from a cell to every other."""
    found, waiting = {start: 0}, deque([start])
    while waiting:
        row, col = here = waiting.popleft()
        for cell in ((row + 1, col), (row - 1, col), (row, col + 1), (row, col - 1)):
            inside = 0 <= cell[0] < SIDE and 0 <= cell[1] < SIDE
            if inside and cell not in found and not {(here, cell), (cell, here)} & WALLS:
                found[cell] = found[here] + 1
                waiting.append(cell)
    return found


FROM = {cell: distances(cell) for cell in product(range(SIDE), repeat=2)}


def best(row: int, col: int, passenger: int, destination: int) -> int:
    """The return of a shortest route: -1 for each move and for picking up, 20 for dropping off."""
    place = LANDMARKS[passenger]
    return 19 - FROM[row, col][place] - FROM[place][LANDMARKS[destination]]


def best_of(state: int) -> int:
    """The same for a state as Taxi counts them."""
    rest, destination = divmod(int(state), 4)
    rest, passenger = divmod(rest, 5)
    return best(*divmod(rest, SIDE), passenger, destination)


def all_starts() -> list[int]:
    pairs = [(a, b) for a, b in product(range(4), repeat=2) if a != b]
    return [best(*cell, *pair) for cell in FROM for pair in pairs]


def main() -> int:
    print(f"{np.mean(all_starts()):.4f} over all {len(all_starts())} starts")
    observations = starts("MaskedTaxi-v0")
    print(f"{np.mean([best_of(state) for state in observations]):.4f} over {len(observations)} starts")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
