"""MaskedIndependentSet: Fibonacci and Lucas numbers, and every independent set of random graphs."""

from __future__ import annotations

import numpy as np
import pytest
from game_trees import grow, started

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]

ENV_ID = "MaskedIndependentSet-v0"


def sets(env: object, nodes: int) -> set[tuple[int, ...]]:
    """All sets of nodes that sequences of legal actions lead to, the empty one among them."""
    found, layer = {(0,) * nodes}, [env.get_state()]
    while layer:
        following = {}
        for state in layer:
            env.set_state(state)
            for node in np.flatnonzero(env.action_mask):
                env.set_state(state)
                seen, _, terminated, _, _ = env.step(int(node))
                found.add(tuple(seen["observation"][nodes].tolist()))
                if not terminated:
                    following[env.get_state()] = True
        layer = list(following)
    return found


@pytest.mark.parametrize("nodes", [1, 2, 5, 9])
def test_a_path_has_as_many_sets_as_fibonacci_says(nodes: int) -> None:
    fibonacci = [0, 1]
    while len(fibonacci) < nodes + 3:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    env = started(make(ENV_ID, num_nodes=nodes, graph="path"))
    assert len(sets(env, nodes)) == fibonacci[nodes + 2]


@pytest.mark.parametrize(("nodes", "lucas"), [(3, 4), (4, 7), (5, 11), (9, 76)])
def test_a_cycle_has_as_many_sets_as_lucas_says(nodes: int, lucas: int) -> None:
    assert len(sets(started(make(ENV_ID, num_nodes=nodes, graph="cycle")), nodes)) == lucas


def test_random_graphs_have_the_sets_that_brute_force_finds() -> None:
    env, sizes = make(ENV_ID, num_nodes=7, edge_probability=0.4), set()
    for seed in range(5):
        adjacency = env.reset(seed=seed)[0]["observation"][:7]
        assert (adjacency == adjacency.T).all() and not adjacency.diagonal().any()
        bits = np.array([[number >> k & 1 for k in range(7)] for number in range(128)])
        independent = {tuple(row.tolist()) for row in bits if not (row @ adjacency @ row)}
        assert sets(env, 7) == independent
        sizes.add(len(independent))
    assert len(sizes) > 1


def test_edges_are_as_likely_as_the_parameter_says() -> None:
    env, edges = make(ENV_ID, num_nodes=20, edge_probability=0.3), 0
    for seed in range(50):
        edges += int(env.reset(seed=seed)[0]["observation"][:20].sum()) // 2
    pairs = 50 * 190
    assert abs(edges - 0.3 * pairs) < 5 * np.sqrt(pairs * 0.21)
    assert grow(started(make(ENV_ID, num_nodes=4, edge_probability=1.0)), 1).finished == [0, 4]
