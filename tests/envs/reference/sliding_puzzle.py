"""MaskedSlidingPuzzle from its card."""

import numpy as np

PARAMETERS = [
    {"rows": 2, "columns": 2},
    {"rows": 2, "columns": 3, "time_limit": 30},
    {"rows": 4, "columns": 3, "time_limit": 0},
]

GAP = 0
SIDES = ((-1, 0), (1, 0), (0, -1), (0, 1))  # up, down, left, right as (down, to the right)


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.rows, self.columns = parameters["rows"], parameters["columns"]
        self.places = [(row, column) for row in range(self.rows) for column in range(self.columns)]
        numbers = [*range(1, len(self.places)), GAP]
        self.solved = dict(zip(self.places, numbers, strict=True))

    def reset_from(self, record):
        self.tiles = {place: int(record["tiles"][place]) for place in self.places}
        assert sorted(self.tiles.values()) == list(range(len(self.places)))
        assert self.tiles != self.solved and self.can_be_solved()

    def can_be_solved(self):
        """Every move exchanges two numbers, of which one is the gap's, and moves the gap by one place."""
        exchanges, tiles = 0, dict(self.tiles)
        row, column = self.gap()
        for place in self.places:
            if tiles[place] != self.solved[place]:
                (other,) = [each for each in self.places if tiles[each] == self.solved[place]]
                tiles[place], tiles[other] = tiles[other], tiles[place]
                exchanges += 1
        moves_of_the_gap = self.rows - 1 - row + self.columns - 1 - column
        return exchanges % 2 == moves_of_the_gap % 2

    def gap(self):
        (place,) = [place for place in self.places if self.tiles[place] == GAP]
        return place

    def beside_the_gap(self, side):
        row, column = self.gap()
        return (row + SIDES[side][0], column + SIDES[side][1])

    def mask(self, agent):
        return np.array([self.beside_the_gap(side) in self.tiles for side in range(4)], np.int8)

    def observation(self, agent):
        seen = [[self.tiles[row, column] for column in range(self.columns)] for row in range(self.rows)]
        return np.array(seen, np.int64)

    def step(self, action, record):
        gap, place = self.gap(), self.beside_the_gap(int(action))
        self.tiles[gap], self.tiles[place] = self.tiles[place], GAP
        return [-1.0], self.tiles == self.solved
