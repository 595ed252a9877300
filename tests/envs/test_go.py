"""MaskedGo: published numbers of legal positions, capture, suicide, superko and score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from game_trees import started
from positions import changed, read

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]

ENV_ID = "MaskedGo-v0"


def positions(size: int) -> int:
    """How many positions moves and passes lead to, when earlier positions are forgotten before every move."""
    env = started(make(ENV_ID, size=size))
    start = env.get_state()
    blank = read(start)["known"]
    layer, boards = [start], {read(start)["board"].tobytes()}
    seen = {(read(start)["board"].tobytes(), 0)}
    while layer:
        following = []
        for state in layer:
            env.set_state(state)
            for action in np.flatnonzero(env.action_mask):
                env.set_state(state)
                env.step(int(action))
                after = changed(env.get_state(), known=blank, actions=0, passes=0)
                record = read(after)
                boards.add(record["board"].tobytes())
                key = (record["board"].tobytes(), int(record["to_move"]))
                if key not in seen and not after.terminated:
                    seen.add(key)
                    following.append(after)
        layer = following
    return len(boards)


@pytest.mark.parametrize(("size", "number"), [(2, 57), pytest.param(3, 12_675, marks=pytest.mark.long)])
def test_positions_are_as_many_as_published(size: int, number: int) -> None:
    assert positions(size) == number


def play(size: int, moves: str, **parameters: Any) -> Any:
    """An environment after moves such as "a1 b2 -": columns from a, rows from 1 at the top, - passes."""
    env = started(make(ENV_ID, size=size, **parameters))
    for move in moves.split():
        action = size * size if move == "-" else (int(move[1:]) - 1) * size + ord(move[0]) - ord("a")
        assert env.action_mask[action], move
        env.step(action)
    return env


def rows(env: Any) -> list[str]:
    return ["".join(".XO"[stone] for stone in row) for row in read(env.get_state())["board"]]


def is_legal(env: Any, move: str) -> bool:
    size = len(rows(env))
    return bool(env.action_mask[(int(move[1:]) - 1) * size + ord(move[0]) - ord("a")])


def test_a_group_without_liberties_is_taken() -> None:
    env = play(4, "b1 a1 b2 a2 a3")
    assert rows(env) == [".X..", ".X..", "X...", "...."]
    env = play(4, "b1 a1 c2 b2 d4 c1")  # two stones of player_1 beside b1, which keeps no liberty
    assert rows(env)[0] == "O.O."


def test_suicide_is_forbidden_unless_it_captures() -> None:
    env = play(4, "b1 d4 a2")
    assert not is_legal(env, "a1")  # of player_1, between b1 and a2
    env = play(4, "b1 c1 a2 b2 d4 a3 d3 a1")  # the same point takes both
    assert rows(env) == ["O.O.", ".O..", "O..X", "...X"]


def test_ko_is_forbidden_and_allowed_later() -> None:
    #  . X O .      X takes at c2, and O may not take back at once
    env = play(5, "b1 c1 a2 d2 b3 c3 e5 b2 c2")
    assert rows(env)[:3] == [".XO..", "X.XO.", ".XO.."]
    assert not is_legal(env, "b2")
    for action in (24 - 1, 24 - 2):  # both play elsewhere
        env.step(action)
    assert is_legal(env, "b2")


def test_area_is_counted_and_komi_is_player_1s() -> None:
    """Player_0 has the whole of a 3 by 3 board, nine points."""
    for komi, rewards in ((7.5, [1.0, -1.0]), (9.0, [0.0, 0.0]), (9.5, [-1.0, 1.0])):
        env = play(3, "b2 -", komi=komi)
        *_, terminated, _, info = env.step(9)
        assert terminated and info["rewards"].tolist() == rewards
    env = play(3, "a1 c3", komi=0.0)  # as many stones, and the rest reaches both
    env.step(9)
    *_, terminated, _, info = env.step(9)
    assert terminated and info["rewards"].tolist() == [0.0, 0.0]


def test_random_games_never_repeat_a_position_and_every_group_has_a_liberty() -> None:
    env, rng = make(ENV_ID, size=4), np.random.default_rng(0)
    captures = 0
    for seed in range(15):
        env.reset(seed=seed)
        board = read(env.get_state())["board"]
        met, terminated = {board.tobytes()}, False
        while not terminated:
            action = int(rng.choice(np.flatnonzero(env.action_mask)))
            *_, terminated, _, _ = env.step(action)
            after = read(env.get_state())["board"]
            captures += np.count_nonzero(after) < np.count_nonzero(board)
            if action < 16:
                assert after.tobytes() not in met
                met.add(after.tobytes())
            board = after
            assert all(has_liberty(board, cell) for cell in np.argwhere(board).tolist())
    assert captures >= 10


def has_liberty(board: np.ndarray, cell: list[int]) -> bool:
    """By a search of the group."""
    border, group = [tuple(cell)], {tuple(cell)}
    while border:
        row, column = border.pop()
        for beside in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if all(0 <= k < len(board) for k in beside) and beside not in group:
                if board[beside] == 0:
                    return True
                if board[beside] == board[row, column]:
                    group.add(beside)
                    border.append(beside)
    return False
