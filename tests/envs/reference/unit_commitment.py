"""MaskedUnitCommitment from its card and the tables of Kazarlis, Bakirtzis and Petridis (1996)."""

from typing import NamedTuple

import numpy as np

PARAMETERS = [
    {"num_units": 1, "hours": 5, "ramp": 1.0},
    {"num_units": 10, "hours": 30, "ramp": 0.05},
    {"num_units": 5, "ramp": 0.01, "time_limit": 10},
    {"num_units": 1, "ramp": 0.37},
    {"num_units": 10, "ramp": 0.37},
]

REWARD_TOLERANCE = 1e-6  # the card does not say in which order the costs are added


class Unit(NamedTuple):
    capacity: float  # MW
    least: float  # MW
    fixed: float  # $ per hour
    per_mwh: float  # $
    minimum: int  # hours, up and down
    start: float  # $, hot


UNITS = (
    Unit(455, 150, 1000, 16.19, 8, 4500),
    Unit(455, 150, 970, 17.26, 8, 5000),
    Unit(130, 20, 700, 16.60, 5, 550),
    Unit(130, 20, 680, 16.50, 5, 560),
    Unit(162, 25, 450, 19.70, 6, 900),
    Unit(80, 20, 370, 22.26, 3, 170),
    Unit(85, 25, 480, 27.74, 3, 260),
    Unit(55, 10, 660, 25.92, 1, 30),
    Unit(55, 10, 665, 27.27, 1, 30),
    Unit(55, 10, 670, 27.79, 1, 30),
)
DEMAND = (
    700, 750, 850, 950, 1000, 1100, 1150, 1200, 1300, 1400, 1450, 1500,
    1400, 1300, 1200, 1050, 1000, 1100, 1200, 1400, 1300, 1100, 900, 800,
)  # fmt: skip
NOT_SERVED = 200.0  # $ per MWh


def inwards(bounds):
    """Bounds (2, n) rounded to float32, so that nothing outside of them is allowed."""
    low, high = (each.astype(np.float32) for each in bounds)
    low = np.where(low < bounds[0], np.nextafter(low, np.float32(np.inf)), low)
    high = np.where(high > bounds[1], np.nextafter(high, np.float32(-np.inf)), high)
    return np.array([low, high])


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.units, self.hours, self.ramp = UNITS[: parameters["num_units"]], parameters["hours"], parameters["ramp"]
        self.total = sum(unit.capacity for unit in self.units)

    def reset_from(self, record):
        self.on, self.since = record["on"].tolist(), record["since"].tolist()
        self.power, self.demand = record["power"].tolist(), record["demand"].tolist()
        self.hour = 0
        for unit, on, since, power in zip(self.units, self.on, self.since, self.power, strict=True):
            assert 1 <= since <= unit.minimum and (unit.least <= power <= unit.capacity if on else power == 0)
        for hour, demand in enumerate(self.demand):
            usual = DEMAND[hour % 24] / max(DEMAND) * 0.9 * self.total
            assert 0.9 * usual * (1 - 1e-12) <= demand <= 1.1 * usual * (1 + 1e-12)

    def starting_power(self, unit):
        return max(self.ramp * unit.capacity, unit.least)

    def bounds(self, unit, on, since, power):
        """The lowest and the highest power."""
        if on:
            ramp = self.ramp * unit.capacity
            return max(unit.least, power - ramp), min(unit.capacity, power + ramp)
        return (unit.least, self.starting_power(unit)) if since >= unit.minimum else (0.0, 0.0)

    def switches(self, unit, on, since, power):
        """Whether off and on are legal."""
        rested = since >= unit.minimum
        return (rested and power <= self.starting_power(unit), True) if on else (True, rested)

    def mask(self, agent):
        rows = list(zip(self.units, self.on, self.since, self.power, strict=True))
        switches, bounds = [self.switches(*row) for row in rows], [self.bounds(*row) for row in rows]
        return {"on": np.array(switches, np.int8), "power": inwards(np.array(bounds).T)}

    def observation(self, agent):
        to_come = self.demand[self.hour :] + [0.0] * self.hour
        since = [min(since / unit.minimum, 1.0) for unit, since in zip(self.units, self.since, strict=True)]
        power = [power / unit.capacity for unit, power in zip(self.units, self.power, strict=True)]
        return np.array([*self.on, *since, *power, *(demand / self.total for demand in to_come)], np.float32)

    def step(self, action, record):
        cost = 0.0
        for i, unit in enumerate(self.units):
            on = int(action["on"][i])
            power = float(action["power"][i]) if on else 0.0
            cost += (unit.fixed + unit.per_mwh * power) * on + unit.start * (on and not self.on[i])
            self.since[i] = self.since[i] + 1 if on == self.on[i] else 1
            self.on[i], self.power[i] = on, power
        cost += NOT_SERVED * max(0.0, self.demand[self.hour] - sum(self.power))
        self.hour += 1
        return [-cost / 10_000], self.hour == self.hours
