"""Recording what environments do, as bytes, to hold one against another."""

from __future__ import annotations

from typing import Any

import numpy as np

from masked_envs import trees
from masked_envs.conformance.values import fingerprint

row_of = trees.row

__all__ = ["fingerprint", "legal_action", "play_rows", "play_single", "row_of"]


def legal_action(env: Any, mask: Any, rng: np.random.Generator) -> Any:
    """A legal action for this mask of a Gymnasium, AEC or vector environment."""
    base = env.unwrapped
    spec = base.mask_spec(base.agent_selection) if callable(base.mask_spec) else base.mask_spec
    if hasattr(base, "envs"):  # Gymnasium's own vector environment
        return spec.sample(mask, rng, [one.unwrapped.head_mask for one in base.envs])
    return spec.sample(mask, rng, base.head_mask)


def play_single(env: Any, steps: int, rng: np.random.Generator, invalid: float = 0.0) -> list[bytes]:
    """Random play of a Gymnasium environment that has been reset, as bytes; a share of the actions is out of range."""
    stream, info = [], {"action_mask": env.unwrapped.action_mask}
    for _ in range(steps):
        action = legal_action(env, info["action_mask"], rng)
        if rng.random() < invalid:
            action = -1
        observation, reward, terminated, truncated, info = env.step(action)
        stream.append(fingerprint([observation, reward, terminated, truncated, info]))
        if terminated or truncated:
            observation, info = env.reset()
            stream.append(fingerprint([observation, info]))
    return stream


def play_rows(envs: Any, steps: int, rng: np.random.Generator) -> list[bytes]:
    """Random legal play of a vector environment that has been reset."""
    stream, info = [], {"action_mask": envs.unwrapped.action_mask}
    for _ in range(steps):
        *given, info = envs.step(legal_action(envs, info["action_mask"], rng))
        stream.append(fingerprint([*given, info]))
    return stream
