"""MaskedCheckers: published counts of turns, forced captures, crowning and draws."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from game_trees import started
from positions import changed, read

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]

ENV_ID = "MaskedCheckers-v0"
TURNS = [1, 7, 49, 302, 1469, 7361, 36768]


def turns(env: Any, depth: int) -> list[int]:
    """Sequences of turns; a turn ends when the other is to move."""
    layer, counts = Counter({env.get_state(): 1}), [1]
    for _ in range(depth):
        following: Counter[Any] = Counter()
        while layer:
            going_on: Counter[Any] = Counter()
            for state, ways in layer.items():
                env.set_state(state)
                for action in np.flatnonzero(env.action_mask):
                    env.set_state(state)
                    mover = read(state)["to_move"]
                    env.step(int(action))
                    after = env.get_state()
                    (going_on if read(after)["to_move"] == mover else following)[after] += ways
            layer = going_on
        layer = following
        counts.append(layer.total())
    return counts


@pytest.mark.parametrize("depth", [4, pytest.param(6, marks=pytest.mark.long)])
def test_turns_are_as_many_as_published(depth: int) -> None:
    assert turns(started(make(ENV_ID)), depth) == TURNS[: depth + 1]


def drawn(rows: list[str], player: int, **parameters: Any) -> Any:
    """An environment in a drawn position (x and o are men, X and O kings), reached by the move of a far king.

    The legal actions of a state that is written by hand would have to be written too. So one more piece is put down
    where it disturbs nobody, and moves.
    """
    env = make(ENV_ID, size=len(rows), **parameters)
    env.reset(seed=0)
    board = np.array([[".xoXO".index(cell) for cell in row] for row in rows], np.int8)
    legal = np.zeros(4 * board.size, np.int8)
    row, column = np.argwhere(board == 4 - player)[0]  # a king of the other
    direction = 3 if row == 0 else 0
    action = 4 * int(row * len(rows) + column) + direction
    legal[action] = 1
    env.set_state(changed(env.get_state(), board=board, legal=legal, to_move=1 - player))
    env.step(action)
    return env


def moves(env: Any) -> set[tuple[int, int, int]]:
    """The legal actions as (row, column, direction)."""
    size = len(read(env.get_state())["board"])
    return {(int(a) // 4 // size, int(a) // 4 % size, int(a) % 4) for a in np.flatnonzero(env.action_mask)}


def test_captures_are_forced_and_go_on_with_the_same_piece() -> None:
    rows = ["........", "..x.....", "...o....", "........", ".x.o....", "........", "........", "......O."]
    env = drawn(rows, 0)
    assert moves(env) == {(1, 2, 3)}  # the other man may not move
    *_, terminated, _, _ = env.step(4 * (1 * 8 + 2) + 3)
    record = read(env.get_state())
    assert not terminated and record["to_move"] == 0 and record["board"][3, 4] == 1 and record["board"][2, 3] == 0
    assert moves(env) == {(3, 4, 2)}  # over (4, 3) to (5, 2)
    env.step(4 * (3 * 8 + 4) + 2)
    record = read(env.get_state())
    assert record["to_move"] == 1 and record["board"][5, 2] == 1 and (record["board"] == 2).sum() == 0


def test_a_man_that_is_crowned_ends_the_turn() -> None:
    rows = ["........", "........", "........", "........", "........", "..x.....", "...o.o..", "......O."]
    env = drawn(rows, 0)
    assert (5, 2, 3) in moves(env)
    env.step(4 * (5 * 8 + 2) + 3)  # to (7, 4), from where a king could capture (6, 5)
    record = read(env.get_state())
    assert record["board"][7, 4] == 3 and record["to_move"] == 1


def test_who_cannot_move_loses() -> None:
    """The one man of player_0 has a man before it, and no cell behind that."""
    env = drawn(["......", "......", "......", "......", "x.....", ".o...O"], 0)
    assert env.get_state().terminated
    env = drawn(["......", "......", "......", "x.....", ".o....", ".....O"], 0)
    assert not env.get_state().terminated and moves(env) == {(3, 0, 3)}  # here it captures


def test_quiet_actions_make_a_draw() -> None:
    rows = [".X......", *["........"] * 6, "O......."]
    env = drawn(rows, 0, draw_after=4)
    rng, quiet = np.random.default_rng(0), int(read(env.get_state())["quiet"])
    terminated = False
    while not terminated:
        *_, terminated, _, info = env.step(int(rng.choice(np.flatnonzero(env.action_mask))))
        quiet += 1
    assert quiet == 4 and info["rewards"].tolist() == [0.0, 0.0]
