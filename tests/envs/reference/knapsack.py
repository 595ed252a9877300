"""MaskedKnapsack from its card."""

import numpy as np

PARAMETERS = [
    {"num_items": 1, "capacity": 1},
    {"num_items": 40, "capacity": 7, "form": "binary"},
    {"num_items": 30, "capacity": 200, "time_limit": 12},
    {"num_items": 5, "form": "binary", "time_limit": 2},
]


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.capacity, self.binary = parameters["capacity"], parameters["form"] == "binary"

    def reset_from(self, record):
        self.weights, self.values, _ = record["items"].tolist()
        assert all(1 <= weight <= min(20, self.capacity) for weight in self.weights)
        assert all(1 <= value <= 20 for value in self.values)
        self.packed = [0] * len(self.weights)

    def room(self):
        return self.capacity - sum(weight for weight, packed in zip(self.weights, self.packed, strict=True) if packed)

    def legal(self):
        return [
            int(not packed and weight <= self.room()) for weight, packed in zip(self.weights, self.packed, strict=True)
        ]

    def mask(self, agent):
        legal = self.legal()
        return np.array([[1, one] for one in legal] if self.binary else legal, np.int8)

    def observation(self, agent):
        return np.array([self.weights, self.values, self.packed], np.int64)

    def step(self, action, record):
        chosen = [item for item, bit in enumerate(action) if bit] if self.binary else [int(action)]
        reward = 0
        for item in chosen:
            if self.weights[item] <= self.room():
                self.packed[item] = 1
                reward += self.values[item]
        closed = self.binary and not chosen
        return [float(reward)], closed or not any(self.legal())
