"""MaskedKnapsack: the best sum of values by dynamic programming and by brute force, in both forms of the action."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from positions import read

import masked_envs
from masked_envs import make, make_vec
from masked_envs.core.backends import numba_is_available

ENV_ID = "MaskedKnapsack-v0"
NO_NUMBA = pytest.mark.skipif(not numba_is_available(), reason="no numba here")
BACKENDS = ["python", pytest.param("numba", marks=[NO_NUMBA, pytest.mark.long])]  # other sizes compile for seconds
FORMS = pytest.mark.parametrize("form", ["discrete", "binary"])


def best_set(weights: list[int], values: list[int], capacity: int) -> tuple[int, frozenset[int]]:
    """Bellman's recursion: the best sum of values, and items that have it, for every capacity up to this one."""
    best: list[tuple[int, frozenset[int]]] = [(0, frozenset())] * (capacity + 1)
    for item, (weight, value) in enumerate(zip(weights, values, strict=True)):
        for room in range(capacity, weight - 1, -1):
            total, items = best[room - weight]
            if total + value > best[room][0]:
                best[room] = (total + value, items | {item})
    return best[capacity]


def best_by_brute_force(weights: list[int], values: list[int], capacity: int) -> int:
    every = (c for size in range(len(weights) + 1) for c in combinations(range(len(weights)), size))
    return max(sum(values[i] for i in c) for c in every if sum(weights[i] for i in c) <= capacity)


def start(env, seed: int) -> tuple[list[int], list[int]]:
    weights, values, packed = env.reset(seed=seed)[0]["observation"].tolist()
    assert not any(packed) and all(1 <= number <= 20 for number in weights + values)
    return weights, values


def bits(items, number: int) -> np.ndarray:
    return np.isin(np.arange(number), list(items)).astype(np.int8)


@pytest.mark.parametrize("capacity", [1, 25, 60, 200])
def test_the_set_found_by_dynamic_programming_brings_its_sum(capacity: int) -> None:
    """Item by item in any order, and all at once."""
    one_by_one, at_once = (make(ENV_ID, form=form, capacity=capacity) for form in ("discrete", "binary"))
    rng = np.random.default_rng(capacity)
    for seed in range(20):
        weights, values = start(one_by_one, seed)
        assert start(at_once, seed) == (weights, values)
        best, items = best_set(weights, values, capacity)
        assert best == best_by_brute_force(weights, values, capacity) == sum(values[i] for i in items)
        order = rng.permutation(sorted(items)).astype(int).tolist()
        steps = [one_by_one.step(item) for item in order]
        assert [reward for _, reward, *_ in steps] == [values[item] for item in order]
        assert [terminated for _, _, terminated, *_ in steps] == [False] * (len(order) - 1) + [True], (
            "what is left does not fit into a knapsack packed best"
        )
        observed, reward, terminated, _, _ = at_once.step(bits(items, 12))
        assert reward == best and terminated and observed["observation"][2].tolist() == bits(items, 12).tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@FORMS
def test_no_play_brings_more(form: str, backend: str) -> None:
    """Random episodes, of which every one weighs what fits and is worth at most the best sum; some are the best."""
    envs = make_vec(ENV_ID, 200, form=form, num_items=6, capacity=30, backend=backend, autoreset_mode="Disabled")
    observed, info = envs.reset(seed=0)
    weights, values, _ = (observed["observation"][:, row] for row in range(3))
    best = np.array([best_set(w, v, 30)[0] for w, v in zip(weights.tolist(), values.tolist(), strict=True)])
    rng, total, over = np.random.default_rng(0), np.zeros(200), np.zeros(200, bool)
    for _ in range(7):
        observed, rewards, terminated, _, info = envs.step(envs.unwrapped.mask_spec.sample(info["action_mask"], rng))
        total += np.where(over, 0, rewards)
        packed = observed["observation"][:, 2]
        over_now = over | terminated
        assert ((weights * packed).sum(axis=1)[~over] <= 30).all()
        np.testing.assert_array_equal((values * packed).sum(axis=1)[~over], total[~over])
        if over_now.all():
            break
        over = over_now
        if terminated.any():
            _, info = envs.reset(options={"reset_mask": terminated})
    assert over_now.all() and (total <= best).all() and (total == best).any() and (total < best).any()


def best_return(env) -> float:
    """By going through all play from here."""
    position, best = env.get_state(), 0.0
    for action in env.mask_spec.list_legal(env.action_mask):
        env.set_state(position)
        _, reward, terminated, _, _ = env.step(action if isinstance(action, int) else np.array(action, np.int8))
        best = max(best, reward + (0.0 if terminated else best_return(env)))
    return best


@FORMS
def test_the_best_of_all_play_is_the_best_sum(form: str) -> None:
    env = make(ENV_ID, form=form, num_items=5, capacity=24)
    for seed in range(8):
        weights, values = start(env, seed)
        assert best_return(env) == best_set(weights, values, 24)[0]


@FORMS
def test_the_mask_is_what_fits_by_itself(form: str) -> None:
    env, rng, forbidden = make(ENV_ID, form=form), np.random.default_rng(1), set()
    for seed in range(30):
        observed, info = env.reset(seed=seed)
        terminated = False
        while not terminated:
            weights, _, packed = observed["observation"]
            room = 60 - weights @ packed
            may_be_packed = [not there and weight <= room for there, weight in zip(packed, weights, strict=True)]
            mask = info["action_mask"]
            assert (mask[:, 1] if form == "binary" else mask).tolist() == may_be_packed and any(may_be_packed)
            assert form == "discrete" or mask[:, 0].all()
            forbidden |= {
                "packed" if there else "heavy" for there, ok in zip(packed, may_be_packed, strict=True) if not ok
            }
            observed, _, terminated, _, info = env.step(env.mask_spec.sample(mask, rng))
    assert forbidden == {"packed", "heavy"}


def test_every_single_item_that_may_be_1_fits() -> None:
    env = make(ENV_ID, form="binary", capacity=10)
    for seed in range(20):
        weights, values = start(env, seed)
        position = env.get_state()
        for item in np.flatnonzero(env.action_mask[:, 1]).tolist():
            env.set_state(position)
            observed, reward, _, _, _ = env.step(bits([item], 12))
            assert weights[item] <= 10 and reward == values[item] and observed["observation"][2].sum() == 1


def test_a_set_is_packed_in_order_as_far_as_it_fits() -> None:
    """All legal bits at once, which weigh too much together."""
    env = make(ENV_ID, form="binary", capacity=30)
    too_much = 0
    for seed in range(20):
        weights, values = start(env, seed)
        room, packed = 30, []
        for item, weight in enumerate(weights):
            if weight <= room:
                room, packed = room - weight, [*packed, item]
        observed, reward, _, _, _ = env.step(env.action_mask[:, 1])
        assert observed["observation"][2].tolist() == bits(packed, 12).tolist()
        assert reward == sum(values[item] for item in packed) and read(env.get_state())["room"] == room
        too_much += len(packed) < 12
    assert too_much == 20


def test_the_empty_set_closes_the_knapsack() -> None:
    env = make(ENV_ID, form="binary")
    env.reset(seed=0)
    observed, reward, terminated, truncated, _ = env.step(np.zeros(12, np.int8))
    assert (reward, terminated, truncated) == (0.0, True, False) and not observed["observation"][2].any()


@pytest.mark.parametrize("backend", BACKENDS)
@FORMS
def test_both_forms_obey_every_law(form: str, backend: str) -> None:
    for env in (make(ENV_ID, form=form, backend=backend), make_vec(ENV_ID, 3, form=form, backend=backend)):
        assert masked_envs.check_masked_env(env, steps=25).passed


@pytest.mark.parametrize("mode", ["rgb_array", "ansi"])
def test_the_picture_of_sets_has_a_place_for_every_bit(mode: str) -> None:
    env = make(ENV_ID, form="binary", num_items=7, render_mode=mode)
    env.reset(seed=0)
    scene = env.picture.scene(0)
    assert scene.problems() == [] and {mark.path for mark in scene.marks} == set(np.ndindex(7, 2))
    assert env.render() is not None
