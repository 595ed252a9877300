"""Large masks of every kind: what a step of a batch costs, its mask included, and what a million actions take."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from budgets import run
from measure import Budget, UnavailableError

from masked_envs import make_vec

ROWS = 1024
STEPS = 30
PROMISE = 5.0  # microseconds an environment step: 200,000 of them in a second, on one core

# A thousand candidates and ten thousand pairs; the names say what the mask is.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "joint mask of 10,000 pairs": ("MaskedPairs-v0", {"num_items": 100, "num_picks": 1000}),
    "list of 1,000 candidates": ("ParametricCartPole-v0", {"num_actions": 1000}),
    "flat mask of 10,000 actions": ("MaskedHuge-v0", {"num_actions": 10_000}),
}

HUGE = """
import sys, numpy as np, masked_envs
envs = masked_envs.make_vec(sys.argv[1], 64, num_actions=10**6)
(_, info), rng = envs.reset(seed=0), np.random.default_rng(0)
for _ in range(10):
    kept, _, _, _, info = envs.step(envs.mask_spec.sample(info["action_mask"], rng))
(peak,) = (line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak) * 1024 / 1e6)
"""


def budgets() -> list[Budget]:
    steps = [
        Budget(
            f"step of a batch of {ROWS:,}, {name}, one thread", partial(microseconds, *case), must=PROMISE, unit="us"
        )
        for name, case in CASES.items()
    ]
    holding = Budget("memory of 64 envs of 1,000,000 actions, the whole process", million_actions, must=500, unit="MB",
                     repetitions=3)  # fmt: skip
    return [*steps, holding]


def million_actions() -> float:
    """The most memory (MB) of a process that plays."""
    if not sys.platform.startswith("linux"):
        raise UnavailableError("the most memory is read from /proc, which only Linux has")
    return run(HUGE, CASES["flat mask of 10,000 actions"][0])


def microseconds(env_id: str, parameters: dict[str, Any]) -> float:
    """Of one environment step in a batch; choosing the action is not counted."""
    envs = make_vec(env_id, ROWS, num_threads=1, mask_in="info", **parameters)
    rng, (_, info) = np.random.default_rng(0), envs.reset(seed=0)
    elapsed = 0.0
    for step in range(STEPS + 2):
        actions = some_legal(info["action_mask"], rng)
        began = time.perf_counter()
        _, _, _, _, info = envs.step(actions)
        if step >= 2:  # the first ones fill caches
            elapsed += time.perf_counter() - began
    return 1e6 * elapsed / (STEPS * ROWS)


def some_legal(masks: npt.NDArray[np.int8], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """The first legal action after a random place, in every row."""
    flat = masks.reshape(len(masks), -1)
    place = int(rng.integers(flat.shape[1]))
    first = np.concatenate([flat[:, place:], flat[:, :place]], axis=1).argmax(axis=1)
    index = (first + place) % flat.shape[1]
    return np.stack(np.unravel_index(index, masks.shape[1:]), axis=1) if masks.ndim > 2 else index
