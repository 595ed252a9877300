"""MaskedTicTacToe from its card."""

import numpy as np

PARAMETERS = [{"time_limit": 4}]

LINES = ("012", "345", "678", "036", "147", "258", "048", "246")


class Reference:
    def __init__(self, parameters):
        pass

    def reset_from(self, record):
        self.marks = "." * 9  # cell by cell, "0" or "1" for the player's
        self.to_move = 0

    def mask(self, agent):
        return np.array([mark == "." for mark in self.marks], np.int8)

    def observation(self, agent):
        planes = [[mark == str(player) for mark in self.marks] for player in (agent, 1 - agent)]
        return np.array(planes, np.int8).reshape(2, 3, 3)

    def step(self, action, record):
        player = self.to_move
        self.marks = self.marks[:action] + str(player) + self.marks[action + 1 :]
        self.to_move = 1 - player
        if any(all(self.marks[int(cell)] == str(player) for cell in line) for line in LINES):
            return [1.0 if agent == player else -1.0 for agent in (0, 1)], True
        return [0.0, 0.0], "." not in self.marks
