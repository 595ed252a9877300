"""MaskedPairs from its card."""

import numpy as np

PARAMETERS = [
    {"num_items": 2, "num_picks": 2},
    {"num_items": 3, "num_picks": 6, "time_limit": 4},
    {"num_items": 20, "num_picks": 50},
]


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.num_items, self.num_picks = parameters["num_items"], parameters["num_picks"]

    def reset_from(self, record):
        self.values = record["values"].tolist()
        items = range(self.num_items)
        assert all(0 <= self.values[i][j] <= 9 and (i != j or self.values[i][j] == 0) for i in items for j in items)
        self.picked = set()

    def mask(self, agent):
        mask = np.ones((self.num_items, self.num_items), np.int8)
        for pair in self.picked | {(i, i) for i in range(self.num_items)}:
            mask[pair] = 0
        return mask

    def observation(self, agent):
        picked = np.zeros((self.num_items, self.num_items), np.int8)
        for pair in self.picked:
            picked[pair] = 1
        return np.array([picked, self.values], np.int8)

    def step(self, action, record):
        i, j = (int(item) for item in action)
        self.picked.add((i, j))
        return [float(self.values[i][j])], len(self.picked) == self.num_picks
