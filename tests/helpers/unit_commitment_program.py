"""The cheapest plan of a day of MaskedUnitCommitment by mixed-integer programming, as HiGHS (in scipy) finds it."""

from __future__ import annotations

from typing import Any

import numpy as np

from masked_envs.envs.energy import unit_commitment as data

UNITS, HOURS, RAMP, MONEY = 3, 24, 0.3, data.MONEY
CAPACITY, LEAST = np.array(data.CAPACITY[:UNITS]), np.array(data.LEAST_POWER[:UNITS])
MIN_TIME = np.array(data.MIN_TIME[:UNITS])
RAMPS = RAMP * CAPACITY
STARTING = np.maximum(LEAST, RAMPS)


class Program:
    """The cheapest plan of a day as a mixed-integer program: x = (on, start, stop, power: unit by hour; unserved)."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state
        self.size = 4 * UNITS * HOURS + HOURS
        self.rows: list[np.ndarray] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.fixed: dict[int, float] = {}

    def at(self, block: int, unit: int, hour: int) -> int:
        return (block * UNITS + unit) * HOURS + hour

    def require(self, terms: dict[int, float], low: float = -np.inf, high: float = np.inf) -> None:
        row = np.zeros(self.size)
        for index, factor in terms.items():
            row[index] += factor
        self.rows.append(row)
        self.low.append(low)
        self.high.append(high)

    def unit_rules(self, unit: int) -> None:
        """The three-binary formulation (Garver, 1962; Rajan and Takriti, 2005)."""
        was_on, was_power = int(self.state["on"][unit]), float(self.state["power"][unit])
        since, least_time = int(self.state["since"][unit]), int(MIN_TIME[unit])
        for hour in range(min(max(least_time - since, 0), HOURS)):
            self.fixed[self.at(0, unit, hour)] = was_on
        for t in range(HOURS):
            on, start, stop, power = (self.at(block, unit, t) for block in range(4))
            before = self.at(0, unit, t - 1)
            power_before = self.at(3, unit, t - 1)
            known_on, known_power = (was_on, was_power) if t == 0 else (0, 0.0)
            link = {on: 1, start: -1, stop: 1} | ({} if t == 0 else {before: -1})
            self.require(link, known_on, known_on)
            self.require({start: 1, stop: 1}, high=1)
            window = range(max(0, t - least_time + 1), t + 1)
            self.require({self.at(1, unit, k): 1.0 for k in window} | {on: -1}, high=0)
            self.require({self.at(2, unit, k): 1.0 for k in window} | {on: 1}, high=1)
            self.require({power: 1, on: -CAPACITY[unit]}, high=0)
            self.require({power: 1, on: -LEAST[unit]}, low=0)
            # power - before <= ramp * on_before + starting * start; before - power <= ramp * on + starting * stop
            rise = {power: 1, start: -STARTING[unit]} | ({} if t == 0 else {power_before: -1, before: -RAMPS[unit]})
            self.require(rise, high=known_power + RAMPS[unit] * known_on)
            fall = {power: -1, on: -RAMPS[unit], stop: -STARTING[unit]} | ({} if t == 0 else {power_before: 1})
            self.require(fall, high=-known_power)

    def solve(self) -> tuple[float, np.ndarray, np.ndarray, float]:
        """The cost of the best plan ($), its on and power (UNITS, HOURS), and the proven lower bound."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        blocks = UNITS * HOURS
        for unit in range(UNITS):
            self.unit_rules(unit)
        for t in range(HOURS):
            unserved = 4 * blocks + t
            supply = {self.at(3, unit, t): 1.0 for unit in range(UNITS)} | {unserved: 1.0}
            self.require(supply, low=float(self.state["demand"][t]))
        cost = np.zeros(self.size)
        for unit in range(UNITS):
            hours = slice(self.at(0, unit, 0), self.at(0, unit, 0) + HOURS)
            cost[hours] = data.FIXED_COST[unit]
            cost[slice(hours.start + blocks, hours.stop + blocks)] = data.START_COST[unit]
            cost[slice(hours.start + 3 * blocks, hours.stop + 3 * blocks)] = data.POWER_COST[unit]
        cost[4 * blocks :] = data.UNSERVED_COST
        low, high = np.zeros(self.size), np.full(self.size, np.inf)
        high[: 3 * blocks] = 1
        for index, value in self.fixed.items():
            low[index] = high[index] = value
        binary = np.arange(self.size) < 3 * blocks
        found = milp(
            cost,
            integrality=binary.astype(int),
            bounds=Bounds(low, high),
            constraints=LinearConstraint(np.array(self.rows), self.low, self.high),
            options={"mip_rel_gap": 0.0},
        )
        assert found.success, found.message
        plan = found.x[: 4 * blocks].reshape(4, UNITS, HOURS)
        return found.fun, plan[0].round().astype(np.int8), plan[3], found.mip_dual_bound
