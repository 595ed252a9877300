"""MaskedBreakthrough: published counts, all play on small boards by a second program, and how games end."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from game_trees import grow, started
from positions import read

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]


@pytest.mark.parametrize("plies", [2, pytest.param(3, marks=pytest.mark.long)])
def test_sequences_are_as_many_as_published(plies: int) -> None:
    tree = grow(started(make("MaskedBreakthrough-v0")), plies)
    assert tree.sequences == [1, 22, 484, 11132][: plies + 1]


def counts_by_sets(rows: int, columns: int, plies: int) -> tuple[list[int], list[int]]:
    """Sequences, and finished ones, by a program that knows a position as two sets of cells, the mover's own first.

    The board is turned after each move: the player to move always goes down.
    """
    cells = [(row, column) for row in range(rows) for column in range(columns)]
    start = frozenset(cells[: 2 * columns]), frozenset(cells[-2 * columns :])
    layer, sequences, finished = Counter({start: 1}), [], []
    for _ in range(plies + 1):
        over = Counter({(own, other): n for (own, other), n in layer.items() if not own or has_arrived(other)})
        sequences.append(layer.total())
        finished.append(over.total())
        following: Counter[tuple[frozenset[tuple[int, int]], frozenset[tuple[int, int]]]] = Counter()
        for (own, other), ways in (layer - over).items():
            for row, column in own:
                for target in ((row + 1, column - 1), (row + 1, column), (row + 1, column + 1)):
                    straight = target[1] == column
                    if target in cells and target not in own and not (straight and target in other):
                        moved = own - {(row, column)} | {target}
                        following[turned(other - {target}, rows), turned(moved, rows)] += ways
        layer = following
    return sequences, finished


def has_arrived(other: frozenset[tuple[int, int]]) -> bool:
    """Whether the player who moved last, who goes up on the turned board, stands on the first row."""
    return any(row == 0 for row, _ in other)


def turned(cells: frozenset[tuple[int, int]], rows: int) -> frozenset[tuple[int, int]]:
    return frozenset((rows - 1 - row, column) for row, column in cells)


@pytest.mark.parametrize(("rows", "columns", "plies"), [(5, 2, 7), (5, 3, 4)])
def test_all_play_on_small_boards_is_that_of_a_second_program(rows: int, columns: int, plies: int) -> None:
    tree = grow(started(make("MaskedBreakthrough-v0", rows=rows, columns=columns)), plies)
    assert (tree.sequences, tree.finished) == counts_by_sets(rows, columns, plies)


def test_a_game_ends_on_the_last_row_or_without_pieces() -> None:
    """Players who capture whenever they can, so that some lose their last piece."""
    env, rng, ends = make("MaskedBreakthrough-v0", rows=7, columns=3), np.random.default_rng(0), set()
    for seed in range(100):
        env.reset(seed=seed)
        terminated = False
        while not terminated:
            record = read(env.get_state())
            board, mover = record["board"], int(record["to_move"])
            actions = np.flatnonzero(env.action_mask)
            rows, columns = np.divmod(actions // 3, 3)
            captures = actions[board[rows + 1 - 2 * mover, columns + actions % 3 - 1] == 2 - mover]
            _, _, terminated, _, info = env.step(int(rng.choice(captures if len(captures) else actions)))
            board = read(env.get_state())["board"]
            arrived = bool((board[-1] == 1).any()), bool((board[0] == 2).any())
            captured = not (board == 2).any(), not (board == 1).any()
            assert terminated == (arrived[mover] or captured[mover])
            assert not arrived[1 - mover] and not captured[1 - mover]
        assert info["rewards"].tolist() == [1.0 - 2 * mover, 2.0 * mover - 1]
        ends.add((mover, arrived[mover], captured[mover]))
    assert {(0, True, False), (0, False, True), (1, True, False), (1, False, True)} <= ends
