"""MaskedSlidingPuzzle: as many arrangements, as far from the solution, as published."""

from __future__ import annotations

import numpy as np
import pytest
from positions import changed

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]


def arrangements(rows: int, columns: int) -> tuple[int, int, set[bytes]]:
    """How many the moves lead to from the solution, how far the farthest is, and all of them."""
    env = make("MaskedSlidingPuzzle-v0", rows=rows, columns=columns)
    env.reset(seed=0)
    start = env.get_state()
    solved = np.append(np.arange(1, rows * columns), 0).reshape(rows, columns)
    known, layer, depth = {solved.tobytes()}, [solved], -1
    while layer:
        depth, following = depth + 1, []
        for tiles in layer:
            gap = int(np.flatnonzero(tiles == 0)[0])
            here = changed(start, tiles=tiles, gap=gap)
            env.set_state(here)
            for move in np.flatnonzero(env.action_mask):
                env.set_state(here)
                after = env.step(int(move))[0]["observation"]
                if after.tobytes() not in known:
                    known.add(after.tobytes())
                    following.append(after)
        layer = following
    return len(known), depth, known


def test_arrangements_are_as_many_and_as_far_as_published() -> None:
    """Of 2 by 3 there are 6! / 2, and the farthest needs 21 moves."""
    number, farthest, known = arrangements(2, 3)
    assert (number, farthest) == (360, 21)
    env, starts = make("MaskedSlidingPuzzle-v0", rows=2, columns=3), set()
    for seed in range(3000):
        starts.add(env.reset(seed=seed)[0]["observation"].tobytes())
    solved = np.array([[1, 2, 3], [4, 5, 0]]).tobytes()
    assert starts == known - {solved}  # every one that can be solved, and no other


@pytest.mark.long
def test_the_eight_puzzle() -> None:
    assert arrangements(3, 3)[:2] == (181_440, 31)


def test_the_last_move_solves_it() -> None:
    env = make("MaskedSlidingPuzzle-v0", rows=2, columns=2)
    env.reset(seed=0)
    env.set_state(changed(env.get_state(), tiles=np.array([[1, 2], [0, 3]]), gap=2))
    _, reward, terminated, truncated, _ = env.step(3)
    assert (reward, terminated, truncated) == (-1.0, True, False)
