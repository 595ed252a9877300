"""Nested dicts and tuples against Gymnasium's own functions for batches of such."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate
from hypothesis import given
from hypothesis import strategies as st
from mask_oracle import same

from masked_envs import trees

pytestmark = pytest.mark.core

LEAF = st.sampled_from([spaces.Box(0, 9, (2, 3)), spaces.Box(-3, 3, (), np.int64), spaces.MultiBinary(4)])
SPACES = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(spaces.Tuple)
        | st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3).map(spaces.Dict)
    ),
    max_leaves=6,
)


def sampled(space, number, seed):
    space.seed(seed)
    return [space.sample() for _ in range(number)]


@given(SPACES, st.integers(2, 4), st.integers(0, 99))
def test_batches_are_those_of_gymnasium(space, number, seed):
    items = sampled(space, number, seed)
    batch = concatenate(space, items, create_empty_array(space, number))
    assert same(trees.stack(items), batch)
    assert all(map(same, trees.rows(batch), iterate(batch_space(space, number), batch)))
    assert all(same(trees.row(batch, i), items[i]) for i in range(number))
    assert same(trees.row(batch, slice(1, None)), trees.stack(items[1:]))


@given(SPACES, st.integers(0, 99))
def test_a_copy_is_equal_and_shares_nothing(space, seed):
    (item,) = sampled(space, 1, seed)
    other = trees.copy(item)
    assert same(other, item)
    for a, b in zip(trees.leaves(item), trees.leaves(other), strict=True):
        assert not np.shares_memory(a, b)


@given(SPACES, st.integers(0, 99))
def test_map_keeps_the_structure_and_goes_through_in_order(space, seed):
    one, other = sampled(space, 2, seed)
    assert same(trees.map(lambda a, b: a, one, other), one) and same(trees.map(lambda a, b: b, one, other), other)
    numbered = iter(range(99))
    assert trees.leaves(trees.map(lambda leaf: next(numbered), one)) == list(range(len(trees.leaves(one))))


def test_other_structures_are_refused():
    tree = {"a": (np.zeros(2), np.ones(3))}
    for other in ({"b": tree["a"]}, {"a": tree["a"][:1]}, {"a": 5}):
        with pytest.raises((KeyError, ValueError, TypeError)):
            trees.map(lambda a, b: a, tree, other)
    with pytest.raises(ValueError, match=r"expected one number of rows, got \[2, 3\]"):
        trees.rows(tree)
    with pytest.raises(ValueError, match="not enough values"):
        trees.stack([])
    assert trees.rows(()) == [] and trees.leaves({}) == []


def test_any_mapping_is_a_tree_and_a_list_is_a_leaf():
    frozen = MappingProxyType({"a": np.arange(3)})
    assert trees.row(frozen, 1) == {"a": 1} and trees.map(len, [1, 2]) == 2
