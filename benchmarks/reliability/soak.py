"""Environment steps in one process, and the memory that the process holds before, on the way and after."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

import masked_envs
from masked_envs.catalogue import CATALOGUE

from . import record

NAME = "soak"
ROWS = 2048
SINGLE_STEPS = 5_000  # of each single environment, which steps in plain Python, at each look
SECONDS_EACH = 1.0  # of one id before the next, so that slow ids do not take all the time
SLOWEST = 20_000  # steps per second below which an id takes part with its single environment alone


def memory() -> float:
    """The resident set of this process in MB; Linux."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Vector:
    """Random legal play in N rows."""

    def __init__(self, env_id: str) -> None:
        beside = {"opponent": "random"} if CATALOGUE[env_id].play == "simultaneous" else {}
        self.envs = masked_envs.make_vec(env_id, ROWS, on_invalid="noop", **beside)
        _, self.info = self.envs.reset(seed=0)
        self.rng, self.steps = np.random.default_rng(0), 0

    def play(self, seconds: float) -> int:
        end, before = time.perf_counter() + seconds, self.steps
        while time.perf_counter() < end:
            actions = self.envs.mask_spec.sample(self.info["action_mask"], self.rng, self.envs.head_mask)
            *_, self.info = self.envs.step(actions)
            self.steps += ROWS
        return self.steps - before


def play_single(env_id: str, steps: int, seed: int) -> int:
    """A single environment, made, played and closed: what is not given back would add up."""
    env = masked_envs.make(env_id, on_invalid="noop")
    env.reset(seed=seed)
    for _ in range(steps):
        _, _, terminated, truncated, _ = env.step(env.sample_legal())
        if terminated or truncated:
            env.reset()
    assert env.invalid_actions == 0
    env.close()
    return steps


def measure(until: float, minutes: float) -> dict[str, Any]:
    """Step all ids in turn; the result is written at every look at the memory.

    Args:
        until: steps of all rows together.
        minutes: the most time to take.
    """
    singles = [env_id for env_id, entry in CATALOGUE.items() if entry.play != "simultaneous"]
    vectors = {env_id: Vector(env_id) for env_id in CATALOGUE}
    rates = {env_id: vector.play(SECONDS_EACH) / SECONDS_EACH for env_id, vector in vectors.items()}
    for env_id in singles:
        play_single(env_id, 200, 0)
    chosen = [env_id for env_id in vectors if rates[env_id] > SLOWEST]
    gc.collect()
    began = time.monotonic()
    steps, looks = 0, [{"steps": 0, "mb": round(memory(), 1)}]
    result: dict[str, Any] = {}
    turn = 0
    while steps < until and time.monotonic() < began + 60 * minutes:
        for env_id in chosen:
            steps += vectors[env_id].play(SECONDS_EACH)
        steps += play_single(singles[turn % len(singles)], SINGLE_STEPS, turn)
        turn += 1
        gc.collect()
        looks.append({"steps": steps, "mb": round(memory(), 1)})
        result = {
            "steps": steps, "seconds": round(time.monotonic() - began), "ids": len(chosen),
            "slow_ids": sorted(set(vectors) - set(chosen)), "looks": looks,
            "invalid": int(sum(vector.envs.invalid_actions.sum() for vector in vectors.values())),
        }  # fmt: skip
        record.save(NAME, result)
        print(f"{steps:,} steps, {looks[-1]['mb']} MB", flush=True)
    return result
