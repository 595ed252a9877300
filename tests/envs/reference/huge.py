"""MaskedHuge from its card."""

import numpy as np

PARAMETERS = [
    {"num_actions": 1, "num_legal": 1, "num_steps": 1},
    {"num_actions": 30, "num_legal": 29, "num_steps": 6, "time_limit": 4},
    {"num_actions": 12, "num_legal": 12},
]


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.parameters = parameters

    def reset_from(self, record):
        self.steps = 0
        self.deal(record)

    def deal(self, record):
        numbers, payoffs = record["arms"]
        assert (np.diff(numbers) > 0).all() and 0 <= numbers[0] and numbers[-1] < self.parameters["num_actions"]
        assert payoffs.min() >= 0 and payoffs.max() <= 9
        self.payoffs = dict(zip(numbers.tolist(), payoffs.tolist(), strict=True))
        assert len(self.payoffs) == self.parameters["num_legal"]

    def mask(self, agent):
        mask = np.zeros(self.parameters["num_actions"], np.int8)
        for number in self.payoffs:
            mask[number] = 1
        return mask

    def observation(self, agent):
        return np.array([list(self.payoffs), list(self.payoffs.values())], np.int64)

    def step(self, action, record):
        reward = float(self.payoffs[int(action)])
        self.steps += 1
        self.deal(record)
        return [reward], self.steps == self.parameters["num_steps"]
