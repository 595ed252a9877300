"""MaskedSeeker: the legal box by geometry: its corners, the ways to them, and that no side could be moved out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from positions import read

from masked_envs import InvalidActionError, make, make_vec
from masked_envs.core.backends import numba_is_available

pytestmark = pytest.mark.core

ENV_ID = "MaskedSeeker-v0"
BACKEND = "numba" if numba_is_available() else "python"
Array = npt.NDArray[Any]
SIDE = 10.0


def touches(points: Array, obstacles: Array) -> npt.NDArray[np.bool_]:
    """Which of the points (..., 2) lie in an obstacle (n, 4) or outside of the arena."""
    x, y = points[..., None, 0], points[..., None, 1]
    inside = (x > obstacles[:, 0]) & (y > obstacles[:, 1]) & (x < obstacles[:, 2]) & (y < obstacles[:, 3])
    return inside.any(-1) | (points < 0).any(-1) | (points > SIDE).any(-1)


def corners(box: Array) -> Array:
    return np.array([[box[i, 0], box[j, 1]] for i in range(2) for j in range(2)])


@pytest.mark.parametrize("num_obstacles", [0, 6, 40])
def test_every_corner_and_every_way_to_it_is_free_and_no_side_could_be_moved_out(num_obstacles: int) -> None:
    env, rng, cut, forbidden = make(ENV_ID, num_obstacles=num_obstacles), np.random.default_rng(0), 0, 0
    along = np.linspace(0, 1, 21)[:, None, None]
    for seed in range(30):
        _, info = env.reset(seed=seed)
        for _ in range(15):
            state, box = read(env.get_state()), info["action_mask"].astype(float)
            here, obstacles = state["position"], state["obstacles"]
            assert (box[0] <= 0).all() and (box[1] >= 0).all()
            inner = rng.uniform(box[0], box[1], (40, 2))
            ends = np.concatenate([corners(box), inner])
            assert not touches(here + along * ends, obstacles).any()
            for axis in range(2):
                for side, sign in ((0, -1.0), (1, 1.0)):
                    if abs(box[side, axis]) < 1.0:
                        cut += 1
                        wider = box.copy()
                        wider[side, axis] += sign * 1e-3
                        # A lattice over the strip that was added, borders included, finds what blocks it.
                        strip = np.sort(np.array([box[side, axis], wider[side, axis]]))
                        across = np.linspace(box[0, 1 - axis], box[1, 1 - axis], 400)
                        places = np.zeros((2, 400, 2))
                        places[..., axis], places[..., 1 - axis] = strip[:, None], across
                        blocked = touches(here + places, obstacles).any()
                        assert blocked or narrow(here, box, obstacles, axis)
                        outside = np.array([0.0, 0.0], np.float32)
                        outside[axis] = wider[side, axis]
                        with pytest.raises(InvalidActionError):
                            env.step(outside)
                        forbidden += 1
            _, _, terminated, truncated, info = env.step(
                rng.uniform(box[0], box[1]).astype(np.float32).clip(*info["action_mask"])
            )
            if terminated or truncated:
                break
    assert (cut > 100 and forbidden == cut) or num_obstacles == 0


def narrow(here: Array, box: Array, obstacles: Array, axis: int) -> bool:
    """Whether an obstacle touches the box's extent across the axis by less than the margin that is kept from it."""
    other = 1 - axis
    low, high = here[other] + box[0, other], here[other] + box[1, other]
    return bool(
        (np.abs(obstacles[:, 2 + other] - low) < 1e-4).any() or (np.abs(obstacles[:, other] - high) < 1e-4).any()
    )


def test_a_hundred_thousand_extreme_moves_touch_nothing() -> None:
    rows, rng = (1000, np.random.default_rng(1)) if BACKEND == "numba" else (20, np.random.default_rng(1))
    envs = make_vec(ENV_ID, rows, backend=BACKEND, mask_in="info")
    observation, info = envs.reset(seed=3)
    touched_unmasked = 0
    for _ in range(100):
        side = rng.integers(2, size=(rows, 2))
        move = np.take_along_axis(info["action_mask"], side[:, None], axis=1)[:, 0]
        obstacles = observation[:, 4:].reshape(rows, -1, 4)
        extreme = observation[:, :2] + np.where(side == 1, 1.0, -1.0)
        touched_unmasked += sum(bool(touches(e, o)) for e, o in zip(extreme, obstacles, strict=True))
        observation, _, terminated, truncated, info = envs.step(move)
        obstacles = observation[:, 4:].reshape(rows, -1, 4)
        shrunk = obstacles + np.array([1e-5, 1e-5, -1e-5, -1e-5])  # the observation is rounded to float32
        assert not any(bool(touches(p, o)) for p, o in zip(observation[:, :2], shrunk, strict=True))
    assert envs.invalid_actions.sum() == 0
    assert touched_unmasked > rows  # the negative control: full steps would


def test_the_way_is_paid_by_the_metre_and_arriving_ends_it() -> None:
    env = make(ENV_ID, num_obstacles=0)
    for seed in range(10):
        env.reset(seed=seed)
        state = read(env.get_state())
        start = float(np.linalg.norm(state["goal"] - state["position"]))
        assert start >= 4
        total, terminated = 0.0, False
        while not terminated:
            state = read(env.get_state())
            move = np.clip(state["goal"] - state["position"], *env.action_mask).astype(np.float32)
            _, reward, terminated, truncated, _ = env.step(move.clip(*env.action_mask))
            total += reward
            assert not truncated
        state = read(env.get_state())
        left = float(np.linalg.norm(state["goal"] - state["position"]))
        assert left <= 0.5 and total == pytest.approx(start - left + 10)
