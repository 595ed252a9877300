"""MaskedTrading: the best profit on known prices by a linear program; limits in a million random steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from positions import read

from masked_envs import make, make_vec
from masked_envs.core.backends import numba_is_available

ENV_ID = "MaskedTrading-v0"
NUMBA = numba_is_available()
CASH, FEE, LARGEST = 1000.0, 0.002, 5.0  # the defaults
LIMITS = (20.0, 6.0)  # of the position: the default, which cash cannot reach, and one that it can
HOLD, BUY, SELL = range(3)


def best_plan(prices: np.ndarray, limit: float) -> tuple[float, np.ndarray, np.ndarray]:
    """The highest profit on prices that are known, and the units bought and sold in each period."""
    from scipy.optimize import linprog

    periods = len(prices) - 1
    paid, got = prices[:-1] * (1 + FEE), prices[:-1] * (1 - FEE)
    upto = np.tril(np.ones((periods, periods)))
    limits = [
        (np.hstack([upto * paid, -upto * got]), CASH),  # the cash is never below 0
        (np.hstack([upto, -upto]), limit),
        (np.hstack([-upto, upto]), 0.0),  # nor the position
    ]
    gain = np.hstack([prices[-1] - paid, got - prices[-1]])
    found = linprog(
        -gain,
        A_ub=np.vstack([rows for rows, _ in limits]),
        b_ub=np.concatenate([np.full(periods, bound) for _, bound in limits]),
        bounds=(0, LARGEST),
    )
    assert found.status == 0
    return -float(found.fun), found.x[:periods], found.x[periods:]


def replay(env: Any, bought: np.ndarray, sold: np.ndarray, limit: float) -> float:
    """The profit of a plan; sizes are shares of what the side allows at most."""
    total = 0.0
    for units in bought - sold:
        s = read(env.get_state())
        price = s["prices"][s["period"]]
        if units > 1e-7:
            most = min(LARGEST, limit - s["position"], s["cash"] / (price * (1 + FEE)))
            action = (BUY, min(units / most, 1.0))
        elif units < -1e-7:
            action = (SELL, min(-units / min(LARGEST, s["position"]), 1.0))
        else:
            action = (HOLD, 0.0)
        _, reward, terminated, _, _ = env.step({"side": action[0], "size": np.array([action[1]], np.float32)})
        total += reward
    assert terminated
    return total


@pytest.mark.parametrize("seed", range(4))
def test_the_profit_of_the_linear_program_is_reached_and_never_beaten(seed: int) -> None:
    pytest.importorskip("scipy")
    limit = LIMITS[seed % 2]
    env, rng = make(ENV_ID, smallest_order=0.0, position_limit=limit), np.random.default_rng(seed)
    env.reset(seed=seed)
    start = env.get_state()
    profit, bought, sold = best_plan(read(start)["prices"], limit)
    assert profit > 10 and (np.minimum(bought, sold) < 1e-7).all()
    assert replay(env, bought, sold, limit) == pytest.approx(profit, rel=1e-5)
    totals = []
    for _ in range(15):
        env.set_state(start)
        total, terminated = 0.0, False
        while not terminated:
            _, reward, terminated, _, _ = env.step(env.mask_spec.sample(env.action_mask, rng))
            total += reward
        totals.append(total)
    assert max(totals) <= profit


def play_at_random(rows: int, steps: int) -> tuple[int, int]:
    """Hold limits in random play that likes the ends of the sizes; how often there was no cash, and no units."""
    envs: Any = make_vec(ENV_ID, rows, backend="numba" if NUMBA else "python", mask_in="info")
    seen, info = envs.reset(seed=0)
    rng, poor, empty = np.random.default_rng(0), 0, 0
    for _ in range(steps):
        mask = info["action_mask"]
        low, high = mask["size"][:, 0], mask["size"][:, 1]
        sides = np.where(mask["side"] == 1, rng.random((rows, 3)) + [0, 1.0, 0.8], -1).argmax(axis=1)
        sizes = np.clip(low + (high - low) * rng.choice([0.0, 1.0, 0.3], (rows, 1)), low, high)
        seen, _, _, _, info = envs.step({"side": sides, "size": sizes.astype(np.float32)})
        cash, position = seen[:, 0], seen[:, 1]
        assert (cash >= 0).all() and (position >= 0).all() and (position <= LIMITS[0]).all()
        poor, empty = poor + int((cash < 1).sum()), empty + int((position == 0).sum())
    return poor, empty


@pytest.mark.parametrize("steps", [100, pytest.param(1000, marks=pytest.mark.long)])
def test_cash_and_position_are_never_negative(steps: int) -> None:
    """In 10^5 steps, and in 10^6."""
    poor, empty = play_at_random(1000 if NUMBA else 20, steps)
    assert empty > 0 and (poor > 0 or not NUMBA), "the limits were never in question"


@pytest.mark.parametrize("limit", LIMITS)
def test_the_parts_of_the_mask_restrict_each_other(limit: float) -> None:
    """The smallest share is that of half a unit in the most of the side, of both sides the greater."""
    env, rng, kinds = make(ENV_ID, position_limit=limit), np.random.default_rng(0), set()
    for seed in range(10):
        env.reset(seed=seed)
        terminated = False
        while not terminated:
            s, mask = read(env.get_state()), env.action_mask
            price = s["prices"][s["period"]]
            most = [min(LARGEST, limit - s["position"], s["cash"] / (price * (1 + FEE))), min(LARGEST, s["position"])]
            legal = [each >= 0.5 for each in most]
            assert mask["side"].tolist() == [1, *legal]
            smallest = max((0.5 / each for each, ok in zip(most, legal, strict=True) if ok), default=0.0)
            assert mask["size"][0, 0] == pytest.approx(smallest, rel=1e-6) and mask["size"][1, 0] == 1
            assert float(mask["size"][0, 0]) >= smallest
            kinds.add(tuple(legal))
            _, _, terminated, _, _ = env.step(env.mask_spec.sample(mask, rng))
    assert kinds >= {(True, False), (True, True), (False, True)}


def test_own_prices_are_traded() -> None:
    env = make(ENV_ID, instance={"prices": [100, 110, 99]}, fee=0.0)
    env.reset(seed=0)
    rewards = [env.step({"side": side, "size": np.array([1.0], np.float32)})[1:3] for side in (BUY, SELL)]
    assert rewards == [(pytest.approx(50.0), False), (pytest.approx(0.0), True)]
    for prices in ([100], [100, 0], [[1, 2]], [1, 2e6], "up"):
        with pytest.raises(ValueError, match="'prices'"):
            make(ENV_ID, instance={"prices": prices})


def test_a_file_of_prices_is_read_and_one_with_words_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("100, 110\n99\n", encoding="utf-8")
    env = make(ENV_ID, instance=path)
    assert env.reset(seed=0)[0]["observation"].tolist() == [1000, 0, 100, 100, 2]
    path.write_text("date,close\n2020-01-01,100\n", encoding="utf-8")
    with pytest.raises(ValueError, match="a number stands here, and not 'date'"):
        make(ENV_ID, instance=path)


def test_orders_that_could_not_be_are_refused() -> None:
    with pytest.raises(ValueError, match="^MaskedTrading-v0: smallest_order=9.0 is more than largest_order=5.0"):
        make(ENV_ID, smallest_order=9.0)
