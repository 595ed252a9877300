"""Draws from conditional masks with dependent heads: uniform over the leaves, which are listed here by brute force."""

from __future__ import annotations

import itertools
import sys
from collections import Counter

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box
from scipy.stats import chisquare
from toys.conditional_three import ENV as THREE
from toys.convoy import ENV as CONVOY

from masked_envs.core import Declaration, dependent_heads, rule, state_record
from masked_envs.core.backends import numba_is_available
from masked_envs.core.engine import Engine
from masked_envs.core.random import random_below_large
from masked_envs.mask_spec import MaskSpec
from masked_envs.registration import declaration

BACKENDS = ["python", pytest.param("numba", marks=pytest.mark.skipif(not numba_is_available(), reason="no numba"))]
LIKELY = 1e-4  # a draw that is uniform falls below this once in ten thousand; the draws are always the same


# --- a deep tree with dead ends -----------------------------------------------------------------------------------

NVEC = (3, 2, 4, 3, 5)


@rule
def reset(s, p):
    s["sparse"] = 0


@rule
def action_mask(s, p, agent, out):
    for i in range(NVEC[0]):
        for j in range(NVEC[1]):
            out[i, j] = i != 1 or j != 0


@rule
def head_mask(s, p, agent, k, prefix, out):
    total = 0
    for i in range(k):
        total += (i + 2) * int(prefix[i])
    for choice in range(out.size):
        out[choice] = s["sparse"] < 2 and (total + choice * k) % (3 + s["sparse"]) == (k + choice) % 2


@rule
def step(s, p, action, rewards):
    return False


@rule
def observe(s, p, agent, out):
    out[0] = 0


ENV = Declaration(
    id="ToyDeep-v0",
    module=__name__,
    state=lambda values: state_record(sparse=np.int64),
    mask=lambda values: MaskSpec.conditional(NVEC),
    observation=lambda values: Box(0, 1, (1,), np.int8),
)


def deep_leaves(sparse):
    """The legal actions, from every combination."""
    for a in itertools.product(*map(range, NVEC)):
        sums = [sum((i + 2) * a[i] for i in range(k)) for k in range(5)]
        rest = ((sums[k] + a[k] * k) % (3 + sparse) == (k + a[k]) % 2 for k in (2, 3, 4))
        if a[:2] != (1, 0) and all(rest):
            yield a


def three_leaves(t, agent):
    for i, j, k in itertools.product(range(3), range(4), range(5)):
        if (i + 2 * j + t + agent * (1 if agent else 0)) % 3 and (i + j + k + t + agent) % 2 == 0:
            yield i, j, k


# By hand, from the card: of the base on cell 5 and the worker on cell 1 of a map of 4 by 4, with a stock of 5.
RTS_LEAVES = [
    (1, 0, 1), (1, 1, 2), (1, 2, 0), (1, 5, 2), (5, 0, 5), (5, 6, 4), (5, 6, 6), (5, 6, 9),
]  # fmt: skip


# --- drawing ----------------------------------------------------------------------------------------------------------


def engine_of(declared, rows, backend, **fields):
    """Rows in one and the same state, apart from their random streams."""
    values = declared.resolve({"rows": 4, "cols": 4} if "rows" in declared.parameters else {})
    engine = Engine(declared, values, rows, backend, on_invalid="resample")
    engine.seed([0] * rows)
    engine.reset()
    for name, value in fields.items():
        engine.stored_records()[name] = value
    engine._rows.load(range(rows))
    engine.look(engine.every_row)
    engine.seed(range(rows))
    return engine


def drawn(engine, view=0):
    """An action of each row by `pick`, another by resampling an invalid one."""
    engine.pick(engine.every_row, view)
    picked = engine.actions[:, view].copy()
    engine.actions[...] = -1
    engine.find_invalid()
    engine.step()
    return [tuple(action) for action in (*picked.tolist(), *engine.actions[:, view].tolist())]


def is_uniform(actions, leaves):
    counts = Counter(actions)
    assert set(counts) <= set(leaves)
    return chisquare([counts[leaf] for leaf in leaves]).pvalue > LIKELY


TREES = {
    "two thirds of the choices": (ENV, {"sparse": 0}, list(deep_leaves(0)), 0),
    "fewer, with dead ends": (ENV, {"sparse": 1}, list(deep_leaves(1)), 0),
    "three heads": (THREE, {"t": 4}, list(three_leaves(4, 0)), 0),
    "the second of two agents": (CONVOY, {"t": 3}, list(three_leaves(3, 1)), 1),
    "orders, a start of MicroRTS": (declaration("MaskedMicroRTS-v0"), {}, RTS_LEAVES, 0),
}


@pytest.mark.parametrize("tree", TREES)
def test_every_leaf_is_drawn_equally_often(tree):
    declared, fields, leaves, view = TREES[tree]
    rows = 40 * len(leaves)
    assert is_uniform(drawn(engine_of(declared, rows, "python", **fields), view), leaves)


@pytest.mark.skipif(not numba_is_available(), reason="no numba")
@pytest.mark.parametrize("tree", TREES)
def test_both_backends_draw_the_same_leaves(tree):
    declared, fields, leaves, view = TREES[tree]
    engines = [engine_of(declared, 300, backend, **fields) for backend in ("python", "numba")]
    assert drawn(engines[0], view) == drawn(engines[1], view)
    assert engines[0].stored_records().tobytes() == engines[1].stored_records().tobytes()  # the streams too


@pytest.mark.parametrize("trials", [0, 1, 10**6])
@pytest.mark.parametrize("sparse", [0, 1])
def test_trials_and_the_walk_draw_alike(trials, sparse, monkeypatch):
    """Without trials, with too few of them, and with so many that the walk is hardly needed."""
    monkeypatch.setattr(dependent_heads, "MOST_TRIALS", trials)
    leaves = list(deep_leaves(sparse))
    assert is_uniform(drawn(unbound_engine(40 * len(leaves), sparse)), leaves)


def unbound_engine(rows, sparse):
    """An engine whose rules are bound anew, since what is bound is kept."""
    from masked_envs.core import engine as module

    module._bound.cache_clear()
    made = engine_of(ENV, rows, "python", sparse=sparse)
    module._bound.cache_clear()
    return made


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_tree_without_leaves_gives_what_is_not_legal(backend):
    engine = engine_of(ENV, 3, backend, sparse=2)
    assert engine.masks.any()
    engine.pick(engine.every_row)
    assert not any(engine.is_legal(row, 0) for row in range(3))


def test_random_opponents_draw_leaves_too():
    """Orders of the first player, seen in the positions after it: to wait gives the same one from both units."""
    envs = gym.make_vec(
        "MaskedMicroRTS-v0", num_envs=1600, opponent="random", agent=1, rows=4, cols=4, vectorization_mode=None
    )
    observations, _ = envs.reset(seed=0)
    counts = Counter(row.tobytes() for row in observations["observation"])
    ordered = [count for _, count in counts.most_common()]
    assert len(ordered) == len(RTS_LEAVES) - 1
    assert chisquare(ordered, [400, *[200] * 6]).pvalue > LIKELY


def test_head_by_head_is_not_uniform():
    """Negative control: drawing the table uniformly and then the rest head by head prefers leaves with few siblings."""
    rng, groups = np.random.default_rng(0), {}
    for leaf in RTS_LEAVES:
        groups.setdefault(leaf[:2], []).append(leaf)
    cells = list(groups)
    actions = [tuple(rng.choice(groups[cells[rng.integers(len(cells))]])) for _ in range(640)]
    assert not is_uniform([tuple(map(int, action)) for action in actions], RTS_LEAVES)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 2**31, 2**40 + 1, 2**53])
def test_large_numbers_are_below_and_the_words_scaled(n):
    for high, low in itertools.product((0, 1, 2**31, 2**32 - 1), repeat=2):
        words = iter((high, low))
        expected = ((high << 21) + (low >> 11)) * n // 2**53
        found = random_below_large_of(words, n)
        assert 0 <= found < n and abs(found - expected) <= max(1, n / 2**52)


def random_below_large_of(words, n):
    """`random_below_large` on known words: sfc32 gives a + b + counter, which is set before each."""

    class Known:
        def __init__(self):
            self.values = [0, 0, 0, 0]

        def __getitem__(self, i):
            return next(words) if i == 0 else 0

        def __setitem__(self, i, value):
            pass

    return random_below_large(Known(), n)


def test_large_numbers_spread_over_all_bits():
    rng = np.array([1, 2, 3, 4])
    drawn = [random_below_large(rng, 2**53) for _ in range(400)]
    for bit in range(53):
        assert 140 < sum(number >> bit & 1 for number in drawn) < 260


assert sys.modules[__name__].ENV is ENV  # the declaration finds its rules in this module
