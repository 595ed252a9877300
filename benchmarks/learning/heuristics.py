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
    """The first legal action."""
    return info["action_mask"].argmax(axis=1)


def middle_legal(envs: Any, seen: Any, info: dict[str, Any]) -> Any:
    """The legal action nearest to the middle."""
    n = info["action_mask"].shape[1]
    distance = np.abs(np.arange(n) - (n - 1) / 2)
    return np.where(info["action_mask"], distance, np.inf).argmin(axis=1)


HEURISTICS: dict[str, Policy] = {each.__name__: each for each in (first_legal, middle_legal)}
