"""MaskedHex: counts of sequences, and exactly one winner on every full board."""

from __future__ import annotations

import numpy as np
import pytest
from game_trees import grow, started
from positions import read

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]

NEIGHBOURS = [(0, -1), (0, 1), (-1, 0), (-1, 1), (1, -1), (1, 0)]


def joins_top_and_bottom(stones: np.ndarray) -> bool:
    """By a search from the top row."""
    size = len(stones)
    reached = {(0, column) for column in range(size) if stones[0, column]}
    border = list(reached)
    while border:
        row, column = border.pop()
        for down, right in NEIGHBOURS:
            cell = (row + down, column + right)
            if cell not in reached and all(0 <= k < size for k in cell) and stones[cell]:
                reached.add(cell)
                border.append(cell)
    return any(row == size - 1 for row, _ in reached)


def test_sequences_are_as_many_as_published() -> None:
    tree = grow(started(make("MaskedHex-v0", size=3)), 5)
    assert tree.sequences == [1, 9, 72, 504, 3024, 15120]
    assert tree.finished[:5] == [0] * 5 and tree.finished[5] > 0  # a chain needs three stones


@pytest.mark.parametrize("size", [2, 5, 8])
def test_a_game_ends_with_the_first_chain_and_never_without_one(size: int) -> None:
    env, rng, winners = make("MaskedHex-v0", size=size), np.random.default_rng(size), set()
    for seed in range(20):
        env.reset(seed=seed)
        terminated = False
        while not terminated:
            mover = int(read(env.get_state())["to_move"])
            _, _, terminated, _, info = env.step(int(rng.choice(np.flatnonzero(env.action_mask))))
            board = read(env.get_state())["board"]
            chains = joins_top_and_bottom(board == 1), joins_top_and_bottom((board == 2).T)
            assert terminated == any(chains) and not all(chains)
        assert chains[mover] and info["rewards"].tolist() == [1.0 - 2 * mover, 2.0 * mover - 1]
        winners.add(mover)
    assert winners == {0, 1}
