"""MaskedConnectFour from its card."""

import numpy as np

PARAMETERS = [{"time_limit": 5}]

ROWS, COLUMNS = 6, 7


class Reference:
    def __init__(self, parameters):
        pass

    def reset_from(self, record):
        self.rack = {}  # (row, column) -> player
        self.to_move = 0

    def mask(self, agent):
        return np.array([(0, column) not in self.rack for column in range(COLUMNS)], np.int8)

    def observation(self, agent):
        planes = np.zeros((2, ROWS, COLUMNS), np.int8)
        for (row, column), player in self.rack.items():
            planes[0 if player == agent else 1, row, column] = 1
        return planes

    def step(self, action, record):
        player = self.to_move
        row = max(row for row in range(ROWS) if (row, action) not in self.rack)
        self.rack[row, action] = player
        self.to_move = 1 - player
        if self.four_in_a_line(player):
            return [1.0 if agent == player else -1.0 for agent in (0, 1)], True
        return [0.0, 0.0], len(self.rack) == ROWS * COLUMNS

    def four_in_a_line(self, player):
        return any(
            all(self.rack.get((row + k * down, column + k * right)) == player for k in range(4))
            for row, column in self.rack
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1))
        )
