"""MaskedCharging: the balance of energy, the limit of the feeder, and the cheapest plan by a linear program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from positions import read

from masked_envs import make, make_vec

ENV_ID = "MaskedCharging-v0"
PRICE = np.array([0.2] * 7 + [0.3] * 10 + [0.5] * 4 + [0.3] * 3)  # of the card
LOAD = np.array([0.2] * 7 + [0.5] * 10 + [0.7] * 4 + [0.4] * 3)
MOST, EFFICIENCY, UNSERVED = 11.0, 0.9, 1.0


class Day:
    """Who comes to which charger, for how long, and wants how much: chance that no action changes.

    Attributes:
        cars: (charger, first hour, hour after the last, kWh).
    """

    def __init__(self, env: Any, seed: int, hours: int) -> None:
        env.reset(seed=seed)
        self.hours, self.cars = hours, []
        chargers = env.action_space.shape[0]
        before = np.zeros(chargers, int)
        for hour in range(hours):
            s = read(env.get_state())
            for charger in np.flatnonzero((s["stay"] > 0) & (before == 0)):
                leaves = min(hour + int(s["stay"][charger]), hours)
                self.cars.append((int(charger), hour, leaves, float(s["want"][charger])))
            before = np.maximum(s["stay"] - 1, 0)
            env.step(np.zeros(chargers, np.float32))

    def cheapest(self, feeder: float) -> tuple[float, np.ndarray]:
        """The least cost, and the power (cars, hours)."""
        from scipy.optimize import linprog

        cars = len(self.cars)
        here = np.array([[first <= hour < last for hour in range(self.hours)] for _, first, last, _ in self.cars])
        wants = np.array([want for *_, want in self.cars])
        cost = np.tile(PRICE[np.arange(self.hours) % 24], cars) - UNSERVED * EFFICIENCY
        energy = np.kron(np.eye(cars), np.full(self.hours, EFFICIENCY))
        together = np.tile(np.eye(self.hours), cars)
        found = linprog(
            cost,
            A_ub=np.vstack([energy, together]),
            b_ub=np.concatenate([wants, feeder * (1 - LOAD[np.arange(self.hours) % 24])]),
            bounds=[(0, MOST if present else 0) for present in here.ravel()],
        )
        assert found.status == 0
        return float(found.fun) + UNSERVED * wants.sum(), found.x.reshape(cars, self.hours)


def cost_of(env: Any, seed: int, choose: Any, hours: int) -> float:
    env.reset(seed=seed)
    total = 0.0
    for hour in range(hours):
        _, reward, terminated, _, _ = env.step(choose(hour, env.action_mask))
        assert terminated == (hour == hours - 1)
        total -= reward
    return total


@pytest.mark.parametrize("seed", range(4))
def test_the_cost_of_the_linear_program_is_never_beaten(seed: int) -> None:
    pytest.importorskip("scipy")
    env, rng = make(ENV_ID, num_chargers=3, hours=12, arrival=0.5, feeder_limit=30.0), np.random.default_rng(seed)
    least, _ = Day(env, seed, 12).cheapest(30.0)

    def at_random(hour: int, mask: np.ndarray) -> np.ndarray:
        return (mask[0] + (mask[1] - mask[0]) * rng.choice([0.0, 1.0, 0.9], 3)).clip(*mask).astype(np.float32)

    costs = [cost_of(env, seed, at_random, 12) for _ in range(25)]
    costs.append(cost_of(env, seed, lambda hour, mask: mask[1], 12))
    assert min(costs) >= least - 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_it_is_reached_where_the_feeder_has_enough_for_all(seed: int) -> None:
    """The plan of the linear program, hour by hour; a fair share is no limit then."""
    pytest.importorskip("scipy")
    env = make(ENV_ID, num_chargers=3, arrival=0.5, feeder_limit=1000.0)
    day = Day(env, seed, 24)
    least, power = day.cheapest(1000.0)

    def planned(hour: int, mask: np.ndarray) -> np.ndarray:
        action = np.zeros(3)
        for (charger, first, last, _), plan in zip(day.cars, power, strict=True):
            action[charger] += plan[hour] if first <= hour < last else 0
        assert (action <= mask[1] + 1e-4).all()
        return action.astype(np.float32).clip(*mask)

    assert cost_of(env, seed, planned, 24) == pytest.approx(least, rel=1e-5)


def test_energy_is_balanced_and_the_feeder_is_never_over_its_limit() -> None:
    """What reaches the batteries is 0.9 of what is drawn, to 1e-9 kWh; with the highest legal powers and others."""
    rows, hours = 12, 24
    envs: Any = make_vec(ENV_ID, rows, backend="python", arrival=0.6, feeder_limit=50.0)
    envs.reset(seed=0)
    rng, cut = np.random.default_rng(0), 0
    for hour in range(hours - 1):
        before = np.array([read(state)["want"] for state in envs.get_state()])
        stays = np.array([read(state)["stay"] for state in envs.get_state()])
        mask = envs.action_mask
        left = 50.0 * (1 - LOAD[hour])
        assert (mask[:, 1].astype(float).sum(axis=1) <= left + 1e-9).all()
        assert (mask[:, 1][stays == 0] == 0).all() and (mask[:, 0] == 0).all()
        cut += int((mask[:, 1].sum(axis=1) > left - 1e-3).sum())
        shares = rng.choice([0.0, 1.0, 1.0, 0.5], (rows, 6))
        power = (mask[:, 1] * shares).astype(np.float32).clip(mask[:, 0], mask[:, 1])
        envs.step(power)
        after = np.array([read(state)["want"] for state in envs.get_state()])
        stayed = stays > 1
        reached = (before - after)[stayed]
        np.testing.assert_allclose(reached, EFFICIENCY * power.astype(float)[stayed], rtol=0, atol=1e-9)
    assert cut > rows, "the feeder was never short"


def test_shares_are_fair() -> None:
    """Max-min fairness: a car with less than another gets all that it could take."""
    env, rng, short = make(ENV_ID, arrival=1.0, feeder_limit=40.0), np.random.default_rng(0), 0
    for seed in range(8):
        env.reset(seed=seed)
        terminated = False
        while not terminated:
            s, highest = read(env.get_state()), env.action_mask[1]
            own = np.minimum(MOST, s["want"] / EFFICIENCY)
            left = 40.0 * (1 - LOAD[s["hour"] % 24])
            assert (highest <= own + 1e-5).all()
            below = highest < own - 1e-4
            if below.any():
                assert np.ptp(highest[below]) < 1e-4 and highest[below].min() >= highest.max() - 1e-4
                assert highest.sum() == pytest.approx(left, abs=1e-4)
                short += 1
            else:
                assert own.sum() <= left + 1e-4
            _, _, terminated, _, _ = env.step(env.mask_spec.sample(env.action_mask, rng))
    assert short > 10
