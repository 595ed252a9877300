"""MaskedSudoku from its card."""

import json

import numpy as np

OWN = [[0, 2, 0, 0], [3, 0, 0, 0], [0, 0, 0, 4], [0, 0, 1, 0]]
PARAMETERS = [
    {"instance": {"grid": OWN}, "box": 2},
    {"instance": "wikipedia", "clue_share": 0.0},
    {"box": 2, "clue_share": 0.0, "time_limit": 7},
    {"box": 2, "clue_share": 0.9},
    {"box": 3, "clue_share": 0.85},
    {"box": 4, "clue_share": 0.5},
]
WIKIPEDIA = (
    "530070000", "600195000", "098000060", "800060003", "400803001", "700020006", "060000280", "000419005", "000080079",
)  # fmt: skip


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.box, self.clue_share, self.instance = parameters["box"], parameters["clue_share"], parameters["instance"]
        self.n = self.box**2
        self.cells = [(row, column) for row in range(self.n) for column in range(self.n)]
        self.around = {cell: self.beside(*cell) for cell in self.cells}

    def reset_from(self, record):
        """Chance draws what becomes of digits, rows and columns, and which cells keep their digits."""
        if self.instance != "random":
            rows = WIKIPEDIA if self.instance == "wikipedia" else json.loads(self.instance)["grid"]
            self.grid = {cell: int(rows[cell[0]][cell[1]]) for cell in self.cells if int(rows[cell[0]][cell[1]])}
            return
        digits, rows, columns = record["orders"].tolist()
        for order in (digits, rows, columns):
            assert sorted(order) == list(range(self.n))
        for order in (rows, columns):  # of `box` bands, each with its rows
            assert all(len({line // self.box for line in band}) == 1 for band in np.reshape(order, (self.box, -1)))
        keeps = record["keeps"].tolist()
        assert sum(keeps) == int(self.clue_share * self.n * self.n)
        self.grid = {}
        for (row, column), kept in zip(self.cells, keeps, strict=True):
            if kept:
                r, c = rows[row], columns[column]
                self.grid[row, column] = 1 + digits[(self.box * (r % self.box) + r // self.box + c) % self.n]

    def beside(self, row, column):
        """The cells in the same row, column or box."""
        return [
            (r, c)
            for r, c in self.cells
            if r == row or c == column or (r // self.box, c // self.box) == (row // self.box, column // self.box)
        ]

    def digits_left(self, cell):
        return set(range(1, self.n + 1)) - {self.grid.get(other) for other in self.around[cell]}

    def mask(self, agent):
        mask = np.zeros((self.n, self.n, self.n), np.int8)
        for cell in self.cells:
            if cell not in self.grid:
                for digit in self.digits_left(cell):
                    mask[(*cell, digit - 1)] = 1
        return mask

    def observation(self, agent):
        return np.array([self.grid.get(cell, 0) for cell in self.cells], np.int8).reshape(self.n, self.n)

    def step(self, action, record):
        row, column, digit = action.tolist()
        self.grid[row, column] = digit + 1
        empty = [cell for cell in self.cells if cell not in self.grid]
        return [float(not empty)], not empty or not all(self.digits_left(cell) for cell in empty)
