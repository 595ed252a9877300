"""Heads that depend on each other: exact sampling without a list, and how often `head_mask` is asked.

Small trees are held against plain enumeration, large ones against numbers from combinatorics.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare

from masked_envs.mask_spec import MaskSpec, action_tree
from masked_envs.mask_spec.action_tree import ActionTree, random_below


class Rule:
    """A `head_mask` from a legality test of prefixes, which counts how often it is asked."""

    def __init__(self, nvec, is_legal):
        self.nvec, self.is_legal, self.calls = nvec, is_legal, 0

    def __call__(self, k, prefix):
        self.calls += 1
        return np.array([self.is_legal((*prefix, choice)) for choice in range(self.nvec[k])], np.int8)

    def table(self):
        """The canonical mask: the legal pairs, whether something completes them or not."""
        pairs = itertools.product(*map(range, self.nvec[:2]))
        return np.array([self.is_legal(pair) for pair in pairs], np.int8).reshape(self.nvec[:2])

    def actions(self):
        """Every legal action, by enumeration."""
        return [
            action
            for action in itertools.product(*map(range, self.nvec))
            if all(self.is_legal(action[: k + 1]) for k in range(1, len(action)))
        ]


def all_free(prefix):
    return True


def all_different(prefix):
    return len(set(prefix)) == len(prefix)


def falling(prefix):
    return all(a >= b for a, b in itertools.pairwise(prefix))


def lopsided(prefix):
    """After a first choice of 0 one action, after any other every one: bounds of 0 are far too high."""
    return prefix[0] > 0 or not any(prefix)


def with_dead_ends(prefix):
    """Nothing completes an even sum of the first two choices."""
    return len(prefix) < 3 or sum(prefix[:2]) % 2 == 1


RULES = [all_free, all_different, falling, lopsided, with_dead_ends]
SMALL = [(3, 3, 3), (2, 3, 4), (4, 4, 4, 4), (3, 2, 2, 2, 2)]


def is_uniform(counts):
    return len(counts) == 1 or chisquare(counts).pvalue > 1e-4


@pytest.mark.parametrize("nvec", SMALL)
@pytest.mark.parametrize("is_legal", RULES)
def test_samples_are_uniform_over_the_actions(is_legal, nvec):
    rule, spec, rng = Rule(nvec, is_legal), MaskSpec.conditional(nvec), np.random.default_rng(1)
    legal = rule.actions()
    if not legal:
        with pytest.raises(ValueError, match="allows no action"):
            spec.sample(rule.table(), rng, rule)
        return
    drawn = Counter(tuple(spec.sample(rule.table(), rng, rule).tolist()) for _ in range(20 * len(legal)))
    assert set(drawn) <= set(legal)
    assert is_uniform([drawn[action] for action in legal])


def test_head_by_head_would_not_be_uniform():
    """Negative control: the test above tells the two apart."""
    rule, rng = Rule((3, 3, 3), lopsided), np.random.default_rng(1)
    legal, drawn = rule.actions(), Counter()
    cells = np.argwhere(rule.table())
    for _ in range(20 * len(legal)):
        prefix = tuple(cells[rng.integers(len(cells))].tolist())
        drawn[(*prefix, int(rng.choice(np.flatnonzero(rule(2, prefix)))))] += 1
    assert not is_uniform([drawn[action] for action in legal])


@pytest.mark.parametrize("nvec", SMALL)
@pytest.mark.parametrize("is_legal", RULES)
def test_a_draw_asks_for_no_prefix_twice(is_legal, nvec):
    """At worst it explores the whole tree, as a list of all actions would."""
    rule, spec, rng = Rule(nvec, is_legal), MaskSpec.conditional(nvec), np.random.default_rng(2)
    if not rule.actions():
        return
    inner = sum(
        all(is_legal(prefix[: j + 1]) for j in range(1, len(prefix)))
        for k in range(2, len(nvec))
        for prefix in itertools.product(*map(range, nvec[:k]))
    )
    for _ in range(30):
        rule.calls = 0
        spec.sample(rule.table(), rng, rule)
        assert len(nvec) - 2 <= rule.calls <= inner


@pytest.mark.parametrize("heads", [3, 10, 12, 40])
def test_free_heads_cost_one_call_each(heads):
    """40 heads of 3 have 10^19 actions; every draw is accepted at once, as all bounds are exact."""
    rule, spec = Rule((3,) * heads, all_free), MaskSpec.conditional([3] * heads)
    action = spec.sample(np.ones((3, 3), np.int8), np.random.default_rng(0), rule)
    assert rule.calls == heads - 2 and spec.action_space.contains(action)


def test_free_heads_are_uniform_however_many():
    """400 heads of 10: bounds far beyond any float. Every head is uniform, and neighbours are independent."""
    nvec, rng = (10,) * 400, np.random.default_rng(0)
    tree = ActionTree(nvec, lambda prefix: np.ones(10, np.int8))
    drawn = np.array([tree.sample(rng) for _ in range(25)])
    assert is_uniform(np.bincount(drawn.ravel(), minlength=10))
    assert is_uniform(np.bincount((drawn[:, :-1] * 10 + drawn[:, 1:]).ravel(), minlength=100))


@pytest.mark.parametrize("operation", ["is_empty", "is_forced"])
def test_emptiness_is_a_search_and_no_count(operation):
    rule, spec = Rule((3,) * 30, all_free), MaskSpec.conditional([3] * 30)
    assert getattr(spec, operation)(spec.full(), rule) is False
    assert rule.calls <= 28
    forced = Rule((3,) * 30, lambda prefix: not any(prefix))
    assert spec.is_forced(forced.table(), forced) is True and not spec.is_empty(forced.table(), forced)
    nothing = Rule((3,) * 30, lambda prefix: len(prefix) < 3)
    assert spec.is_empty(nothing.table(), nothing) is True and nothing.calls == 9


def test_permutations_are_uniform():
    """8 units on 8 cells: the acceptance under the first bounds is 8! / 8^8 = 1 / 416."""
    rule, spec, rng = Rule((8,) * 8, all_different), MaskSpec.conditional([8] * 8), np.random.default_rng(3)
    drawn = np.array([spec.sample(rule.table(), rng, rule) for _ in range(100)])
    assert all(sorted(row) == list(range(8)) for row in drawn.tolist())
    assert all(is_uniform(np.bincount(drawn[:, k], minlength=8)) for k in range(8))
    assert rule.calls / len(drawn) < 1000 < math.factorial(8)


def test_a_draw_that_cannot_be_exact_is_nearly_uniform(monkeypatch):
    """Of 1,000 branches, half have 1 action and half 10: 10 of 11 draws fall on the latter, 1 of 2 without weights."""
    monkeypatch.setattr(action_tree, "EXACT_NODES", -1)
    tree = ActionTree((1000, 10), lambda prefix: np.arange(10) < (10 if prefix[0] % 2 else 1) if prefix else ALL)
    rng = np.random.default_rng(5)
    drawn = [tree.sample(rng) for _ in range(60)]
    assert all(tree.contains(action) for action in drawn)
    large = sum(first % 2 for first, _ in drawn)
    assert binomtest(large, len(drawn), 10 / 11).pvalue > 1e-3 > binomtest(large, len(drawn), 1 / 2).pvalue
    assert is_uniform(np.bincount([second for first, second in drawn if first % 2], minlength=10))


ALL = np.ones(1000, np.bool_)


def test_a_draw_finds_the_only_action_behind_dead_ends(monkeypatch):
    monkeypatch.setattr(action_tree, "EXACT_NODES", 5)
    only = tuple([2] * 9)
    tree = ActionTree([3] * 9, lambda prefix: np.array([prefix == only[: len(prefix)] or len(prefix) < 4] * 3))
    assert tree.sample(np.random.default_rng(0))[:4] == only[:4]
    nothing = ActionTree([3] * 9, lambda prefix: np.full(3, len(prefix) < 5))
    assert nothing.sample(np.random.default_rng(0)) is None


def test_dead_ends_are_named():
    rule, spec = Rule((2, 2, 3), with_dead_ends), MaskSpec.conditional([2, 2, 3])
    ends = spec.empty_choices(rule.table(), rule)
    assert ends == ["head 2 after (0, 0)", "head 2 after (1, 1)"]
    assert spec.empty_choices(rule.table(), rule, limit=1) == ends[:1]
    assert spec.empty_choices(spec.empty(), rule) == ["the action"]
    free = Rule((3,) * 30, all_free)
    assert MaskSpec.conditional([3] * 30).empty_choices(free.table(), free, limit=4) == [] and free.calls <= 4 * 28


@given(st.integers(1, 2**70), st.integers(0, 2**32))
def test_random_below_is_below(number, seed):
    assert all(0 <= random_below(np.random.default_rng(seed + i), number) < number for i in range(5))


@pytest.mark.parametrize("number", [7, 3 * 2**62, 7 * 2**70])
def test_random_below_is_uniform(number):
    rng = np.random.default_rng(0)
    assert is_uniform(np.bincount([random_below(rng, number) * 7 // number for _ in range(3000)], minlength=7))


def test_a_batch_takes_a_function_of_rows_or_one_for_each_row():
    """Row i may take i alone in the third head."""
    spec, rng = MaskSpec.conditional([2, 2, 3]), np.random.default_rng(0)
    masks = spec.full(3)

    def of_rows(row, k, prefix):
        return (np.arange(3) == row).astype(np.int8)

    one_each = [lambda k, prefix, row=row: of_rows(row, k, prefix) for row in range(3)]
    for heads in (of_rows, one_each, tuple(one_each)):
        assert spec.sample(masks, rng, heads)[:, 2].tolist() == [0, 1, 2]
        assert spec.count(masks, heads).tolist() == [4, 4, 4]
        assert spec.allows(masks, [[0, 0, 0]] * 3, heads).tolist() == [True, False, False]
        assert spec.allows(masks, [[0, 0, 2], [0, 1], None], heads).tolist() == [False, False, False]
        assert spec.is_empty(masks, heads).tolist() == spec.is_forced(masks, heads).tolist() == [False] * 3
        assert spec.legal_fraction(masks, heads) == pytest.approx([1 / 3] * 3)
        assert (spec.dense(masks, heads) == spec.complete(masks, heads)).all()
    with pytest.raises(ValueError, match="row 1"):
        spec.sample(masks, rng, lambda row, k, prefix: np.full(3, row != 1))
