"""MaskedNQueens from its card."""

import numpy as np

PARAMETERS = [{"size": 1}, {"size": 2}, {"size": 3}, {"size": 12, "time_limit": 4}]


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.size = parameters["size"]

    def reset_from(self, record):
        self.queens = []  # (row, column), from the top

    def is_attacked(self, row, column):
        return any(
            column == other or row - column == above - other or row + column == above + other
            for above, other in self.queens
        )

    def mask(self, agent):
        row = len(self.queens)
        return np.array([not self.is_attacked(row, column) for column in range(self.size)], np.int8)

    def observation(self, agent):
        board = np.zeros((self.size, self.size), np.int8)
        for queen in self.queens:
            board[queen] = 1
        return board

    def step(self, action, record):
        self.queens.append((len(self.queens), int(action)))
        return [1.0], len(self.queens) == self.size or not self.mask(0).any()
