"""MaskedUnitCommitment: plans against a mixed-integer program, and the rules against a scan of the whole history."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from positions import read

from masked_envs import InvalidActionError, make, make_vec
from masked_envs.core.compile import numba_is_available
from masked_envs.envs.control import unit_commitment as data

ENV_ID = "MaskedUnitCommitment-v0"
BACKEND = "numba" if numba_is_available() else "python"
UNITS, HOURS, RAMP = 3, 24, 0.3
CAPACITY, LEAST = np.array(data.CAPACITY[:UNITS]), np.array(data.LEAST_POWER[:UNITS])
MIN_TIME = np.array(data.MIN_TIME[:UNITS])
RAMPS = RAMP * CAPACITY
STARTING = np.maximum(LEAST, RAMPS)
ROUNDING = 1e-4  # MW: powers are float32


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


@pytest.mark.parametrize("seed", range(6))
def test_the_best_plan_of_a_mixed_integer_program_is_legal_and_costs_what_the_program_says(seed: int) -> None:
    pytest.importorskip("scipy")
    env = make(ENV_ID)
    env.reset(seed=seed)
    cost, on, power, _ = Program(read(env.get_state())).solve()
    total, terminated = 0.0, False
    for hour in range(HOURS):
        low, high = env.action_mask["power"]
        asked = np.where(on[:, hour] == 1, power[:, hour], low).astype(np.float32)
        assert (asked >= low - ROUNDING).all()  # the solver's own tolerance
        assert (asked <= high + ROUNDING).all()
        _, reward, terminated, _, _ = env.step({"on": on[:, hour], "power": np.clip(asked, low, high)})
        total += reward
    assert terminated
    assert -total * data.MONEY == pytest.approx(cost, rel=1e-6)


def play_random_days(rows: int, seed: int) -> tuple[list[dict[str, Any]], np.ndarray, np.ndarray, np.ndarray]:
    """Of one day of random legal play, starts of its rows, on and power (rows, UNITS, HOURS), and returns (rows,)."""
    envs, rng = make_vec(ENV_ID, rows, backend=BACKEND, autoreset_mode="Disabled"), np.random.default_rng(seed)
    observed, _ = envs.reset(seed=seed)
    starts = [
        {
            name: observed["observation"][row, k * UNITS : (k + 1) * UNITS]
            for k, name in enumerate(("on", "since", "power"))
        }
        | {"demand": observed["observation"][row, 3 * UNITS :]}
        for row in range(rows)
    ]
    returns, on, power = np.zeros(rows), [], []
    for _ in range(HOURS):
        mask = observed["action_mask"]
        choice = rng.random((rows, UNITS)) < 0.5
        turned_on = np.where(choice, mask["on"][:, :, 1], 1 - mask["on"][:, :, 0]).astype(np.int8)
        share = rng.integers(0, 3, (rows, UNITS)) / 2  # lowest, middle, highest
        low, high = mask["power"][:, 0], mask["power"][:, 1]
        asked = np.clip(low + (high - low) * share, low, high).astype(np.float32)
        observed, rewards, _, _, _ = envs.step({"on": turned_on, "power": asked})
        returns += rewards
        on.append(turned_on)
        power.append(asked * turned_on)
    return starts, np.stack(on, 2), np.stack(power, 2), returns


def test_no_random_legal_plan_breaks_a_rule_of_the_whole_day() -> None:
    rows = 2000 if BACKEND == "numba" else 30
    starts, on, power, _ = play_random_days(rows, 0)
    switches = 0
    for row in range(rows):
        for unit in range(UNITS):
            since = round(float(starts[row]["since"][unit]) * MIN_TIME[unit])
            was = int(starts[row]["on"][unit])
            line = [was] * since + on[row, unit].tolist()
            runs = [len(part) for part in "".join(map(str, line)).replace("01", "0 1").replace("10", "1 0").split()]
            switches += len(runs) - 1
            assert all(length >= MIN_TIME[unit] for length in runs[:-1]), line  # the last one goes on after the day
            powers = [float(starts[row]["power"][unit]) * CAPACITY[unit], *power[row, unit].tolist()]
            states = [was, *on[row, unit].tolist()]
            for k in range(HOURS):
                first_or_last = states[k] != states[k + 1]
                most = STARTING[unit] if first_or_last else RAMPS[unit]
                assert abs(powers[k + 1] - powers[k]) <= most + ROUNDING
                if states[k + 1]:
                    assert LEAST[unit] <= powers[k + 1] <= CAPACITY[unit]
    assert switches > rows  # or the rules were never in question


def test_no_legal_play_is_cheaper_than_the_proven_bound() -> None:
    pytest.importorskip("scipy")
    env, rng = make(ENV_ID), np.random.default_rng(5)
    env.reset(seed=11)
    start = env.get_state()
    _, _, _, bound = Program(read(start)).solve()
    for _ in range(200):
        env.set_state(start)
        total, terminated = 0.0, False
        while not terminated:
            _, reward, terminated, _, _ = env.step(env.mask_spec.sample(env.action_mask, rng))
            total += reward
        assert -total * data.MONEY >= bound * (1 - 1e-9)


def test_what_the_mask_forbids_is_refused_and_the_rest_of_the_table_is_not() -> None:
    """Every corner of the space: legal where a rule written for one unit says so."""
    env, refused, taken = make(ENV_ID), 0, 0
    for seed in range(30):
        env.reset(seed=seed)
        start = env.get_state()
        before = read(start)
        for unit in range(UNITS):
            for on in (0, 1):
                action = {
                    "on": (env.action_mask["on"][:, 1]).astype(np.int8),
                    "power": env.action_mask["power"][0].copy(),
                }
                action["on"][unit] = on
                was, waited = before["on"][unit], before["since"][unit] >= MIN_TIME[unit]
                small = before["power"][unit] <= STARTING[unit]
                expected = on == was or (waited and (was == 0 or small))
                try:
                    env.step(action)
                    legal, taken = True, taken + 1
                except InvalidActionError:
                    legal, refused = False, refused + 1
                assert legal == bool(expected)
                env.set_state(start)
    assert refused > 20
    assert taken > 20


def test_the_units_are_those_of_the_reference() -> None:
    """Sums published with the ten-unit system: 1662 MW installed, 27100 MWh a day."""
    assert sum(data.CAPACITY) == 1662
    assert sum(data.DEMAND) == 27100
    assert {len(column) for column in (data.LEAST_POWER, data.FIXED_COST, data.POWER_COST, data.START_COST)} == {10}
