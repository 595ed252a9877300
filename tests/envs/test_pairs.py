"""MaskedPairs: the legal pairs, counted and listed by itertools, and the best sum of values by sorting."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from masked_envs import make, make_vec
from masked_envs.core.backends import numba_is_available

ENV_ID = "MaskedPairs-v0"


@pytest.mark.parametrize("items", [2, 3, 5, 8])
def test_n_times_n_minus_1_pairs_are_legal_and_then_one_fewer_each_step(items: int) -> None:
    every = set(permutations(range(items), 2))
    assert len(every) == items * (items - 1)
    env, rng = make(ENV_ID, num_items=items, num_picks=len(every)), np.random.default_rng(items)
    env.reset(seed=items)
    left = set(every)
    for picks in range(len(every)):
        legal = env.mask_spec.list_legal(env.action_mask)
        assert set(legal) == left and len(legal) == len(every) - picks
        pair = legal[rng.integers(len(legal))]
        terminated = env.step(np.array(pair))[2]
        left.remove(pair)
        assert terminated == (picks == len(every) - 1)
    assert not left


def test_no_mask_for_each_head_says_what_the_mask_says() -> None:
    """The product of what each head may take alone has the diagonal in it, and the picked pairs after a step."""
    env = make(ENV_ID)
    env.reset(seed=0)
    for pair in ((0, 1), (3, 2)):
        mask = env.action_mask
        product = mask.any(axis=1)[:, None] & mask.any(axis=0)[None, :]
        assert product.all() and not mask.all()
        env.step(np.array(pair))
    assert env.action_mask.sum() == 5 * 4 - 2


@pytest.mark.parametrize("picks", [1, 7, 20])
def test_the_best_return_is_the_sum_of_the_largest_values(picks: int) -> None:
    env = make(ENV_ID, num_picks=picks)
    for seed in range(20):
        observed = env.reset(seed=seed)[0]["observation"]
        values = {pair: int(observed[1][pair]) for pair in permutations(range(5), 2)}
        assert not observed[0].any() and not observed[1].diagonal().any()
        total, terminated = 0.0, False
        for pair in sorted(values, key=values.__getitem__, reverse=True)[:picks]:
            assert not terminated
            observed, reward, terminated, _, _ = env.step(np.array(pair))
            assert reward == values[pair] and observed["observation"][0][pair] == 1
            total += reward
        assert terminated and total == sum(sorted(values.values())[-picks:])


def test_values_are_uniform() -> None:
    stats = pytest.importorskip("scipy.stats")
    envs = make_vec(ENV_ID, 2000, backend="auto" if numba_is_available() else "python")
    values = envs.reset(seed=0)[0]["observation"][:, 1]
    off_diagonal = values[:, ~np.eye(5, dtype=bool)]
    assert stats.chisquare(np.bincount(off_diagonal.ravel(), minlength=10)).pvalue > 1e-4


def test_more_picks_than_pairs_are_refused() -> None:
    make(ENV_ID, num_items=3, num_picks=6)
    with pytest.raises(ValueError, match="num_picks=7 is more than there are pairs: num_items=3 have 6"):
        make(ENV_ID, num_items=3, num_picks=7)
