"""MaskedKnightsTour from its card."""

import numpy as np

PARAMETERS = [
    {"rows": 3, "columns": 3, "start": "random"},
    {"rows": 3, "columns": 4},
    {"rows": 7, "columns": 4, "start": "random", "time_limit": 6},
]

MOVES = ((-2, 1), (-1, 2), (1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1))  # (down, to the right)


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.rows, self.columns, self.start = (parameters[name] for name in ("rows", "columns", "start"))
        self.cells = {(row, column) for row in range(self.rows) for column in range(self.columns)}

    def reset_from(self, record):
        self.knight = (0, 0)
        if self.start == "random":
            self.knight = (int(record["row"]), int(record["column"]))
        assert self.knight in self.cells
        self.visited = {self.knight}
        assert self.mask(0).any()

    def target(self, move):
        return (self.knight[0] + MOVES[move][0], self.knight[1] + MOVES[move][1])

    def mask(self, agent):
        return np.array([self.target(move) in self.cells - self.visited for move in range(8)], np.int8)

    def observation(self, agent):
        planes = np.zeros((2, self.rows, self.columns), np.int8)
        for row, column in self.visited:
            planes[0, row, column] = 1
        planes[1, self.knight[0], self.knight[1]] = 1
        return planes

    def step(self, action, record):
        self.knight = self.target(int(action))
        self.visited.add(self.knight)
        return [1.0], not self.mask(0).any()
