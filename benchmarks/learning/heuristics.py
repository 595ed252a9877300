"""Simple policies that people use: what a learner should beat.

Each is a function of a vector environment, its observations and its infos, and gives one legal action for each row.
Settings name one; an environment may do without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Policy = Callable[[Any, Any, dict[str, Any]], Any]


def first_legal(envs: Any, seen: Any, info: dict[str, Any]) -> Any:
    """The first legal action, of one table of actions."""
    table = info["action_mask"].shape[1:]
    number = info["action_mask"].reshape(envs.num_envs, -1).argmax(axis=1)
    return number if len(table) == 1 else np.stack(np.unravel_index(number, table), axis=1)


def middle_legal(envs: Any, seen: Any, info: dict[str, Any]) -> Any:
    """The legal action nearest to the middle."""
    n = info["action_mask"].shape[1]
    distance = np.abs(np.arange(n) - (n - 1) / 2)
    return np.where(info["action_mask"], distance, np.inf).argmin(axis=1)


def to_where_the_pole_falls(envs: Any, seen: Any, info: dict[str, Any]) -> Any:
    """In CartPole: the first legal push to the side to which the pole leans or turns. Odd actions push right."""
    right = seen[:, 2] + seen[:, 3] > 0
    odd = np.arange(info["action_mask"].shape[1]) % 2 == 1
    return (info["action_mask"].astype(bool) & (odd == right[:, None])).argmax(axis=1)


def most_value_for_weight(envs: Any, seen: Any, info: dict[str, Any]) -> Any:
    """Of a knapsack: the legal item with the most value for its weight."""
    weight, value = seen[:, 0], seen[:, 1]
    return np.where(info["action_mask"], value / np.maximum(weight, 1e-9), -np.inf).argmax(axis=1)


def most_value(envs: Any, seen: Any, info: dict[str, Any]) -> Any:
    """Of pairs: the legal one with the most value."""
    value = np.where(info["action_mask"], seen[:, 1], -1).reshape(len(seen), -1)
    return np.stack(np.unravel_index(value.argmax(axis=1), seen.shape[2:]), axis=1)


def most_payoff(envs: Any, seen: Any, info: dict[str, Any]) -> Any:
    """The arm whose payoff is shown to be the largest."""
    return seen[np.arange(len(seen)), 0, seen[:, 1].argmax(axis=1)]


def straight_to_the_goal(envs: Any, seen: Any, info: dict[str, Any]) -> Any:
    """As far towards the goal as is legal, in each direction."""
    return np.clip((seen[:, 2:4] - seen[:, :2]).astype(np.float32), *np.moveaxis(info["action_mask"], 1, 0))


HEURISTICS: dict[str, Policy] = {
    each.__name__: each
    for each in (
        first_legal, middle_legal, to_where_the_pole_falls, most_value_for_weight, most_value, most_payoff,
        straight_to_the_goal,
    )
}  # fmt: skip
