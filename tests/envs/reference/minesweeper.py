"""MaskedMinesweeper from its card."""

import numpy as np

PARAMETERS = [
    {"rows": 1, "cols": 2, "num_mines": 1},
    {"rows": 4, "cols": 4, "num_mines": 3},
    {"rows": 3, "cols": 11, "num_mines": 2},
    {"rows": 16, "cols": 12, "num_mines": 20},
    {"rows": 5, "cols": 5, "num_mines": 20, "time_limit": 2},
]

CLOSED, MINE = -1, 9


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.rows, self.cols, self.num_mines = (parameters[name] for name in ("rows", "cols", "num_mines"))

    def reset_from(self, record):
        self.mines = {tuple(cell) for cell in np.argwhere(record["mines"]).tolist()}
        self.kept_free = (int(record["free_row"]), int(record["free_col"]))
        assert len(self.mines) == self.num_mines and self.kept_free not in self.mines
        self.shown = {}

    def neighbours(self, cell):
        return [
            (row, col)
            for row in range(cell[0] - 1, cell[0] + 2)
            for col in range(cell[1] - 1, cell[1] + 2)
            if (row, col) != cell and 0 <= row < self.rows and 0 <= col < self.cols
        ]

    def mask(self, agent):
        return (self.observation(agent) == CLOSED).astype(np.int8)

    def observation(self, agent):
        board = np.full((self.rows, self.cols), CLOSED, np.int8)
        for cell, number in self.shown.items():
            board[cell] = number
        return board

    def step(self, action, record):
        cell = (int(action[0]), int(action[1]))
        if not self.shown and cell in self.mines:
            self.mines = self.mines - {cell} | {self.kept_free}
        if cell in self.mines:
            self.shown[cell] = MINE
            return [-1.0], True
        before = len(self.shown)
        self.open(cell)
        safe = self.rows * self.cols - self.num_mines
        return [(len(self.shown) - before) / safe], len(self.shown) == safe

    def open(self, cell):
        waiting = [cell]
        while waiting:
            cell = waiting.pop()
            if cell not in self.shown:
                self.shown[cell] = sum(neighbour in self.mines for neighbour in self.neighbours(cell))
                if self.shown[cell] == 0:
                    waiting += self.neighbours(cell)
