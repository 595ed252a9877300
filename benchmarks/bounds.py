"""The most that some environments can bring: what `benchmarks/learning` compares learners with.

Each function takes the first observations of N episodes and the parameters of the environment. It gives the mean over
the episodes of the highest return, or a bound that no such mean exceeds; its docstring says which. A run names one in
`benchmarks/learning/<id>/settings.json`; an environment may do without.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "optimum")]

from optimum import bin_pack, taxi  # noqa: E402

HELPERS = HERE.parent / "tests" / "helpers"

Starts = Any  # what a vector environment shows of its first positions


def pairs(starts: Starts, parameters: dict[str, Any]) -> float:
    """The highest values, as many as are picked."""
    values = np.sort(starts[:, 1].reshape(len(starts), -1), axis=1)
    return float(values[:, -parameters["num_picks"] :].sum(axis=1, dtype=float).mean())


def knapsack(starts: Starts, parameters: dict[str, Any]) -> float:
    """By dynamic programming over capacities (Bellman, 1957)."""
    totals = []
    for weights, values, _ in starts:
        best = np.zeros(parameters["capacity"] + 1)
        for weight, value in zip(weights, values, strict=True):
            best[weight:] = np.maximum(best[weight:], best[: len(best) - weight] + value)
        totals.append(best[-1])
    return float(np.mean(totals))


def arm(starts: Starts, parameters: dict[str, Any]) -> float:
    """The expected highest of the payoffs, uniform from 0 to 9, in every step."""
    arms = parameters["num_legal"]
    return float(parameters["num_steps"] * (9 - sum((k / 10) ** arms for k in range(1, 10))))


def packing(starts: Starts, parameters: dict[str, Any]) -> float:
    """By a search for packings (optimum/bin_pack.py)."""
    rows, cols = parameters["rows"], parameters["cols"]
    sequences = bin_pack.sequences(starts["observation"], rows, cols)
    return float(np.mean([bin_pack.best(items, rows, cols) for items in sequences]))


def shortest_routes(starts: Starts, parameters: dict[str, Any]) -> float:
    """By breadth-first search over the town (optimum/taxi.py)."""
    return float(np.mean([taxi.best_of(state) for state in starts]))


def straight_way(starts: Starts, parameters: dict[str, Any]) -> float:
    """The whole distance, and 10 for arriving: an upper bound, since an obstacle may stand in the way."""
    return float(np.hypot(*(starts[:, :2] - starts[:, 2:4]).T).mean() + 10)


def plan(starts: Starts, parameters: dict[str, Any]) -> float:
    """By mixed-integer programming (HiGHS)."""
    if str(HELPERS) not in sys.path:
        sys.path.insert(0, str(HELPERS))
    from unit_commitment_program import MIN_TIME, MONEY, UNITS, Program, data

    returns = []
    for row in starts:
        on, since, power = row[: 3 * UNITS].reshape(3, UNITS)
        capacity = np.array(data.CAPACITY[:UNITS])
        demand = row[3 * UNITS :] * capacity.sum()
        state = {"on": on, "since": np.rint(since * MIN_TIME), "power": power * capacity, "demand": demand}
        returns.append(-Program(state).solve()[0] / MONEY)
    return float(np.mean(returns))


BOUNDS: dict[str, Callable[[Starts, dict[str, Any]], float]] = {
    each.__name__: each for each in (pairs, knapsack, arm, packing, shortest_routes, straight_way, plan)
}
