"""MaskedTicTacToe: every game is played."""

from __future__ import annotations

import numpy as np
import pytest
from game_trees import grow, started
from positions import read

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]


def test_games_positions_and_ends_are_as_many_as_published() -> None:
    """Of 255,168 games 131,184 are won by the first player and 77,904 by the second; 46,080 are draws."""
    tree = grow(started(make("MaskedTicTacToe-v0")), 9)
    assert sum(tree.finished) == 255_168 and sum(tree.positions) == 5_478
    assert tree.finished == [0, 0, 0, 0, 0, 1440, 5328, 47952, 72576, 127872]  # games by their length
    wins = [sum(tree.finished[5:9:2]), sum(tree.finished[6:9:2])]  # of fewer moves than nine, the last to move wins
    full_and_won = sum(ways for state, ways in tree.last.items() if has_line(read(state)["board"]))
    assert [wins[0] + full_and_won, wins[1]] == [131_184, 77_904]


def has_line(board: np.ndarray) -> bool:
    lines = [*board, *board.T, board.diagonal(), board[::-1].diagonal()]
    return any(set(line.tolist()) in ({1}, {2}) for line in lines)


@pytest.mark.parametrize(("cells", "rewards"), [((0, 3, 1, 4, 2), [1.0, -1.0]), ((0, 2, 1, 4, 8, 6), [-1.0, 1.0])])
def test_the_first_line_wins(cells: tuple[int, ...], rewards: list[float]) -> None:
    env = started(make("MaskedTicTacToe-v0"))
    for k, cell in enumerate(cells):
        *_, terminated, _, info = env.step(cell)
        assert terminated == (k == len(cells) - 1)
    assert info["rewards"].tolist() == rewards


def test_a_full_board_without_a_line_is_a_draw() -> None:
    env = started(make("MaskedTicTacToe-v0"))
    for cell in (0, 1, 2, 4, 3, 5, 7, 6, 8):
        *_, terminated, _, info = env.step(cell)
    assert terminated and info["rewards"].tolist() == [0.0, 0.0]
