"""The best and the random returns that benchmarks/ states: against brute force, algebra and published numbers."""

import sys
from fractions import Fraction
from functools import cache
from itertools import combinations, permutations, product
from pathlib import Path

import gymnasium
import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "optimum")]

from optimum.bin_pack import area_bound, best, packs  # noqa: E402
from optimum.mastermind import Mastermind, answer  # noqa: E402
from optimum.minesweeper import Minesweeper  # noqa: E402
from optimum.taxi import all_starts, best_of  # noqa: E402

# --- Mastermind -------------------------------------------------------------------------------------------------------


def fewest_guesses(codes):
    """The least sum of guesses over a set of codes, by trying every guess in it."""

    @cache
    def least(codes):
        totals = []
        for guess in codes:
            parts = {}
            for code in codes - {guess}:
                parts.setdefault(answer(guess, code), set()).add(code)
            totals.append(len(codes) + sum(least(frozenset(part)) for part in parts.values()))
        return min(totals)

    return least(frozenset(codes))


@pytest.mark.parametrize(("pegs", "colors"), [(1, 5), (2, 3), (2, 4), (3, 2), (3, 3), (4, 2)])
def test_mastermind_is_that_of_brute_force(pegs, colors):
    codes = list(product(range(colors), repeat=pegs))
    assert Mastermind(pegs, colors).optimum()[0] == Fraction(fewest_guesses(codes), len(codes))


@pytest.mark.long
def test_mastermind_with_four_pegs_and_six_colours():
    """5625/1296 is the best of all strategies (Koyama and Lai, 1993), consistent or not, so a lower bound here."""
    guesses, first = Mastermind().optimum()
    assert guesses == Fraction(5660, 1296) > Fraction(5625, 1296)
    assert first == (0, 0, 1, 2)


# --- Minesweeper ------------------------------------------------------------------------------------------------------


def best_sweeping(rows, cols, num_mines):
    """The highest expected return, by every order of opening cells, from what each board of numbers leaves possible."""
    cells = list(product(range(rows), range(cols)))
    safe = len(cells) - num_mines

    def around(cell):
        return [c for c in cells if c != cell and max(abs(c[0] - cell[0]), abs(c[1] - cell[1])) <= 1]

    def opened(mines, cell, board):
        board, number = dict(board), sum(c in mines for c in around(cell))
        if cell not in board:
            board[cell] = number
            if number == 0:
                for other in around(cell):
                    board = opened(mines, other, board)
        return board

    @cache
    def value(board, layouts):
        known = dict(board)
        if len(known) == safe:
            return Fraction(0)
        return max(gain(known, layouts, cell) for cell in cells if cell not in known)

    def gain(known, layouts, cell):
        total, boards = Fraction(0), {}
        for mines in layouts:
            if cell in mines:
                total -= 1
            else:
                board = opened(mines, cell, known)
                total += Fraction(len(board) - len(known), safe)
                boards.setdefault(frozenset(board.items()), []).append(mines)
        return total + sum(value(board, tuple(left)) for board, left in boards.items())

    def first(cell):
        layouts = [frozenset(mines) for mines in combinations(cells, num_mines) if cell not in mines]
        return gain({}, tuple(layouts), cell) / len(layouts)

    return max(first(cell) for cell in cells)


@pytest.mark.parametrize("size", [(1, 2, 1), (1, 5, 2), (2, 3, 1), (2, 3, 2), (3, 3, 2), (2, 4, 3)])
def test_minesweeper_is_that_of_brute_force(size):
    assert Minesweeper(*size).optimum() == best_sweeping(*size)


@pytest.mark.long
def test_minesweeper_with_three_mines_of_sixteen_cells():
    assert Minesweeper(4, 4, 3).optimum() == Fraction(4631, 5915)


# --- BinPack ----------------------------------------------------------------------------------------------------------


def most_taken(items, rows, cols, taken=frozenset()):
    """Cells taken at the end, by placing one rectangle after another everywhere where it fits."""
    if not items:
        return len(taken)
    most = len(taken)
    for height, width in set(permutations(items[0])):
        for row, col in product(range(rows - height + 1), range(cols - width + 1)):
            cells = frozenset(product(range(row, row + height), range(col, col + width)))
            if not cells & taken:
                most = max(most, most_taken(items[1:], rows, cols, taken | cells))
    return most


def test_bin_packing_is_that_of_brute_force():
    rng, below = np.random.default_rng(0), 0
    for _ in range(60):
        rows, cols = rng.integers(2, 4, 2).tolist()
        items = [tuple(sides) for sides in rng.integers(1, 3, (6, 2)).tolist()]
        expected = most_taken(items, rows, cols) / (rows * cols)
        assert best(items, rows, cols) == pytest.approx(expected)
        assert best(items, rows, cols) <= area_bound(items, rows, cols)
        below += best(items, rows, cols) < area_bound(items, rows, cols)
    assert below > 0, "the areas never decided alone"
    assert packs([(2, 2)], 2, 2) and not packs([(2, 2), (1, 1)], 3, 1)


# --- Taxi -------------------------------------------------------------------------------------------------------------


def test_taxi_is_that_of_value_iteration_in_gymnasiums_table():
    env = gymnasium.make("Taxi-v3").unwrapped
    table = [[env.P[state][action][0] for action in range(6)] for state in range(500)]
    after, rewards, over = (np.array([[each[k] for each in row] for row in table], float) for k in (1, 2, 3))
    values = np.zeros(500)
    for _ in range(50):
        values = (rewards + np.where(over == 1, 0.0, values[after.astype(int)])).max(axis=1)
    starts = np.flatnonzero(env.initial_state_distrib)
    assert [best_of(state) for state in starts] == values[starts].tolist()
    assert sorted(all_starts()) == sorted(values[starts].tolist())
    assert values[starts].mean() == pytest.approx(7.93)
