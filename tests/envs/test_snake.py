"""MaskedSnake: masks of hand-drawn boards, a player that cannot fail, and traps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from positions import changed

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]

ENV_ID = "MaskedSnake-v0"
DRAWN = {
    "alone in the middle": (("...", ".a.", "..*"), "URDL"),
    "alone in a corner": (("a..", "...", "..*"), "RD"),
    "two cells may turn round": (("...", ".ab", "..*"), "UDL"),
    "three cells may not": (("...", "abc", "..*"), "UD"),
    "the tail is leaving": (("...", "ad.", "bc*"), "URL"),  # from d to the left, where a was
    "the cell behind the tail is not": (("...*", "abe.", ".cd."), "UR"),
    "a wall and a neck": (("..*", "...", "abc"), "U"),
    "one way out": (("fab.", "edc*", "...."), "R"),  # only onto the tail
    "every way": ((".*.", ".a.", "..."), "URDL"),
}
"""Boards with a snake from its tail, a, to its head, and food, *; and the safe moves."""
WAYS = ((-1, 0), (0, 1), (1, 0), (0, -1))  # URDL


def drawn(rows: tuple[str, ...], **parameters: Any) -> Any:
    """The environment in a drawn position."""
    env = make(ENV_ID, rows=len(rows), columns=len(rows[0]), **parameters)
    env.reset(seed=0)
    cells = "".join(rows)
    snake = [cells.index(letter) for letter in sorted(set(cells) - set(".*"))]
    body = np.zeros(len(cells), np.int64)
    body[: len(snake)] = snake
    taken = np.reshape([letter not in ".*" for letter in cells], (len(rows), -1))
    fields = {"cells": taken, "body": body, "tail": 0, "length": len(snake), "food": cells.find("*")}
    env.set_state(changed(env.get_state(), **fields))
    return env


def moves(mask: np.ndarray) -> str:
    return "".join(move for move, is_safe in zip("URDL", mask, strict=True) if is_safe)


@pytest.mark.parametrize("name", DRAWN)
def test_the_mask_of_a_drawn_board(name: str) -> None:
    rows, safe = DRAWN[name]
    assert moves(drawn(rows).action_mask) == safe


@pytest.mark.parametrize(
    ("rows", "reward", "safe"),
    [
        ((".gf", "cde", "ba*"), 0, ""),  # into the corner, where c is not the tail afterwards
        (("*gf", "cde", "ba."), 1, ""),
        ((".fe", "bcd", "a.*"), 0, "D"),  # b is
        (("*fe", "bcd", "a.."), 1, ""),  # the snake has grown, and a is
    ],
)
def test_a_move_to_the_left_into_a_corner(rows: tuple[str, ...], reward: int, safe: str) -> None:
    env = drawn(rows)
    assert env.action_mask[3]
    _, found, terminated, _, _ = env.step(3)
    assert found == reward and terminated == (not safe)
    assert terminated or moves(env.action_mask) == safe


@pytest.mark.parametrize("columns", [2, 5])
def test_who_follows_a_cycle_through_all_cells_is_always_safe_and_fills_the_grid(columns: int) -> None:
    """Down the first column, and back through the others row by row: a cycle, as the number of rows is even."""
    rows = 6
    env = make(ENV_ID, rows=rows, columns=columns, time_limit=0)
    env.reset(seed=columns)
    observation, eaten, terminated = env.reset(seed=columns)[0], 0.0, False
    while not terminated:
        row, column = np.argwhere(observation["observation"][1])[0]
        if column == 0:
            move = "D" if row < rows - 1 else "R"
        elif row % 2 == 1:  # to the right, on the way up from the last row
            move = "R" if column < columns - 1 else "U"
        else:
            move = "L" if column > 1 or row == 0 else "U"
        assert move in moves(observation["action_mask"])
        observation, reward, terminated, _, _ = env.step("URDL".index(move))
        eaten += reward
    assert eaten == rows * columns - 1 and observation["observation"][0].all()
    assert not observation["observation"][2].any()


@pytest.mark.parametrize("seed", range(5))
def test_random_play_is_that_of_a_list_of_cells(seed: int) -> None:
    """The snake as a list; who ends without a safe move is surrounded, and a move onto the tail happens."""
    env, rng, onto_tail = make(ENV_ID, rows=4, columns=4), np.random.default_rng(seed), 0
    for episode in range(20):
        seen = env.reset(seed=20 * seed + episode)[0]["observation"]
        snake, terminated = [tuple(np.argwhere(seen[1])[0].tolist())], False
        while not terminated:
            food = [tuple(cell) for cell in np.argwhere(seen[2]).tolist()]
            assert len(food) == 1 and food[0] not in snake
            targets = {k: (snake[0][0] + down, snake[0][1] + right) for k, (down, right) in enumerate(WAYS)}
            safe = [k for k, to in targets.items() if min(to) >= 0 and max(to) < 4 and to not in snake[:-1]]
            assert np.flatnonzero(env.action_mask).tolist() == safe
            move = int(rng.choice(safe))
            onto_tail += targets[move] == snake[-1]
            snake = [targets[move], *(snake if targets[move] == food[0] else snake[:-1])]
            given, reward, terminated, truncated, _ = env.step(move)
            seen = given["observation"]
            assert reward == (targets[move] == food[0]) and not truncated
            numbers = {cell: len(snake) - k for k, cell in enumerate(snake)}
            assert all(seen[0][cell] == numbers.get(cell, 0) for cell in np.ndindex(4, 4))
    assert onto_tail > 0
