"""MaskedQueues: the c-mu rule is optimal, and what it costs is what dynamic programming says."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest
from positions import changed

from masked_envs import make_vec

ENV_ID = "MaskedQueues-v0"
COST, SERVICE, ARRIVAL = (2.0, 5.0), (0.8, 0.4), (0.25, 0.15)  # the first queue costs less, and is served first
START, PERIODS = (2, 2), 8


def after(lengths: tuple[int, ...], queue: int) -> list[tuple[float, tuple[int, ...]]]:
    """The lengths after a period in which a queue is served (none for -1), with their chances."""
    found = []
    for served in (0, 1) if queue >= 0 else (0,):
        chance = 1.0 if queue < 0 else SERVICE[queue] if served else 1 - SERVICE[queue]
        for arrivals in product((0, 1), repeat=len(lengths)):
            likely = chance
            for k, comes in enumerate(arrivals):
                likely *= ARRIVAL[k] if comes else 1 - ARRIVAL[k]
            left = tuple(
                length + comes - (served if k == queue else 0)
                for k, (length, comes) in enumerate(zip(lengths, arrivals, strict=True))
            )
            found.append((likely, left))
    return found


@cache
def expected(policy: str, lengths: tuple[int, ...], periods: int) -> float:
    """The expected cost of the periods to come, of the best policy or of one that serves the better or worse queue."""
    if periods == 0:
        return 0.0
    ways = {
        queue: sum(chance * expected(policy, left, periods - 1) for chance, left in after(lengths, queue))
        for queue in ([k for k, length in enumerate(lengths) if length] or [-1])
    }
    by_rule = sorted(ways, key=lambda queue: COST[queue] * SERVICE[queue])
    chosen = {"best": min(ways.values()), "c-mu": ways[by_rule[-1]], "worst of both": ways[by_rule[0]]}
    return float(np.dot(COST, lengths)) + chosen[policy]


def test_the_c_mu_rule_is_optimal_by_dynamic_programming() -> None:
    """Where the queue that costs more is served so slowly that the other goes first."""
    assert COST[0] * SERVICE[0] < COST[1] * SERVICE[1] or COST[0] < COST[1]
    assert expected("c-mu", START, PERIODS) == pytest.approx(expected("best", START, PERIODS), rel=1e-12)
    assert expected("worst of both", START, PERIODS) > 1.02 * expected("best", START, PERIODS)


def play(rows: int, best_first: bool, seed: int) -> np.ndarray:
    """The costs of episodes in which the queue with the highest, or the lowest, product is served."""
    envs: Any = make_vec(ENV_ID, rows, num_queues=2, periods=PERIODS, backend="python", autoreset_mode="Disabled")
    envs.reset(seed=seed)
    here = {"length": START, "cost": COST, "service": SERVICE, "arrival": ARRIVAL}
    envs.set_state([changed(state, **here) for state in envs.get_state()])
    products = np.array(COST) * np.array(SERVICE) * (1 if best_first else -1)
    over, total = np.zeros(rows, bool), np.zeros(rows)
    while not over.all():
        mask = envs.action_mask
        _, rewards, terminated, _, _ = envs.step(np.where(mask == 1, products, -np.inf).argmax(axis=1), where=~over)
        total -= 10 * rewards
        over |= terminated
    return total


@pytest.mark.parametrize(("best_first", "policy"), [(True, "c-mu"), (False, "worst of both")])
def test_play_by_a_rule_costs_what_dynamic_programming_says(best_first: bool, policy: str) -> None:
    costs = play(1000, best_first, 3)
    assert abs(costs.mean() - expected(policy, START, PERIODS)) < 4 * costs.std() / len(costs) ** 0.5


def test_periods_pass_while_all_queues_are_empty() -> None:
    """With sure service, and no arrivals, the episode ends with the last customer."""
    envs: Any = make_vec(ENV_ID, 1, num_queues=1, periods=50, load=0.0, backend="python", autoreset_mode="Disabled")
    envs.reset(seed=0)
    envs.set_state([changed(envs.get_state()[0], length=[3], cost=[2.0], service=[1.0])])
    rewards = [envs.step(np.array([0]))[1:3] for _ in range(3)]
    assert [(float(reward[0]), bool(over[0])) for reward, over in rewards] == [
        (-0.6, False),
        (-0.4, False),
        (-0.2, True),
    ]
