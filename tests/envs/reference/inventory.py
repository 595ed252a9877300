"""MaskedInventory from its card."""

import numpy as np

PARAMETERS = [
    {"capacity": 1, "budget": 5, "most_demand": 0, "periods": 3},
    {"capacity": 6, "budget": 6, "most_demand": 9, "periods": 20},
    {"capacity": 300, "budget": 400, "most_demand": 250, "periods": 12, "time_limit": 8},
    {"budget": 0, "periods": 4},
]

FIXED, UNIT, PRICE, HOLDING, EMPTY_HANDED = 4, 2, 5, 0.25, 1


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.capacity, self.budget = parameters["capacity"], parameters["budget"]
        self.most_demand, self.periods = parameters["most_demand"], parameters["periods"]

    def reset_from(self, record):
        self.stock, self.cash, self.to_come = 0, self.budget, self.periods

    def paid(self, units):
        return FIXED + UNIT * units if units else 0

    def mask(self, agent):
        numbers = range(self.capacity + 1)
        return np.array([self.stock + n <= self.capacity and self.paid(n) <= self.cash for n in numbers], np.int8)

    def observation(self, agent):
        return np.array([self.stock, self.cash, self.to_come], np.int64)

    def step(self, action, record):
        asked = int(record["demand"])
        assert 0 <= asked <= self.most_demand
        stock, paid = self.stock + int(action), self.paid(int(action))
        sold = min(stock, asked)
        self.stock = stock - sold
        self.cash += PRICE * sold - paid
        self.to_come -= 1
        reward = PRICE * sold - paid - HOLDING * self.stock - EMPTY_HANDED * (asked - sold)
        return [float(reward)], self.to_come == 0
