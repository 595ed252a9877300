"""MaskedCartPole: Gymnasium's physics to the bit, and the law of which actions are available."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from math import comb
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from positions import changed, read

import masked_envs
from masked_envs import make, make_vec

pytestmark = pytest.mark.core

ENV_ID = "MaskedCartPole-v0"
BODY = ("x", "x_dot", "theta", "theta_dot")


def body_of(state: Any) -> np.ndarray:
    record = read(state)
    return np.array([record[name] for name in BODY])


def gymnasium_from(start: np.ndarray) -> Any:
    """Gymnasium's CartPole-v1 with its TimeLimit, put into a start state."""
    env = gym.make("CartPole-v1")
    env.reset(seed=0)
    env.unwrapped.state = start.copy()
    return env


def push(observation: np.ndarray, rng: np.random.Generator) -> int:
    """Push to where the pole leans, sometimes the other way: episodes of very different lengths."""
    right = observation[2] + 0.3 * observation[3] > 0
    return int(right) if rng.random() > 0.1 else 1 - int(right)


# --- the physics --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_trajectories_are_those_of_gymnasium_to_the_bit(backend: str) -> None:
    if backend == "numba":
        pytest.importorskip("numba")
    env = make(ENV_ID, num_actions=2, backend=backend)
    rng, ends = np.random.default_rng(0), Counter()
    for seed in range(40):
        observation = env.reset(seed=seed)[0]["observation"]
        peer = gymnasium_from(body_of(env.get_state()))
        over = False
        while not over:
            # a straight run into the side in some episodes, since a fallen pole ends nearly all of the others
            action = push(observation, rng) if seed % 4 else int(seed % 8 == 0)
            observed, reward, terminated, truncated, _ = env.step(action)
            expected = peer.step(action)
            observation = observed["observation"]
            assert observation.tobytes() == expected[0].tobytes()
            assert (reward, terminated, truncated) == expected[1:4]
            assert body_of(env.get_state()).tobytes() == peer.unwrapped.state.tobytes()
            over = terminated or truncated
        ends[terminated, truncated] += 1
    assert ends[True, False] >= 10 and ends[False, True] >= 1  # both ways to end were seen


def test_one_step_from_anywhere_is_that_of_gymnasium_to_the_bit() -> None:
    """Speeds and angles that no balanced pole has: there the terms of the equations weigh alike."""
    rows = 4000
    starts = np.random.default_rng(0).uniform(-1, 1, (rows, 4)) * [2, 30, 3, 30]
    envs = make_vec(ENV_ID, rows, num_actions=2)
    envs.reset(seed=0)
    placed = [
        changed(state, **dict(zip(BODY, start, strict=True)))
        for state, start in zip(envs.get_state(), starts, strict=True)
    ]
    envs.set_state(placed)
    actions = np.arange(rows) % 2
    envs.step(actions)
    peer = gymnasium_from(starts[0]).unwrapped
    for start, action, state in zip(starts, actions, envs.get_state(), strict=True):
        peer.state, peer.steps_beyond_terminated = start.copy(), None
        peer.step(int(action))
        assert body_of(state).tobytes() == peer.state.tobytes()


def test_rows_of_a_vector_environment_are_trajectories_of_gymnasium() -> None:
    rows = 16
    envs = make_vec(ENV_ID, rows, num_actions=2, autoreset_mode="Disabled")
    observation = envs.reset(seed=100)[0]["observation"]
    peers = [gymnasium_from(body_of(state)) for state in envs.get_state()]
    rng = np.random.default_rng(1)
    for _ in range(3000):
        actions = np.array([push(row, rng) for row in observation])
        observed, rewards, terminated, truncated, _ = envs.step(actions)
        for row, peer in enumerate(peers):
            expected = peer.step(int(actions[row]))
            assert observed["observation"][row].tobytes() == expected[0].tobytes()
            assert (rewards[row], terminated[row], truncated[row]) == expected[1:4]
        over = terminated | truncated
        observation = observed["observation"]
        if over.any():
            observation = envs.reset(options={"reset_mask": over})[0]["observation"]
            for row in np.flatnonzero(over):
                peers[row] = gymnasium_from(body_of(envs.get_state()[row]))


@pytest.mark.parametrize("offset", [0.0, 1e-6])
def test_the_cart_ends_where_gymnasium_ends_it(offset: float) -> None:
    """The limits of position, which trajectories with a pole seldom reach: both sides, just within and just beyond."""
    env = make(ENV_ID, num_actions=2)
    env.reset(seed=0)
    for field, limit in (("x", 2.4), ("theta", 12 * 2 * np.pi / 360)):
        for side in (-1.0, 1.0):
            start = dict.fromkeys(BODY, 0.0) | {field: side * (limit + offset)}  # without speed it stays there one step
            env.set_state(changed(env.get_state(), **start))
            peer = gymnasium_from(np.array([start[name] for name in BODY]))
            terminated = env.step(0)[2]
            assert terminated == peer.step(0)[2] == (offset > 0)
            env.reset(seed=0)


def test_the_observation_has_the_bounds_of_gymnasium() -> None:
    space = make(ENV_ID).observation_space["observation"]
    assert space == gym.make("CartPole-v1").observation_space


def test_starts_fill_the_cube() -> None:
    envs = make_vec(ENV_ID, 4096)
    envs.reset(seed=0)
    starts = np.array([body_of(state) for state in envs.get_state()])
    assert (starts >= -0.05).all() and (starts < 0.05).all()
    assert (starts.min(axis=0) < -0.0495).all() and (starts.max(axis=0) > 0.0495).all()
    standard_error = 0.1 / np.sqrt(12 * len(starts))
    assert (abs(starts.mean(axis=0)) < 5 * standard_error).all()
    assert (abs(np.corrcoef(starts.T) - np.eye(4)) < 5 / np.sqrt(len(starts))).all()


def test_even_actions_push_left_and_odd_ones_right() -> None:
    env = make(ENV_ID, num_actions=7, num_available=7)
    for action in range(7):
        env.reset(seed=action)
        before = body_of(env.get_state())[1]
        env.step(action)
        assert (body_of(env.get_state())[1] > before) == (action % 2 == 1)
    labels = masked_envs.registration.declaration(ENV_ID).action_labels
    assert labels is not None and labels({"num_actions": 3}) == ("left", "right", "left")


# --- the mask -----------------------------------------------------------------------------------------------------


def masks_of(steps: int = 60, **arguments: Any) -> list[list[np.ndarray]]:
    """The masks of four episodes, step by step."""
    env = make(ENV_ID, **arguments)
    rng, episodes = np.random.default_rng(0), []
    for seed in range(4):
        mask = env.reset(seed=seed)[1]["action_mask"]
        episodes.append([mask])
        for _ in range(steps):
            _, _, terminated, truncated, info = env.step(int(rng.choice(np.flatnonzero(mask))))
            if terminated or truncated:
                break
            mask = info["action_mask"]
            episodes[-1].append(mask)
        assert len(episodes[-1]) > 5
    return episodes


SIZES = [(2, 2), (3, 2), (6, 2), (6, 5), (6, 6), (40, 7), (2048, 2), (2048, 1500)]


@pytest.mark.parametrize("availability", ["fixed", "episode", "step"])
@pytest.mark.parametrize(("num_actions", "num_available"), SIZES)
def test_every_mask_has_num_available_ones_and_both_directions(
    num_actions: int, num_available: int, availability: str
) -> None:
    arguments = {"num_actions": num_actions, "num_available": num_available, "availability": availability}
    masks = np.concatenate(masks_of(**arguments))
    assert (masks.sum(axis=1) == num_available).all()
    assert masks[:, 0::2].any(axis=1).all() and masks[:, 1::2].any(axis=1).all()


def test_availability_says_when_the_mask_changes() -> None:
    fixed, episode, step = (
        masks_of(num_actions=64, num_available=9, availability=a) for a in ("fixed", "episode", "step")
    )
    assert len({mask.tobytes() for masks in fixed for mask in masks}) == 1
    assert [len({mask.tobytes() for mask in masks}) for masks in episode] == [1, 1, 1, 1]
    assert len({masks[0].tobytes() for masks in episode}) == 4
    for masks in step:  # 64 over 9 is 2.7e10: no mask comes twice
        assert len({mask.tobytes() for mask in masks}) == len(masks)


@pytest.mark.parametrize(("num_actions", "num_available"), [(6, 2), (8, 4), (2, 2), (2048, 2)])
@pytest.mark.parametrize("backend", ["python", "numba"])
def test_a_context_is_shown_and_allows_its_block(num_actions: int, num_available: int, backend: str) -> None:
    if backend == "numba":
        pytest.importorskip("numba")
    contexts = num_actions // num_available
    arguments = {"num_actions": num_actions, "num_available": num_available, "availability": "context"}
    envs = make_vec(ENV_ID, 256, backend=backend, **arguments)
    observation = envs.reset(seed=0)[0]
    assert envs.single_observation_space["observation"].shape == (4 + contexts,)
    counts, rng = np.zeros(contexts), np.random.default_rng(0)
    for _ in range(6):  # no pole falls in six steps
        shown = observation["observation"][:, 4:]
        assert (np.repeat(shown, num_available, axis=1) == observation["action_mask"]).all()
        assert (shown.sum(axis=1) == 1).all()
        counts += shown.sum(axis=0)
        observation, _, terminated, *_ = envs.step(envs.unwrapped.sample_legal(rng))
        assert not terminated.any()
    expected = 6 * 256 / contexts
    assert ((counts - expected) ** 2 / expected).sum() < contexts + 6 * np.sqrt(2 * contexts)  # chi-squared


@pytest.mark.parametrize(("num_actions", "num_available"), [(6, 3), (6, 4), (7, 2)])
def test_a_context_has_both_directions_and_blocks_fill_the_actions(num_actions: int, num_available: int) -> None:
    with pytest.raises(ValueError, match=f"num_available={num_available} of num_actions={num_actions}"):
        make(ENV_ID, num_actions=num_actions, num_available=num_available, availability="context")


def fixed_mask(layout_seed: int, seed: int | None) -> list[int]:
    env = make(ENV_ID, num_actions=64, num_available=9, layout_seed=layout_seed)
    return env.reset(seed=seed)[1]["action_mask"].tolist()


def test_the_fixed_mask_is_the_same_in_every_instance_seed_backend_and_process() -> None:
    here = fixed_mask(3, None)
    assert all(fixed_mask(3, seed) == here for seed in range(10))
    assert len({tuple(fixed_mask(layout, 0)) for layout in range(20)}) == 20  # negative control: the layout decides
    envs = make_vec(ENV_ID, 5, num_actions=64, num_available=9, layout_seed=3)
    assert envs.reset(seed=77)[1]["action_mask"].tolist() == [here] * 5
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as worker:
        assert worker.submit(fixed_mask, 3, None).result() == here


@pytest.mark.parametrize("availability", ["fixed", "episode", "step"])
@pytest.mark.parametrize(("num_actions", "num_available"), [(5, 3), (6, 2), (6, 5)])
def test_subsets_are_uniform(num_actions: int, num_available: int, availability: str) -> None:
    """Pearson's chi-square against the list of all subsets that have both directions."""
    stats = pytest.importorskip("scipy.stats")
    subsets = [s for s in combinations(range(num_actions), num_available) if len({a % 2 for a in s}) == 2]
    left, right = (num_actions + 1) // 2, num_actions // 2
    assert len(subsets) == comb(num_actions, num_available) - comb(left, num_available) - comb(right, num_available)
    draws = 150 * len(subsets)
    arguments: dict[str, Any] = {"num_actions": num_actions, "num_available": num_available}
    if availability == "fixed":
        masks = [make(ENV_ID, **arguments, layout_seed=k).reset(seed=0)[1]["action_mask"] for k in range(draws)]
    else:
        envs = make_vec(ENV_ID, draws, **arguments, availability=availability)
        masks = envs.reset(seed=0)[1]["action_mask"]
        if availability == "step":
            masks = envs.step(masks.argmax(axis=1))[4]["action_mask"]
    counts = Counter(tuple(np.flatnonzero(mask).tolist()) for mask in masks)
    assert set(counts) == set(subsets)
    assert stats.chisquare([counts[s] for s in subsets]).pvalue > 1e-4


@pytest.mark.parametrize("availability", ["fixed", "episode", "step"])
def test_body_and_mask_draw_apart(availability: str) -> None:
    """The same seed starts the same body, whatever is available."""
    start = make(ENV_ID).reset(seed=5)[0]["observation"]
    other = make(ENV_ID, num_actions=20, num_available=11, availability=availability).reset(seed=5)[0]["observation"]
    assert np.array_equal(start, other)


def test_more_available_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match=r"num_available=7.*num_actions=6.*at most"):
        make(ENV_ID, num_available=7)
