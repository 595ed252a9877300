"""Recording what environments do, as bytes, to hold one against another."""

from __future__ import annotations

from typing import Any

import numpy as np

from masked_envs.conformance.values import fingerprint, row_of

__all__ = ["fingerprint", "play_rows", "play_single", "row_of"]


def play_single(env: Any, steps: int, rng: np.random.Generator, invalid: float = 0.0) -> list[bytes]:
    """Random play of a Gymnasium environment that has been reset, as bytes; a share of the actions is out of range."""
    stream, info = [], {"action_mask": env.unwrapped.action_mask}
    for _ in range(steps):
        action = env.unwrapped.mask_spec.sample(info["action_mask"], rng)
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
        *given, info = envs.step(envs.unwrapped.mask_spec.sample(info["action_mask"], rng))
        stream.append(fingerprint([*given, info]))
    return stream
