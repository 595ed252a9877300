"""Counts of positions and of the sequences of actions that lead to them, layer by layer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Tree:
    """What is reached by each number of steps, from the start on."""

    positions: list[int] = field(default_factory=list)  # different ones
    sequences: list[int] = field(default_factory=list)  # of actions
    finished: list[int] = field(default_factory=list)  # sequences that end the episode
    last: Counter[Any] = field(default_factory=Counter)  # the last layer: state -> sequences


def grow(env: Any, plies: int) -> Tree:
    """Play every sequence of legal actions of a single-agent environment without chance, up to a number of steps."""
    tree, layer = Tree(), Counter({env.get_state(): 1})
    for ply in range(plies + 1):
        tree.positions.append(len(layer))
        tree.sequences.append(layer.total())
        tree.finished.append(sum(ways for state, ways in layer.items() if state.terminated))
        tree.last = layer
        if ply == plies:
            break
        following: Counter[Any] = Counter()
        for state, ways in layer.items():
            env.set_state(state)
            for action in [] if state.terminated else np.flatnonzero(env.action_mask):
                env.set_state(state)
                env.step(int(action))
                following[env.get_state()] += ways
        layer = following
    return tree


def started(env: Any) -> Any:
    """The environment after a reset."""
    env.reset(seed=0)
    return env
