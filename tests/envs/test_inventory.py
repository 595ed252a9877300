"""MaskedInventory: the value of the best policy, by dynamic programming over stock and cash."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from masked_envs import make, make_vec

ENV_ID = "MaskedInventory-v0"
SMALL = {"capacity": 6, "budget": 11, "most_demand": 4, "periods": 5}


def orders(stock: int, cash: int) -> list[int]:
    """What fits and can be paid: 4 for an order, and 2 for each unit."""
    return [n for n in range(SMALL["capacity"] - stock + 1) if n == 0 or 4 + 2 * n <= cash]


def outcomes(stock: int, cash: int, ordered: int) -> list[tuple[float, int, int]]:
    """The reward, the stock and the cash after a period, for each number of units that customers may ask for."""
    found, paid = [], 4 + 2 * ordered if ordered else 0
    for demand in range(SMALL["most_demand"] + 1):
        sold = min(demand, stock + ordered)
        left, earned = stock + ordered - sold, 5 * sold - paid
        found.append((earned - 0.25 * left - 1.0 * (demand - sold), left, cash + earned))
    return found


@cache
def best(stock: int, cash: int, periods: int) -> tuple[float, int]:
    """The expected return of the best policy, and its order."""
    if periods == 0:
        return 0.0, 0
    values = {}
    for ordered in orders(stock, cash):
        values[ordered] = sum(
            reward + best(left, left_cash, periods - 1)[0] for reward, left, left_cash in outcomes(stock, cash, ordered)
        ) / (SMALL["most_demand"] + 1)
    order = max(values, key=lambda n: values[n])
    return values[order], order


def play(rows: int, policy: Any) -> np.ndarray:
    envs: Any = make_vec(ENV_ID, rows, backend="python", autoreset_mode="Disabled", **SMALL)
    seen, _ = envs.reset(seed=2)
    total = np.zeros(rows)
    for period in range(SMALL["periods"]):
        seen, rewards, terminated, _, _ = envs.step(policy(seen))
        total += rewards
        assert terminated.all() == terminated.any() == (period == SMALL["periods"] - 1)
    return total


def optimal(seen: Any) -> np.ndarray:
    return np.array([best(*map(int, row))[1] for row in seen["observation"]])


def test_the_best_policy_earns_what_value_iteration_says() -> None:
    total = play(1000, optimal)
    assert abs(total.mean() - best(0, SMALL["budget"], SMALL["periods"])[0]) < 4 * total.std() / len(total) ** 0.5


def test_every_period_is_an_outcome_of_the_formula_and_all_outcomes_come() -> None:
    """The mean alone would not tell a small cost from chance."""
    rng, seen_first = np.random.default_rng(0), set()
    envs: Any = make_vec(ENV_ID, 500, backend="python", autoreset_mode="Disabled", **SMALL)
    seen, _ = envs.reset(seed=0)
    for period in range(SMALL["periods"]):
        before = seen["observation"][:, :2].tolist()
        actions = np.array([rng.choice(np.flatnonzero(mask)) for mask in seen["action_mask"]])
        seen, rewards, *_ = envs.step(actions)
        for (stock, cash), ordered, reward, after in zip(
            before, actions.tolist(), rewards.tolist(), seen["observation"].tolist(), strict=True
        ):
            assert (reward, after[0], after[1]) in outcomes(stock, cash, ordered)
            if period == 0:
                seen_first.add((ordered, reward, *after[:2]))
    start = 0, SMALL["budget"]
    assert seen_first == {(n, *each) for n in orders(*start) for each in outcomes(*start, n)}


def test_random_play_earns_less() -> None:
    rng = np.random.default_rng(0)

    def random(seen: Any) -> np.ndarray:
        return np.array([rng.choice(np.flatnonzero(mask)) for mask in seen["action_mask"]])

    assert play(300, random).mean() < best(0, SMALL["budget"], SMALL["periods"])[0] - 2


def test_the_mask_is_what_fits_and_can_be_paid() -> None:
    env, rng = make(ENV_ID, **SMALL), np.random.default_rng(0)
    short_of_cash = full = 0
    for seed in range(60):
        seen, info = env.reset(seed=seed)
        terminated = False
        while not terminated:
            stock, cash, _ = seen["observation"].tolist()
            legal = np.flatnonzero(info["action_mask"]).tolist()
            assert legal == orders(stock, cash)
            short_of_cash += len(legal) < SMALL["capacity"] - stock + 1
            full += stock + legal[-1] == SMALL["capacity"]
            seen, _, terminated, _, info = env.step(int(rng.choice(legal)))
    assert short_of_cash > 10 and full > 10


@pytest.mark.parametrize("budget", [0, 5])
def test_without_cash_nothing_can_be_ordered(budget: int) -> None:
    env = make(ENV_ID, budget=budget)
    env.reset(seed=0)
    assert env.action_mask.tolist() == [1] + [0] * 20
