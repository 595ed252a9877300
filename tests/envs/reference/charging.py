"""MaskedCharging from its card."""

import numpy as np

PARAMETERS = [
    {"num_chargers": 1, "hours": 1, "arrival": 1.0},
    {"num_chargers": 9, "hours": 60, "feeder_limit": 40.0, "arrival": 0.5, "unserved_cost": 2.5},
    {"num_chargers": 3, "hours": 40, "feeder_limit": 1.0, "arrival": 0.7, "time_limit": 25},
    {"num_chargers": 4, "feeder_limit": 1000.0, "arrival": 1.0, "unserved_cost": 0.0},
]

REWARD_TOLERANCE = 1e-9  # the card does not say in which order costs are added up
POWER, EFFICIENCY = 11.0, 0.9
PRICES = [0.2] * 7 + [0.3] * 10 + [0.5] * 4 + [0.3] * 3
BUILDING = [0.2] * 7 + [0.5] * 10 + [0.7] * 4 + [0.4] * 3


def float32_down(number):
    """The greatest float32 that is not above the number."""
    rounded = np.float32(number)
    return rounded if float(rounded) <= number else np.nextafter(rounded, np.float32(-np.inf))


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.num_chargers, self.hours = parameters["num_chargers"], parameters["hours"]
        self.limit, self.arrival = parameters["feeder_limit"], parameters["arrival"]
        self.unserved_cost = parameters["unserved_cost"]

    def reset_from(self, record):
        self.hour = 0
        self.want, self.stay = [0.0] * self.num_chargers, [0] * self.num_chargers
        self.take_cars(record)

    def take_cars(self, record):
        """Those who come to chargers without a car; the others are as they were."""
        for i, (want, stay) in enumerate(zip(record["want"].tolist(), record["stay"].tolist(), strict=True)):
            if self.stay[i]:
                continue
            assert self.arrival > 0 if stay else self.arrival < 1
            if stay:
                assert 5 <= want < 50 and 2 <= stay <= 10
                self.want[i], self.stay[i] = want, stay

    @property
    def left(self):
        """Of the feeder for the chargers (kW)."""
        return self.limit * (1 - BUILDING[self.hour % 24])

    def highest(self):
        """The power of each charger: water that fills the lowest vessels first."""
        most = [min(POWER, want / EFFICIENCY) if stay else 0.0 for want, stay in zip(self.want, self.stay, strict=True)]
        shares, left = [0.0] * self.num_chargers, self.left
        waiting = [i for i in range(self.num_chargers) if self.stay[i]]
        while waiting:
            equal = left / len(waiting)
            satisfied = [i for i in waiting if most[i] <= equal]
            for i in satisfied or waiting:
                shares[i] = min(most[i], equal)
                left -= shares[i]
            waiting = [i for i in waiting if i not in satisfied] if satisfied else []
        return shares

    def mask(self, agent):
        return np.array([[0.0] * self.num_chargers, [float32_down(power) for power in self.highest()]], np.float32)

    def observation(self, agent):
        return np.array([*self.want, *self.stay, self.hour % 24, PRICES[self.hour % 24], self.left], np.float32)

    def step(self, action, record):
        power = [float(each) for each in action]
        cost = sum(power) * PRICES[self.hour % 24]
        self.hour += 1
        for i in range(self.num_chargers):
            if not self.stay[i]:
                continue
            self.want[i] = max(self.want[i] - EFFICIENCY * power[i], 0.0)
            self.stay[i] -= 1
            if not self.stay[i] or self.hour == self.hours:
                self.stay[i] = 0
                cost += self.unserved_cost * self.want[i]
                self.want[i] = 0.0
        self.take_cars(record)
        return [-cost], self.hour == self.hours
