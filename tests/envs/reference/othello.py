"""MaskedOthello from its card."""

import numpy as np

PARAMETERS = [{"size": 4}, {"size": 6, "time_limit": 7}, {"size": 10}]

DIRECTIONS = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)]


class Reference:
    def __init__(self, parameters):
        self.size = parameters["size"]
        self.cells = [(row, column) for row in range(self.size) for column in range(self.size)]

    def reset_from(self, record):
        low, high = self.size // 2 - 1, self.size // 2
        self.discs = {(low, low): 1, (high, high): 1, (low, high): 0, (high, low): 0}
        self.to_move = 0

    def flips(self, cell, player):
        """The discs that a disc of the player on the cell encloses."""
        if cell in self.discs:
            return set()
        enclosed = set()
        for down, right in DIRECTIONS:
            line, (row, column) = set(), (cell[0] + down, cell[1] + right)
            while self.discs.get((row, column)) == 1 - player:
                line.add((row, column))
                row, column = row + down, column + right
            if self.discs.get((row, column)) == player:
                enclosed |= line
        return enclosed

    def mask(self, agent):
        legal = [bool(self.flips(cell, self.to_move)) for cell in self.cells]
        return np.array([*legal, not any(legal)], np.int8)

    def observation(self, agent):
        planes = np.zeros((2, self.size, self.size), np.int8)
        for (row, column), player in self.discs.items():
            planes[0 if player == agent else 1, row, column] = 1
        return planes

    def step(self, action, record):
        player = self.to_move
        if action < len(self.cells):
            cell = self.cells[action]
            for each in self.flips(cell, player) | {cell}:
                self.discs[each] = player
        self.to_move = 1 - player
        if any(self.flips(cell, who) for cell in self.cells for who in (0, 1)):
            return [0.0, 0.0], False
        owners = list(self.discs.values())
        lead = owners.count(0) - owners.count(1)
        return [float(np.sign(lead)), float(np.sign(-lead))], True
