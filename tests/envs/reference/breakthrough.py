"""MaskedBreakthrough from its card."""

import numpy as np

PARAMETERS = [{"rows": 5, "columns": 2}, {"rows": 5, "columns": 3, "time_limit": 12}, {"rows": 6, "columns": 9}]


class Reference:
    def __init__(self, parameters):
        self.rows, self.columns = parameters["rows"], parameters["columns"]

    def reset_from(self, record):
        self.pieces = {}  # (row, column) -> player
        for column in range(self.columns):
            for player, rows in enumerate(((0, 1), (self.rows - 2, self.rows - 1))):
                for row in rows:
                    self.pieces[row, column] = player
        self.to_move = 0

    def target(self, action, player):
        """From where and to where."""
        cell, way = divmod(action, 3)
        row, column = divmod(cell, self.columns)
        return (row, column), (row + (1 if player == 0 else -1), column + way - 1)

    def is_legal(self, action, player):
        source, (row, column) = self.target(action, player)
        if self.pieces.get(source) != player or not (0 <= row < self.rows and 0 <= column < self.columns):
            return False
        if source[1] == column:
            return (row, column) not in self.pieces
        return self.pieces.get((row, column)) != player

    def mask(self, agent):
        """A function of the observation, which does not show who is to move: the moves of the player who looks."""
        return np.array([self.is_legal(action, agent) for action in range(3 * self.rows * self.columns)], np.int8)

    def observation(self, agent):
        planes = np.zeros((3, self.rows, self.columns), np.int8)
        for (row, column), player in self.pieces.items():
            planes[0 if player == agent else 1, row, column] = 1
        planes[2] = agent == 0
        return planes

    def step(self, action, record):
        player = self.to_move
        source, target = self.target(action, player)
        del self.pieces[source]
        self.pieces[target] = player
        self.to_move = 1 - player
        last_row = self.rows - 1 if player == 0 else 0
        if target[0] == last_row or 1 - player not in self.pieces.values():
            return [1.0 if agent == player else -1.0 for agent in (0, 1)], True
        return [0.0, 0.0], False
