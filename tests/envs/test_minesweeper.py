"""MaskedMinesweeper: openings against another implementation, and mines against probabilities counted out by hand."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, product

import numpy as np
import pytest
from positions import read

from masked_envs import make, make_vec
from masked_envs.core.backends import numba_is_available

ENV_ID = "MaskedMinesweeper-v0"
BACKEND = "numba" if numba_is_available() else "python"
Cell = tuple[int, int]


def around(cell: Cell, rows: int, cols: int) -> list[Cell]:
    near = product(*(range(k - 1, k + 2) for k in cell))
    return [(i, j) for i, j in near if (i, j) != cell and 0 <= i < rows and 0 <= j < cols]


def opened_by(first: Cell, mines: set[Cell], rows: int, cols: int) -> dict[Cell, int]:
    """What opening a safe cell of an untouched board shows, by walking out from it."""
    shown: dict[Cell, int] = {}
    waiting = [first]
    while waiting:
        cell = waiting.pop()
        if cell not in shown:
            near = around(cell, rows, cols)
            shown[cell] = sum(other in mines for other in near)
            waiting += near if shown[cell] == 0 else []
    return shown


@pytest.mark.parametrize(("rows", "cols", "num_mines"), [(4, 4, 3), (8, 8, 10), (5, 9, 1), (1, 12, 2), (3, 3, 8)])
def test_games_are_those_of_another_implementation(rows: int, cols: int, num_mines: int) -> None:
    env, rng, won, lost = make(ENV_ID, rows=rows, cols=cols, num_mines=num_mines), np.random.default_rng(0), 0, 0
    for seed in range(40):
        observed, _ = env.reset(seed=seed)
        expected, mines, total, terminated = np.full((rows, cols), -1), set(), 0.0, False
        while not terminated:
            assert np.array_equal(observed["observation"], expected)
            assert np.array_equal(env.action_mask, expected == -1)
            closed = np.argwhere(expected == -1)
            cell = tuple(int(k) for k in closed[rng.integers(len(closed))])
            observed, reward, terminated, _, _ = env.step(np.array(cell))
            if not mines:
                mines = {(int(i), int(j)) for i, j in np.argwhere(read(env.get_state())["mines"])}
                assert len(mines) == num_mines and cell not in mines
            if cell in mines:
                assert terminated and reward == -1 and observed["observation"][cell] == 9
                lost += 1
                continue
            new = {c: n for c, n in opened_by(cell, mines, rows, cols).items() if expected[c] == -1}
            for place, number in new.items():
                expected[place] = number
            assert reward == pytest.approx(len(new) / (rows * cols - num_mines))
            total += reward
            assert terminated == ((expected != -1).sum() == rows * cols - num_mines)
            if terminated:
                assert total == pytest.approx(1)
                won += 1
    assert won + lost == 40 and (won > 0 or num_mines > 8)


def mine_probabilities(first: Cell, num_mines: int, side: int) -> dict[bytes, np.ndarray]:
    """For every board that the first opening may show: how probable a mine is in each cell, by all layouts."""
    others = [cell for cell in product(range(side), repeat=2) if cell != first]
    layouts: dict[bytes, list[np.ndarray]] = defaultdict(list)
    for mines in combinations(others, num_mines):
        shown = np.full((side, side), -1, np.int8)
        for cell, number in opened_by(first, set(mines), side, side).items():
            shown[cell] = number
        layout = np.zeros((side, side))
        layout[tuple(np.array(mines).T)] = 1
        layouts[shown.tobytes()].append(layout)
    return {board: np.mean(found, axis=0) for board, found in layouts.items()}


@pytest.mark.parametrize("first", [(0, 0), (1, 2)])
def test_mines_lie_where_enumeration_says_they_may_and_as_often(first: Cell) -> None:
    games, num_mines = 4000, 3
    exact = mine_probabilities(first, num_mines, 4)
    envs = make_vec(ENV_ID, games, backend=BACKEND, rows=4, cols=4, num_mines=num_mines, mask_in="info")
    envs.reset(seed=7)
    shown, _, terminated, *_ = envs.step(np.tile(first, (games, 1)))
    found: dict[bytes, list[np.ndarray]] = defaultdict(list)
    for board, state, over in zip(shown, envs.get_state(), terminated, strict=True):
        if not over:
            mines = read(state)["mines"]
            assert not mines[exact[board.tobytes()] == 0].any() and mines[exact[board.tobytes()] == 1].all()
            found[board.tobytes()].append(mines)
    worst = {"exact": 0.0, "uniform": 0.0}
    for board, layouts in found.items():
        if len(layouts) >= 50:
            closed = np.frombuffer(board, np.int8).reshape(4, 4) == -1
            uniform = np.where(closed, num_mines / closed.sum(), 0)
            for name, probability in (("exact", exact[board]), ("uniform", uniform)):
                unsure = (probability > 0) & (probability < 1)
                spread = np.sqrt(len(layouts) * probability * (1 - probability))
                z = (np.sum(layouts, axis=0) - len(layouts) * probability)[unsure] / spread[unsure]
                worst[name] = max(worst[name], float(np.abs(z).max(initial=0)))
    assert worst["exact"] < 4.5
    assert worst["uniform"] > 10  # the negative control


def test_more_mines_than_fit_are_refused() -> None:
    make(ENV_ID, rows=2, cols=2, num_mines=3)
    with pytest.raises(ValueError, match="num_mines=4 do not fit"):
        make(ENV_ID, rows=2, cols=2, num_mines=4)
