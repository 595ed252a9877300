"""MaskedBreakthrough: published counts of sequences, and how games end."""

from __future__ import annotations

import numpy as np
import pytest
from game_trees import grow, started
from positions import read

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]


@pytest.mark.parametrize("plies", [2, pytest.param(3, marks=pytest.mark.long)])
def test_sequences_are_as_many_as_published(plies: int) -> None:
    tree = grow(started(make("MaskedBreakthrough-v0")), plies)
    assert tree.sequences == [1, 22, 484, 11132][: plies + 1]


def test_a_game_ends_on_the_last_row_or_without_pieces() -> None:
    """Players who capture whenever they can, so that some lose their last piece."""
    env, rng, ends = make("MaskedBreakthrough-v0", rows=7, columns=3), np.random.default_rng(0), set()
    for seed in range(100):
        env.reset(seed=seed)
        terminated = False
        while not terminated:
            record = read(env.get_state())
            board, mover = record["board"], int(record["to_move"])
            actions = np.flatnonzero(env.action_mask)
            rows, columns = np.divmod(actions // 3, 3)
            captures = actions[board[rows + 1 - 2 * mover, columns + actions % 3 - 1] == 2 - mover]
            _, _, terminated, _, info = env.step(int(rng.choice(captures if len(captures) else actions)))
            board = read(env.get_state())["board"]
            arrived = bool((board[-1] == 1).any()), bool((board[0] == 2).any())
            captured = not (board == 2).any(), not (board == 1).any()
            assert terminated == (arrived[mover] or captured[mover])
            assert not arrived[1 - mover] and not captured[1 - mover]
        assert info["rewards"].tolist() == [1.0 - 2 * mover, 2.0 * mover - 1]
        ends.add((mover, arrived[mover], captured[mover]))
    assert {(0, True, False), (0, False, True), (1, True, False), (1, False, True)} <= ends
