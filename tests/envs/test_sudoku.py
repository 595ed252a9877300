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
