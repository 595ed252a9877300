"""MaskedGraphColoring: chromatic polynomials."""

from __future__ import annotations

import numpy as np
import pytest
from game_trees import grow, started

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]

ENV_ID = "MaskedGraphColoring-v0"


@pytest.mark.parametrize(("nodes", "colors"), [(1, 3), (5, 3), (6, 2), (4, 4)])
def test_a_path_has_as_many_colourings_as_its_polynomial_says(nodes: int, colors: int) -> None:
    env = started(make(ENV_ID, num_nodes=nodes, num_colors=colors, graph="path"))
    assert grow(env, nodes).sequences[nodes] == colors * (colors - 1) ** (nodes - 1)


@pytest.mark.parametrize(("nodes", "colors"), [(3, 3), (4, 3), (5, 3), (6, 2)])
def test_a_cycle_has_as_many_colourings_as_its_polynomial_says(nodes: int, colors: int) -> None:
    env = started(make(ENV_ID, num_nodes=nodes, num_colors=colors, graph="cycle"))
    assert grow(env, nodes).sequences[nodes] == (colors - 1) ** nodes + (-1) ** nodes * (colors - 1)


def test_a_node_without_a_colour_ends_the_episode() -> None:
    """An odd cycle needs three colours: with two, the last node has none."""
    env = started(make(ENV_ID, num_nodes=5, num_colors=2, graph="cycle"))
    total = 0.0
    for node in range(4):
        _, reward, terminated, _, _ = env.step(node % 2)
        total += reward
        assert terminated == (node == 3)
    assert total == 4.0


def test_random_graphs_have_the_colourings_that_brute_force_finds() -> None:
    env = make(ENV_ID, num_nodes=6, num_colors=3, edge_probability=0.5)
    for seed in range(4):
        adjacency = env.reset(seed=seed)[0]["observation"][:6]
        edges = np.argwhere(np.triu(adjacency))
        colorings = np.stack(np.meshgrid(*[range(3)] * 6, indexing="ij"), -1).reshape(-1, 6)
        proper = (colorings[:, edges[:, 0]] != colorings[:, edges[:, 1]]).all(axis=1)
        assert grow(env, 6).sequences[6] == proper.sum()
