"""MaskedOthello: published counts, and games against a second way to find the moves."""

from __future__ import annotations

import numpy as np
import pytest
from game_trees import grow, started

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]

SEQUENCES = [1, 4, 12, 56, 244, 1396, 8200, 55092]  # OEIS A124004


@pytest.mark.parametrize("plies", [5, pytest.param(7, marks=pytest.mark.long)])
def test_sequences_are_as_many_as_published(plies: int) -> None:
    assert grow(started(make("MaskedOthello-v0")), plies).sequences == SEQUENCES[: plies + 1]


def flips(own: np.ndarray, other: np.ndarray, row: int, column: int) -> list[tuple[int, int]]:
    """The discs that a disc on an empty cell encloses, by lines of cells as text."""
    found = []
    for down, right in [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if (a, b) != (0, 0)]:
        cells = []
        cell = (row + down, column + right)
        while all(0 <= k < len(own) for k in cell):
            cells.append(cell)
            cell = (cell[0] + down, cell[1] + right)
        text = "".join("o" if other[c] else "x" if own[c] else "." for c in cells)
        length = len(text) - len(text.lstrip("o"))
        if length and text[length : length + 1] == "x":
            found += cells[:length]
    return found


@pytest.mark.parametrize("size", [4, 6, 8])
def test_random_games_are_those_of_a_search_along_lines(size: int) -> None:
    env, rng, passes, ends = make("MaskedOthello-v0", size=size), np.random.default_rng(size), 0, set()
    for seed in range(12 if size < 8 else 3):
        seen, _ = env.reset(seed=seed)
        terminated = False
        while not terminated:
            own, other = seen["observation"].astype(bool)
            empty = np.argwhere(~(own | other))
            moves = {r * size + c: flips(own, other, r, c) for r, c in empty.tolist()}
            legal = [cell for cell, flipped in moves.items() if flipped] or [size * size]
            assert np.flatnonzero(seen["action_mask"]).tolist() == sorted(legal)
            action = int(rng.choice(legal))
            passes += action == size * size
            for cell in moves.get(action, []):
                own[cell], other[cell] = True, False
            if action < size * size:
                own[divmod(action, size)] = True
            mover = info_agent(env)
            seen, _, terminated, _, info = env.step(action)
            after = seen["observation"].astype(bool)
            assert {own.tobytes(), other.tobytes()} == {after[0].tobytes(), after[1].tobytes()}
        lead = int(own.sum()) - int(other.sum())
        assert info["rewards"][mover] == np.sign(lead) == -info["rewards"][1 - mover]
        ends.add(int(np.sign(lead)))
    assert len(ends) >= 2 and (passes or size > 4)


def info_agent(env: object) -> int:
    """The index of the player to move."""
    from positions import read

    return int(read(env.get_state())["to_move"])
