"""MaskedHex from its card."""

import numpy as np

PARAMETERS = [{"size": 2}, {"size": 3}, {"size": 4, "time_limit": 9}]

NEIGHBOURS = ((0, -1), (0, 1), (-1, 0), (-1, 1), (1, -1), (1, 0))


class Reference:
    def __init__(self, parameters):
        self.size = parameters["size"]

    def reset_from(self, record):
        self.stones = {}  # (row, column) -> player
        self.to_move = 0

    def mask(self, agent):
        cells = [(row, column) for row in range(self.size) for column in range(self.size)]
        return np.array([cell not in self.stones for cell in cells], np.int8)

    def observation(self, agent):
        planes = np.zeros((2, self.size, self.size), np.int8)
        for (row, column), player in self.stones.items():
            planes[0 if player == agent else 1, row, column] = 1
        return planes

    def step(self, action, record):
        player = self.to_move
        self.stones[divmod(action, self.size)] = player
        self.to_move = 1 - player
        if self.joined(player):
            return [1.0 if agent == player else -1.0 for agent in (0, 1)], True
        assert len(self.stones) < self.size**2, "a full board has a winner"
        return [0.0, 0.0], False

    def joined(self, player):
        """Whether the stones that are reached from the player's first side reach the other one."""
        own = {cell for cell, owner in self.stones.items() if owner == player}
        reached = {cell for cell in own if cell[player] == 0}
        while True:
            beside = {(row + down, column + right) for row, column in reached for down, right in NEIGHBOURS}
            if beside & own <= reached:
                return any(cell[player] == self.size - 1 for cell in reached)
            reached |= beside & own
