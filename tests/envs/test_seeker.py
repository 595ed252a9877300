"""MaskedSeeker: the legal box by geometry: its corners, the ways to them, and that no side could be moved out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from positions import read

from masked_envs import InvalidActionError, make, make_vec
from masked_envs.core.backends import numba_is_available
from masked_envs.registration import declaration
from masked_envs.render.shapes import Disc
from masked_envs.render.theme import LIGHT

ENV_ID = "MaskedSeeker-v0"
BACKEND = "numba" if numba_is_available() else "python"
Array = npt.NDArray[Any]
SIDE = 10.0


def touches(points: Array, obstacles: Array) -> npt.NDArray[np.bool_]:
    """Which of the points (..., 2) lie in an obstacle (n, 4) or outside of the arena."""
    x, y = points[..., None, 0], points[..., None, 1]
    inside = (x > obstacles[:, 0]) & (y > obstacles[:, 1]) & (x < obstacles[:, 2]) & (y < obstacles[:, 3])
    return inside.any(-1) | (points < 0).any(-1) | (points > SIDE).any(-1)


MARGIN, ACROSS = 1e-5, 0.5e-5  # m, of the card
FLOAT32_STEP = 2e-6  # m: more than the distance between two float32 displacements


def sides_that_could_move(here: Array, boxes: Array, obstacles: Array, max_step: float = 1.0) -> Array:
    """Which sides (N, low and high, axis) could be moved outwards by more than the margin.

    Args:
        here: (N, 2), the positions.
        boxes: (N, 2, 2), the lowest and the highest displacements.
        obstacles: (N, n, 4), left, bottom, right, top.
        max_step: (m).
    """
    low, high = here + boxes[:, 0], here + boxes[:, 1]
    could = np.zeros((len(here), 2, 2), np.bool_)
    for axis in range(2):
        other = 1 - axis
        beside = (obstacles[..., 2 + other] > (low[:, other] - ACROSS - FLOAT32_STEP)[:, None]) & (
            obstacles[..., other] < (high[:, other] + ACROSS + FLOAT32_STEP)[:, None]
        )
        for side, edge, wall in ((0, low, 0.0), (1, high, SIDE)):
            sign = 2 * side - 1
            ahead = obstacles[..., axis] if side else obstacles[..., 2 + axis]
            gap = np.where(beside, sign * (ahead - edge[:, None, axis]), np.inf)
            gap = np.where(gap < -MARGIN, np.inf, gap).min(-1, initial=np.inf)  # what is behind the edge is no limit
            room = np.minimum(gap, sign * (wall - edge[:, axis]))
            at_most = np.abs(boxes[:, side, axis]) >= max_step - FLOAT32_STEP
            could[:, side, axis] = (room > MARGIN + FLOAT32_STEP) & ~at_most
    return could


def touch_within(here: Array, boxes: Array, obstacles: Array) -> Array:
    """Which boxes (N,) have an obstacle inside of them, or reach outside of the arena."""
    low, high = here + boxes[:, 0], here + boxes[:, 1]
    meets = np.ones(obstacles.shape[:2], np.bool_)
    for axis in range(2):
        meets &= (obstacles[..., axis] < high[:, None, axis]) & (obstacles[..., 2 + axis] > low[:, None, axis])
    outside: Array = meets.any(-1) | (low < 0).any(-1) | (high > SIDE).any(-1)
    return outside


def check_boxes(num_obstacles: int, rows: int, steps: int) -> int:
    """Hold every box of random walks, which like the edges, to geometry; how many sides were cut short."""
    envs, rng = make_vec(ENV_ID, rows, num_obstacles=num_obstacles, mask_in="info"), np.random.default_rng(0)
    _, info = envs.reset(seed=0)
    dtype, cut = declaration(ENV_ID).state(dict(envs.unwrapped.get_state()[0].parameters)), 0
    running = np.ones(rows, np.bool_)  # in a terminated state nothing is left to forbid
    for _ in range(steps):
        records = np.frombuffer(b"".join(state.record for state in envs.unwrapped.get_state()), dtype)
        here, obstacles = records["position"][running], records["obstacles"][running]
        masks = info["action_mask"]
        boxes = masks[running].astype(float)
        assert (boxes[:, 0] <= 0).all() and (boxes[:, 1] >= 0).all()
        assert not touch_within(here, boxes, obstacles).any()
        could = sides_that_could_move(here, boxes, obstacles).any((1, 2))
        assert not could.any(), (here[could][0], boxes[could][0], obstacles[could][0])
        assert not (boxes == 0).all((1, 2)).any()  # no position is a trap
        cut += int((np.abs(boxes) < 0.99).sum())
        shares = rng.choice(np.float32([0.0, 1.0, 0.5]), (rows, 2), p=[0.4, 0.4, 0.2])
        actions = masks[:, 0] + shares * (masks[:, 1] - masks[:, 0])
        _, _, terminated, _, info = envs.step(actions.clip(masks[:, 0], masks[:, 1]))
        running = ~terminated
    return cut


@pytest.mark.parametrize("num_obstacles", [1, 6, 40])
def test_boxes_touch_nothing_and_no_side_could_be_moved_outwards(num_obstacles: int) -> None:
    assert check_boxes(num_obstacles, 64, 60) > 100


@pytest.mark.long
def test_a_million_boxes() -> None:
    assert check_boxes(6, 4096, 250) > 10_000


def test_a_side_that_is_needlessly_closed_is_seen() -> None:
    """Negative control of the geometry above."""
    here, boxes = np.array([[5.0, 5.0]]), np.array([[[-1.0, 0.0], [1.0, 1.0]]])
    assert sides_that_could_move(here, boxes, np.zeros((1, 0, 4))).tolist() == [[[False, True], [False, False]]]
    wall = np.array([[[4.0, 3.0, 6.0, 5.0 - MARGIN]]])
    assert not sides_that_could_move(here, boxes, wall).any()
    assert touch_within(here, boxes, np.array([[[5.5, 5.5, 7.0, 7.0]]])).all()


@pytest.mark.parametrize(("seed", "arguments"), [(40, {"num_obstacles": 1}), (117, {})])
def test_who_goes_straight_to_the_goal_is_not_trapped(seed: int, arguments: dict[str, int]) -> None:
    """These ended in masks of zeros while the margin across was as large as the one along."""
    env = make(ENV_ID, mask_in="info", **arguments)
    observation, info = env.reset(seed=seed)
    terminated = truncated = False
    while not terminated and not truncated:
        assert info["action_mask"].any()
        move = (observation[2:4] - observation[:2]).clip(*info["action_mask"]).astype(np.float32)
        observation, _, terminated, truncated, info = env.step(move)


def test_what_lies_outside_of_the_box_is_refused() -> None:
    env = make(ENV_ID)
    _, info = env.reset(seed=0)
    low, high = info["action_mask"]
    for axis in range(2):
        for bound, towards in ((low, -np.inf), (high, np.inf)):
            outside = np.zeros(2, np.float32)
            outside[axis] = np.nextafter(bound[axis], np.float32(towards))
            with pytest.raises(InvalidActionError):
                env.step(outside)
    env.step(high.copy())


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


def test_the_goal_has_another_colour_than_what_is_legal() -> None:
    env = make("MaskedSeeker-v0")
    env.reset(seed=0)
    scene = env.picture.scene(0)
    (goal,) = [shape for shape in scene.shapes if isinstance(shape, Disc) and shape.r == 0.5]
    bounds = [shape for shape in scene.shapes if shape.ink.startswith("legal")]
    assert len(bounds) == 2 and {shape.ink for shape in bounds} == {"legal", "legal_fill"}
    apart = [np.abs(np.subtract(LIGHT[goal.ink], LIGHT[shape.ink])).sum() for shape in bounds]
    assert min(apart) > 150
