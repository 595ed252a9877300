"""Wrappers: masks for your environments, other forms of actions and observations, and a recorder.

env = ActionMask(MyEnv(), lambda env: env.unwrapped.free_places())  # any Gymnasium environment
env = FlatActions(gym.make("MaskedPairs-v0"))  # Discrete(25), with a mask of 25 entries
envs = VectorFlatActions(gym.make_vec("MaskedPairs-v0", num_envs=64))  # the same for a vector environment
env = BoundedAction(gym.make("MaskedPendulum-v0"))  # Box(-1, 1) for SAC and TD3, whatever the bounds are now
env = FrameStack(gym.make("MaskedCartPole-v0"), 4)  # stacks observations, but not masks
"""

from __future__ import annotations

import importlib
from typing import Any

HOME = {
    "AECActionMask": "..adaptation.pettingzoo_action_mask",
    "ActionMask": "..adaptation.action_mask",
    "BoundedAction": ".bounded_action",
    "Delay": ".on_observation",
    "FlatActions": ".flat_actions",
    "Flatten": ".on_observation",
    "FrameStack": ".on_observation",
    "InvalidActionRecord": ".record_invalid_actions",
    "LoopedVectorEnv": "..adaptation.looped",
    "Normalize": ".on_observation",
    "OnObservation": ".on_observation",
    "ParallelActionMask": "..adaptation.pettingzoo_action_mask",
    "RecordInvalidActions": ".record_invalid_actions",
    "SequentialActions": ".sequential_actions",
    "SingleAgent": "..adaptation.single_agent",
    "StickyAction": ".on_observation",
    "VectorActionMask": "..adaptation.vector_action_mask",
    "VectorBoundedAction": ".vector_bounded_action",
    "VectorFlatActions": ".vector_flat_actions",
    "VectorSequentialActions": ".vector_sequential_actions",
    "replay": ".record_invalid_actions",
}

__all__ = list(HOME)


def __getattr__(name: str) -> Any:
    """Import each wrapper on first use."""
    if name in HOME:
        return getattr(importlib.import_module(HOME[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *HOME])
