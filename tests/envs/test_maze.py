"""MaskedMaze: a tree of cells, and the shortest way through it."""

from __future__ import annotations

import numpy as np
import pytest

from masked_envs import make

nx = pytest.importorskip("networkx")

pytestmark = [pytest.mark.core, pytest.mark.once]


@pytest.mark.parametrize(("rows", "columns"), [(2, 2), (2, 9), (8, 8)])
def test_a_maze_is_a_tree_and_its_way_leads_to_the_goal(rows: int, columns: int) -> None:
    env, lengths = make("MaskedMaze-v0", rows=rows, columns=columns), set()
    for seed in range(20):
        seen, _ = env.reset(seed=seed)
        south, east, _ = seen["observation"]
        graph = nx.Graph()
        graph.add_nodes_from((row, column) for row in range(rows) for column in range(columns))
        graph.add_edges_from(((r, c), (r + 1, c)) for r, c in np.argwhere(south).tolist())
        graph.add_edges_from(((r, c), (r, c + 1)) for r, c in np.argwhere(east).tolist())
        assert graph.number_of_nodes() == rows * columns and nx.is_tree(graph)
        way = nx.shortest_path(graph, (0, 0), (rows - 1, columns - 1))
        total, terminated = 0.0, False
        for (row, column), (next_row, next_column) in zip(way, way[1:], strict=False):
            neighbours = [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
            assert env.action_mask.tolist() == [graph.has_edge((row, column), cell) for cell in neighbours]
            assert not terminated
            seen, reward, terminated, _, _ = env.step(neighbours.index((next_row, next_column)))
            assert np.argwhere(seen["observation"][2]).tolist() == [[next_row, next_column]]
            total += reward
        assert terminated and total == -(len(way) - 1)
        lengths.add(len(way))
    assert len(lengths) > 1 or rows == 2
