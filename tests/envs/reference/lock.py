"""MaskedLock from its card."""

import numpy as np

PARAMETERS = [
    {"num_actions": 1, "num_steps": 1},
    {"num_actions": 2, "num_steps": 3, "time_limit": 3},
    {"num_actions": 30, "time_limit": 4},
]


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.num_actions, self.num_steps = parameters["num_actions"], parameters["num_steps"]

    def reset_from(self, record):
        self.steps = 0
        self.ask(record)

    def ask(self, record):
        self.digit = int(record["digit"])
        assert 0 <= self.digit < self.num_actions

    def mask(self, agent):
        return np.array([digit == self.digit for digit in range(self.num_actions)], np.int8)

    def observation(self, agent):
        return np.int64(self.digit)

    def step(self, action, record):
        self.steps += 1
        self.ask(record)
        return [1.0], self.steps == self.num_steps
