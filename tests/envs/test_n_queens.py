"""MaskedNQueens: published numbers of ways to place queens."""

from __future__ import annotations

import pytest
from game_trees import grow, started

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]


@pytest.mark.parametrize(
    ("size", "ways"),
    [(1, [1]), (4, [4, 6, 4, 2]), (6, [6, 20, 36, 46, 40, 4]), (8, [8, 42, 140, 344, 568, 550, 312, 92])],
)
def test_ways_to_place_queens_are_as_many_as_published(size: int, ways: list[int]) -> None:
    tree = grow(started(make("MaskedNQueens-v0", size=size)), size)
    assert tree.sequences == [1, *ways]
    assert tree.finished[size] == ways[-1]


def test_a_row_without_a_cell_ends_the_episode() -> None:
    env = started(make("MaskedNQueens-v0", size=3))
    assert env.step(0)[2] is False
    seen, reward, terminated, truncated, _ = env.step(2)  # column 1 of the last row is attacked, as all others
    assert terminated and not truncated and reward == 1.0 and seen["observation"].sum() == 2
