"""Wrappers: masks for environments of your own, other forms of masked environments, and a monitor.

env = ActionMask(MyEnv(), lambda env: env.unwrapped.free_places())  # any Gymnasium environment, by the laws
env = FlatActions(gym.make("MaskedPairs-v0"))  # Discrete(25), with a mask of 25 entries
env = FrameStack(gym.make("MaskedCartPole-v0"), 4)  # the observation is stacked, the mask is not
"""

from __future__ import annotations

import importlib
from typing import Any

HOME = {
    "AECActionMask": "..adaptation.pettingzoo_action_mask",
    "ActionMask": "..adaptation.action_mask",
    "Delay": ".on_observation",
    "FlatActions": ".flat_actions",
    "Flatten": ".on_observation",
    "FrameStack": ".on_observation",
    "InvalidActionRecord": ".record_invalid_actions",
    "Normalize": ".on_observation",
    "OnObservation": ".on_observation",
    "ParallelActionMask": "..adaptation.pettingzoo_action_mask",
    "RecordInvalidActions": ".record_invalid_actions",
    "SequentialActions": ".sequential_actions",
    "SingleAgent": "..adaptation.single_agent",
    "StickyAction": ".on_observation",
    "VectorActionMask": "..adaptation.vector_action_mask",
    "replay": ".record_invalid_actions",
}

__all__ = list(HOME)


def __getattr__(name: str) -> Any:
    """Each comes from its own module when it is asked for."""
    if name in HOME:
        return getattr(importlib.import_module(HOME[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *HOME])
