"""The exact bounds of every interval mask are played: accepted, never crossed, never empty, on both backends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from surfaces import IDS

from masked_envs import make, make_vec, trees
from masked_envs.mask_spec import DictMask, IntervalMask, MaskSpec

STEPS = 40


def has_interval(spec: MaskSpec) -> bool:
    return isinstance(spec, IntervalMask) or (isinstance(spec, DictMask) and any(map(has_interval, spec.parts)))


INTERVALS = [env_id for env_id in IDS if has_interval(make(env_id).mask_spec)]


def at_bounds(spec: MaskSpec, mask: Any, legal: Any, rng: np.random.Generator) -> Any:
    """Legal actions (rows, ...) with every coordinate of an interval at its lowest or highest value."""
    if isinstance(spec, DictMask):
        parts = zip(spec.parts, spec.unpack(mask, "the mask"), spec.unpack(legal, "the actions"), strict=True)
        return spec.pack([at_bounds(*part, rng) for part in parts])
    if not isinstance(spec, IntervalMask):
        return legal
    return np.where(rng.random(legal.shape) < 0.5, mask[:, 0], mask[:, 1])


def test_there_are_intervals_to_play() -> None:
    assert len(INTERVALS) >= 3


@pytest.mark.parametrize("env_id", INTERVALS)
@pytest.mark.parametrize("backend", ["python", "numba"])
def test_exact_bounds_are_accepted_and_lead_to_masks_that_are_not_empty(env_id: str, backend: str) -> None:
    if backend == "numba":
        pytest.importorskip("numba")
    envs, rng = make_vec(env_id, 16, backend=backend, mask_in="info").unwrapped, np.random.default_rng(0)
    _, info = envs.reset(seed=0)
    for _ in range(STEPS):
        mask = info["action_mask"]
        assert not envs.mask_spec.is_empty(mask).any()
        actions = at_bounds(envs.mask_spec, mask, envs.sample_legal(rng), rng)
        assert envs.mask_spec.allows(mask, actions).all()
        _, _, _, _, info = envs.step(actions)  # on_invalid="raise"
    assert not envs.invalid_actions.any() and trees.leaves(info["action_mask"])
