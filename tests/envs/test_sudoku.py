"""MaskedSudoku: masks, ends and solutions by an exact cover, and the published number of grids of 4 by 4.

Knuth's Algorithm X knows nothing of rows and columns: an option (row, column, digit) covers four items, and a solution
covers every item once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]

ENV_ID = "MaskedSudoku-v0"
Option = tuple[int, int, int]


def items_of(option: Option, box: int) -> list[tuple[str, int, int]]:
    row, column, digit = option
    block = row // box * box + column // box
    return [("cell", row, column), ("row", row, digit), ("column", column, digit), ("block", block, digit)]


class ExactCover:
    """Items still to be covered, each with the options left for it."""

    def __init__(self, box: int) -> None:
        self.box, self.left = box, {}
        for option in np.ndindex((box**2,) * 3):
            for item in items_of(option, box):
                self.left.setdefault(item, set()).add(option)

    def choose(self, option: Option) -> list[set[Option]]:
        """Cover the items of an option; what was taken away, for `undo`."""
        taken = []
        for item in items_of(option, self.box):
            for rival in self.left[item]:
                for other in items_of(rival, self.box):
                    if other != item:
                        self.left[other].discard(rival)
            taken.append(self.left.pop(item))
        return taken

    def undo(self, option: Option, taken: list[set[Option]]) -> None:
        for item in reversed(items_of(option, self.box)):
            self.left[item] = taken.pop()
            for rival in self.left[item]:
                for other in items_of(rival, self.box):
                    if other != item:
                        self.left[other].add(rival)

    def options(self) -> set[Option]:
        return set().union(*self.left.values())

    def solutions(self) -> Iterator[list[Option]]:
        if not self.left:
            yield []
            return
        item = min(self.left, key=lambda each: len(self.left[each]))
        for option in list(self.left[item]):
            taken = self.choose(option)
            for rest in self.solutions():
                yield [option, *rest]
            self.undo(option, taken)


def cover_of(grid: np.ndarray, box: int) -> ExactCover:
    cover = ExactCover(box)
    for row, column in np.argwhere(grid).tolist():
        cover.choose((row, column, int(grid[row, column]) - 1))
    return cover


def legal(env: Any) -> set[Option]:
    return {tuple(option) for option in np.argwhere(env.action_mask).tolist()}


@pytest.mark.parametrize(("box", "share"), [(2, 0.3), (3, 0.4), (3, 0.7), (4, 0.6)])
def test_the_solver_solves_every_start_and_its_solution_is_legal_to_the_end(box: int, share: float) -> None:
    env = make(ENV_ID, box=box, clue_share=share)
    for seed in range(3):
        grid = env.reset(seed=seed)[0]["observation"]
        assert np.count_nonzero(grid) == int(share * box**4)
        solution = next(cover_of(grid, box).solutions())
        for k, option in enumerate(solution):
            assert env.action_mask[option]
            _, reward, terminated, _, _ = env.step(np.array(option))
            assert (reward, terminated) == ((1.0, True) if k == len(solution) - 1 else (0.0, False))


@pytest.mark.parametrize(("box", "share"), [(2, 0.0), (3, 0.4)])
def test_the_mask_is_the_options_left_and_a_cell_without_options_ends_the_game(box: int, share: float) -> None:
    env, rng, ends = make(ENV_ID, box=box, clue_share=share), np.random.default_rng(box), []
    for seed in range(8):
        cover, over = cover_of(env.reset(seed=seed)[0]["observation"], box), False
        while not over:
            assert legal(env) == cover.options()
            option = tuple(rng.choice(np.argwhere(env.action_mask)).tolist())
            cover.choose(option)
            _, reward, terminated, _, _ = env.step(np.array(option))
            stuck = any(not options for (kind, _, _), options in cover.left.items() if kind == "cell")
            over = stuck or not cover.left
            assert terminated == over and reward == (not cover.left)
        ends.append(bool(cover.left))
    assert any(ends)


def test_there_are_as_many_grids_as_published() -> None:
    """All 4 by 4 ones, filled cell by cell from an empty grid."""
    env = make(ENV_ID, box=2, clue_share=0.0)
    env.reset(seed=0)
    layer, solved = [env.get_state()], 0
    for cell in range(16):
        following = []
        for state in layer:
            env.set_state(state)
            for digit in np.flatnonzero(env.action_mask[cell // 4, cell % 4]):
                env.set_state(state)
                _, reward, terminated, _, _ = env.step(np.array([cell // 4, cell % 4, digit]))
                solved += reward == 1
                if not terminated:
                    following.append(env.get_state())
        layer = following
    assert solved == 288 and not layer


def test_starts_are_shuffled_in_every_way() -> None:
    """Solved grids of 4 by 4 are of two classes, of 96 and of 192; the pattern of the card is in that of 96."""
    env, grids = make(ENV_ID, box=2, clue_share=0.9), set()
    for seed in range(1000):
        grid = env.reset(seed=seed)[0]["observation"].copy()
        for row, column, digit in next(cover_of(grid, 2).solutions()):
            grid[row, column] = digit + 1
        grids.add(grid.tobytes())
    assert len(grids) == 96


# --- puzzles of the user's own ----------------------------------------------------------------------------------------


def solutions_of(start: np.ndarray) -> list[np.ndarray]:
    """All solutions of a puzzle of 9 by 9, by exact cover."""
    cover, found = ExactCover(3), []
    clues = [(row, column, int(start[row, column]) - 1) for row, column in np.argwhere(start).tolist()]
    for clue in clues:
        cover.choose(clue)
    for rest in cover.solutions():
        grid = np.zeros_like(start)
        for row, column, digit in [*clues, *rest]:
            grid[row, column] = digit + 1
        found.append(grid)
    return found


def test_the_published_puzzle_has_one_solution_and_is_solved_by_it() -> None:
    env = make(ENV_ID, instance="wikipedia")
    observation, _ = env.reset(seed=0)
    start = observation["observation"]
    (solution,) = solutions_of(start)
    assert (start != 0).sum() == 30
    reward, terminated = 0.0, False
    for row, column in np.argwhere(start == 0).tolist():
        _, reward, terminated, _, _ = env.step([row, column, int(solution[row, column]) - 1])
    assert reward == 1 and terminated


@pytest.mark.parametrize("form", ["digits", "dots", "numbers", "one line"])
def test_a_file_of_any_form_is_the_puzzle(tmp_path: Any, form: str) -> None:
    grid = np.array([[0, 2, 0, 0], [3, 0, 0, 0], [0, 0, 0, 4], [0, 0, 1, 0]])
    between = " " if form == "numbers" else ""
    text = ("" if form == "one line" else "\n").join(
        between.join(str(n) if n or form != "dots" else "." for n in row) for row in grid.tolist()
    )
    path = tmp_path / "mine.txt"
    path.write_text(f"# mine\n{text}\n", encoding="utf-8")
    for given in (path, {"grid": grid}):
        env = make(ENV_ID, instance=given, box=2)
        assert (env.reset(seed=3)[0]["observation"] == grid).all()


NO_PUZZLES = {
    "a digit twice in a row": ([[1, 1, 0, 0], [0] * 4, [0] * 4, [0] * 4], "a digit twice"),
    "a digit twice in a box": ([[1, 0, 0, 0], [0, 1, 0, 0], [0] * 4, [0] * 4], "a digit twice"),
    "a digit twice in a column": ([[1, 0, 0, 0], [0] * 4, [1, 0, 0, 0], [0] * 4], "a digit twice"),
    "a digit too high": ([[5, 0, 0, 0], [0] * 4, [0] * 4, [0] * 4], "digits up to that number"),
    "five rows": ([[0] * 5] * 5, "4, 9, 16 or 25 rows"),
    "lost": ([[0, 1, 2, 0], [0, 0, 3, 4], [0] * 4, [0] * 4], "every empty cell has a digit left"),
    "nothing to do": ([[1, 2, 3, 4], [3, 4, 1, 2], [2, 1, 4, 3], [4, 3, 2, 1]], "some cell of 'grid' is empty"),
}


@pytest.mark.parametrize("name", NO_PUZZLES)
def test_what_is_no_puzzle_is_refused_with_words(name: str) -> None:
    grid, words = NO_PUZZLES[name]
    with pytest.raises(ValueError, match=words):
        make(ENV_ID, instance={"grid": grid}, box=2)


def test_the_box_of_another_size_is_asked_for() -> None:
    with pytest.raises(ValueError, match="box=3 has 9: give box=2"):
        make(ENV_ID, instance={"grid": [[0] * 4] * 4})
