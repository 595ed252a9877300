"""Steps per second of an environment on this machine, in uniformly random legal play with masks and resets."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import make, make_vec
from .catalogue import CATALOGUE

WARM_UP = 50  # steps, so that no compilation is measured
BETWEEN_LOOKS = 16  # steps between two readings of the clock


def steps_per_second(env_id: str, num_envs: int = 1, backend: str = "auto", seconds: float = 1.0) -> float:
    """Steps of one environment per second; a step of a vector environment counts once for each of its rows.

    The time includes the drawing of the actions, uniform over what the mask allows, and the resets.

    Args:
        env_id: see `masked-envs list`.
        num_envs: 1 measures the single environment, more the vector environment of so many rows.
        backend: "auto", "python" or "numba".
        seconds: how long to measure, more than 0.

    Raises:
        UnknownEnvironmentError, ValueError, ImportError: as `make` and `make_vec`.
    """
    if not seconds > 0:
        raise ValueError(f"seconds must be more than 0, not {seconds}")
    steps = _play(env_id, num_envs, backend)
    for _ in range(WARM_UP):
        next(steps)
    taken, began = 0, time.perf_counter()
    while True:
        for _ in range(BETWEEN_LOOKS):
            next(steps)
        taken += BETWEEN_LOOKS
        elapsed = time.perf_counter() - began
        if elapsed >= seconds:
            return taken * num_envs / elapsed


def _play(env_id: str, num_envs: int, backend: str) -> Iterator[None]:
    """Legal random play without end; each item is one step of the environment."""
    # The caller's action must be one that a mask describes: in a simultaneous game, that of one agent.
    beside = {"opponent": "random"} if env_id in CATALOGUE and CATALOGUE[env_id].play == "simultaneous" else {}
    return (_play_single if num_envs == 1 else _play_vector)(env_id, num_envs, backend, beside)


def _play_single(env_id: str, num_envs: int, backend: str, arguments: dict[str, Any]) -> Iterator[None]:
    env = make(env_id, backend=backend, **arguments)
    draw = functools.partial(env.mask_spec.sample, rng=np.random.default_rng(0), head_mask=env.head_mask)
    _, info = env.reset(seed=0)
    while True:
        _, _, terminated, truncated, info = env.step(draw(info["action_mask"]))
        if terminated or truncated:
            _, info = env.reset()
        yield


def _play_vector(env_id: str, num_envs: int, backend: str, arguments: dict[str, Any]) -> Iterator[None]:
    envs = make_vec(env_id, num_envs, backend=backend, **arguments)
    draw = functools.partial(envs.mask_spec.sample, rng=np.random.default_rng(0), head_mask=envs.head_mask)
    _, info = envs.reset(seed=0)
    while True:
        _, _, _, _, info = envs.step(draw(info["action_mask"]))
        yield
