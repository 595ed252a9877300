"""Masked2048 from its card."""

import numpy as np

PARAMETERS = [{"size": 2}, {"size": 3}, {"size": 5, "time_limit": 40}]
STEPS = 400

UP, RIGHT, DOWN, LEFT = range(4)
NEW_TILES = (2, 4)


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.size = parameters["size"]

    def reset_from(self, record):
        self.tiles = self.tiles_of(record)  # (row, column) -> number
        assert len(self.tiles) == 2 and set(self.tiles.values()) <= set(NEW_TILES)

    def tiles_of(self, record):
        exponents = record["board"].tolist()
        cells = [(row, column) for row in range(self.size) for column in range(self.size)]
        return {(row, column): 2 ** exponents[row][column] for row, column in cells if exponents[row][column]}

    def lines(self, action):
        """Rows or columns as lists of cells, each from the side to which the tiles slide."""
        cells = range(self.size)
        if action in (UP, DOWN):
            lines = [[(row, column) for row in cells] for column in cells]
        else:
            lines = [[(row, column) for column in cells] for row in cells]
        return [line[::-1] for line in lines] if action in (DOWN, RIGHT) else lines

    def slide(self, action):
        """The tiles after the move, and the numbers of those that came from merging."""
        tiles, merged = {}, []
        for line in self.lines(action):
            waiting, arrived = [self.tiles[cell] for cell in line if cell in self.tiles], []
            while waiting:
                number = waiting.pop(0)
                if waiting and waiting[0] == number:
                    number += waiting.pop(0)
                    merged.append(number)
                arrived.append(number)
            tiles.update(zip(line, arrived, strict=False))
        return tiles, merged

    def mask(self, agent):
        return np.array([self.slide(action)[0] != self.tiles for action in range(4)], np.int8)

    def observation(self, agent):
        board = np.zeros((self.size, self.size), np.int8)
        for cell, number in self.tiles.items():
            board[cell] = number.bit_length() - 1
        return board

    def step(self, action, record):
        slid, merged = self.slide(int(action))
        self.tiles = self.with_new_tile(slid, self.tiles_of(record))
        return [float(sum(merged))], not self.mask(0).any()

    def with_new_tile(self, slid, drawn):
        """One more tile, on a cell that was empty; the cell and the number are what chance has drawn."""
        (cell,) = set(drawn) - set(slid)
        assert drawn[cell] in NEW_TILES
        return {**slid, cell: drawn[cell]}
