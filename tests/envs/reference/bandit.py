"""MaskedBandit from its card."""

import numpy as np

PARAMETERS = [
    {"num_arms": 1, "num_legal": 1, "num_steps": 1},
    {"num_arms": 4, "num_legal": 4, "num_steps": 3},
    {"num_arms": 25, "num_legal": 2, "num_steps": 5, "time_limit": 5},
    {"num_arms": 6, "num_legal": 1, "time_limit": 4},
]


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.num_arms, self.num_legal = parameters["num_arms"], parameters["num_legal"]
        self.num_steps = parameters["num_steps"]

    def reset_from(self, record):
        self.steps = 0
        self.offer(record)

    def offer(self, record):
        self.offered = {arm for arm, one in enumerate(record["offered"].tolist()) if one}
        assert len(self.offered) == self.num_legal

    def mask(self, agent):
        return np.array([arm in self.offered for arm in range(self.num_arms)], np.int8)

    def observation(self, agent):
        return np.zeros(1, np.int8)

    def step(self, action, record):
        self.steps += 1
        self.offer(record)
        return [float(action + 1)], self.steps == self.num_steps
