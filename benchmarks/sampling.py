"""Uniform legal actions for a batch of masks, beside `Space.sample(mask)` one mask after another."""

from __future__ import annotations

from functools import partial

import numpy as np
from gymnasium.spaces import Discrete
from measure import Comparison, Side, rate_of, timed
from vector_step import NUM_ENVS

from masked_envs import MaskSpec

ACTIONS = 7


def comparisons() -> list[Comparison]:
    return [
        Comparison(f"legal sampling, {NUM_ENVS} masks of {n} actions", "Gymnasium Space.sample(mask) in a loop",
                   partial(ours, n), partial(gymnasium_loop, n), must=must, aim=aim, unit="samples")
        for n, must, aim in ((ACTIONS, 100, 1000), (100, None, None))
    ]  # fmt: skip


def masks_of(n: int) -> np.ndarray:
    """Random masks int8 (NUM_ENVS, n), each with a legal action."""
    rng = np.random.default_rng(0)
    masks = (rng.random((NUM_ENVS, n)) < 0.6).astype(np.int8)
    masks[np.arange(NUM_ENVS), rng.integers(0, n, NUM_ENVS)] = 1
    return masks


def ours(n: int, batches: int = 200) -> Side:
    spec, masks, rng = MaskSpec.flat(n), masks_of(n), np.random.default_rng(0)

    def draw(count: int) -> None:
        for _ in range(count // NUM_ENVS):
            spec.sample(masks, rng)

    return rate_of(timed(draw), batches * NUM_ENVS)


def gymnasium_loop(n: int, batches: int = 2) -> Side:
    space, masks = Discrete(n, seed=0), masks_of(n)

    def draw(count: int) -> None:
        for _ in range(max(1, count // NUM_ENVS)):
            for mask in masks:
                space.sample(mask)

    return rate_of(timed(draw), batches * NUM_ENVS)
