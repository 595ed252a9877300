"""MaskedTrading from its card."""

import json

import numpy as np

PARAMETERS = [
    {"periods": 1, "volatility": 0.0, "fee": 0.0, "smallest_order": 0.0},
    {"periods": 90, "fee": 0.5, "position_limit": 3.0, "smallest_order": 1.0, "largest_order": 1.0},
    {"periods": 30, "position_limit": 1000.0, "largest_order": 1000.0, "time_limit": 20},
    {"instance": {"prices": [10, 0.01, 1_000_000, 3.25, 700]}, "fee": 0.1, "position_limit": 1e6, "largest_order": 1e6},
]

REWARD_TOLERANCE = 1e-9  # the card does not say in which order worth is added up
HOLD, BUY, SELL = range(3)


def float32_up(number):
    """The least float32 that is not below the number."""
    rounded = np.float32(number)
    return rounded if float(rounded) >= number else np.nextafter(rounded, np.float32(np.inf))


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.parameters = parameters
        self.fee, self.limit = parameters["fee"], parameters["position_limit"]
        self.smallest, self.largest = parameters["smallest_order"], parameters["largest_order"]

    def reset_from(self, record):
        if self.parameters["instance"] == "random":
            self.prices = record["prices"].tolist()
            self.check_prices()
        else:
            self.prices = json.loads(self.parameters["instance"])["prices"]
        self.cash, self.position, self.period = 1000.0, 0.0, 0

    def check_prices(self):
        assert len(self.prices) == self.parameters["periods"] + 1 and 80 <= self.prices[0] < 120
        for before, after in zip(self.prices, self.prices[1:], strict=False):
            assert abs(after - 100 - 0.9 * (before - 100)) <= self.parameters["volatility"] + 1e-9

    @property
    def price(self):
        return self.prices[self.period]

    def most(self, side):
        if side == BUY:
            paid = self.cash / (self.price * (1 + self.fee))
            return min(self.largest, self.limit - self.position, paid)
        return min(self.largest, self.position)

    def is_legal(self, side):
        return self.most(side) > 0 and self.most(side) >= self.smallest

    def mask(self, agent):
        legal = [side for side in (BUY, SELL) if self.is_legal(side)]
        smallest = max((self.smallest / self.most(side) for side in legal), default=0.0)
        side = np.array([True, BUY in legal, SELL in legal], np.int8)
        return {"side": side, "size": np.array([[float32_up(smallest)], [1]], np.float32)}

    def observation(self, agent):
        before = self.prices[max(self.period - 1, 0)]
        to_come = len(self.prices) - 1 - self.period
        return np.array([self.cash, self.position, self.price, before, to_come], np.float32)

    def worth(self):
        return self.cash + self.position * self.price

    def step(self, action, record):
        before, side = self.worth(), int(action["side"])
        units = float(action["size"][0]) * self.most(side) if side != HOLD else 0.0
        paid = units * self.price
        if side == BUY:
            self.cash = max(self.cash - paid * (1 + self.fee), 0.0)
            self.position = min(self.position + units, self.limit)
        elif side == SELL:
            self.cash += paid * (1 - self.fee)
            self.position = max(self.position - units, 0.0)
        self.period += 1
        return [self.worth() - before], self.period == len(self.prices) - 1
