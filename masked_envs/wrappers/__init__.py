"""Wrappers for masked environments: another form of the same actions, exact both ways.

env = FlatActions(gym.make("MaskedPairs-v0"))  # Discrete(25), with a mask of 25 entries
"""

from __future__ import annotations

import importlib
from typing import Any

HOME = {"FlatActions": "flat_actions", "SequentialActions": "sequential_actions"}

__all__ = list(HOME)


def __getattr__(name: str) -> Any:
    """Each comes from its own module when it is asked for."""
    if name in HOME:
        return getattr(importlib.import_module(f".{HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
