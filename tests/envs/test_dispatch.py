"""MaskedDispatch: the best pairs of one period by the Hungarian method; who is served is served once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from positions import read

from masked_envs import make

ENV_ID = "MaskedDispatch-v0"
ONE_SHOT = {"periods": 1, "reach": 1.5, "arrival": 1.0}


def distances(s: Any) -> np.ndarray:
    """Between vehicles and riders."""
    lines: np.ndarray = np.linalg.norm(s["vehicles"][:, None] - s["riders"][None, :, :2], axis=-1)
    return lines


def pairs_of(env: Any) -> list[list[int]]:
    s = read(env.get_state())
    found: list[list[int]] = s["pairs"][: s["num_pairs"]].tolist()
    return found


@pytest.mark.parametrize(("vehicles", "riders"), [(4, 4), (3, 6), (6, 3), (1, 5)])
def test_the_pairs_of_the_hungarian_method_are_reached_and_never_beaten(vehicles: int, riders: int) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    env = make(ENV_ID, num_vehicles=vehicles, num_riders=riders, **ONE_SHOT)
    rng, worse = np.random.default_rng(0), 0
    for seed in range(5):
        env.reset(seed=seed)
        start = env.get_state()
        gain = 1 - distances(read(start))
        rows, columns = optimize.linear_sum_assignment(gain, maximize=True)
        best, total, terminated = gain[rows, columns].sum(), 0.0, False
        wanted = list(map(list, zip(rows.tolist(), columns.tolist(), strict=True)))
        rng.shuffle(wanted)
        for pair in wanted:
            assert not terminated
            _, reward, terminated, _, _ = env.step(pairs_of(env).index(pair))
            total += reward
        assert terminated and total == pytest.approx(best, rel=1e-12)
        for _ in range(20):
            env.set_state(start)
            total, terminated = 0.0, False
            while not terminated:
                _, reward, terminated, _, _ = env.step(env.mask_spec.sample(env.action_mask, rng))
                total += reward
            assert total <= best + 1e-12
            worse += total < best - 1e-9
    assert worse > 20


def test_a_rider_is_served_once_by_a_vehicle_that_is_free_and_within_reach() -> None:
    env, rng = make(ENV_ID, periods=40), np.random.default_rng(0)
    left = 0
    for seed in range(8):
        env.reset(seed=seed)
        terminated, served = False, 0
        busy_until, gone = np.zeros(5, int), set()
        while not terminated:
            s, pairs = read(env.get_state()), pairs_of(env)
            near = distances(s) <= 0.4
            possible = near & (s["busy"] == 0)[:, None] & (s["waits"] == 1)[None]
            assert pairs == np.argwhere(possible).tolist() and len(pairs) == env.action_mask.sum() > 0
            assert ((s["busy"] > 0) == (busy_until > s["period"])).all()
            action = int(rng.choice(np.flatnonzero(env.action_mask)))
            vehicle, rider = pairs[action]
            who = s["riders"][rider].tobytes()
            assert who not in gone
            gone.add(who)
            x, y, goal_x, goal_y = s["riders"][rider]
            way = np.hypot(*(s["vehicles"][vehicle] - [x, y]))
            busy_until[vehicle] = s["period"] + max(1, np.ceil((way + np.hypot(goal_x - x, goal_y - y)) / 0.2))
            _, reward, terminated, _, _ = env.step(action)
            assert reward == pytest.approx(1 - way)
            served += 1
            s = read(env.get_state())
            assert s["served"] == served and s["vehicles"][vehicle].tolist() == [goal_x, goal_y]
            assert (s["waited"][s["waits"] == 1] < 5).all()
            left += int((s["waited"] == 4).sum())
    assert left > 0, "nobody's patience was in question"


def test_the_list_tells_what_its_pairs_are() -> None:
    env = make(ENV_ID)
    seen, _ = env.reset(seed=3)
    s, pairs = read(env.get_state()), pairs_of(env)
    for (vehicle, rider), row in zip(pairs, seen["action_embeddings"], strict=False):
        trip = np.hypot(*(s["riders"][rider][:2] - s["riders"][rider][2:]))
        expected = [vehicle / 5, rider / 6, distances(s)[vehicle, rider], trip, s["waited"][rider] / 5, 1.0]
        np.testing.assert_allclose(row, expected, rtol=1e-6)
    assert not seen["action_embeddings"][len(pairs) :].any()
