"""MaskedKnightsTour: numbers of tours."""

from __future__ import annotations

import pytest
from game_trees import grow, started

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]


def tours(rows: int, columns: int) -> int:
    """Complete tours from the corner, by plain search."""
    jumps = [(a, b) for a in (-2, -1, 1, 2) for b in (-2, -1, 1, 2) if abs(a) != abs(b)]

    def count(cell: tuple[int, int], visited: frozenset[tuple[int, int]]) -> int:
        if len(visited) == rows * columns:
            return 1
        targets = [(cell[0] + a, cell[1] + b) for a, b in jumps]
        inside = [t for t in targets if 0 <= t[0] < rows and 0 <= t[1] < columns and t not in visited]
        return sum(count(t, visited | {t}) for t in inside)

    return count((0, 0), frozenset([(0, 0)]))


@pytest.mark.parametrize(("rows", "columns"), [(3, 4), (4, 4), (3, 5)])
def test_tours_are_as_many_as_by_search(rows: int, columns: int) -> None:
    env = started(make("MaskedKnightsTour-v0", rows=rows, columns=columns))
    assert grow(env, rows * columns - 1).sequences[-1] == tours(rows, columns)


@pytest.mark.long
def test_tours_are_as_many_as_published() -> None:
    tree = grow(started(make("MaskedKnightsTour-v0")), 24)
    assert tree.sequences[24] == tree.finished[24] == 304


def test_a_random_start_can_move() -> None:
    env, cells = make("MaskedKnightsTour-v0", rows=3, columns=3, start="random"), set()
    for seed in range(200):
        seen, _ = env.reset(seed=seed)
        cells.add(int(seen["observation"][1].argmax()))
        assert seen["action_mask"].any()
    assert cells == set(range(9)) - {4}  # no move leads from the middle
