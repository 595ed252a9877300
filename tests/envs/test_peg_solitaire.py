"""MaskedPegSolitaire: the published number of games."""

from __future__ import annotations

import pytest
from game_trees import grow, started

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]


def test_games_are_as_many_as_published() -> None:
    tree = grow(started(make("MaskedPegSolitaire-v0")), 13)
    assert sum(tree.finished) == 568_630
    assert tree.finished[13] == 29_760  # games that leave one peg


def test_a_random_hole_is_one_into_which_a_jump_leads() -> None:
    env, empty = make("MaskedPegSolitaire-v0", side=3, empty_hole="random"), set()
    for seed in range(100):
        seen, _ = env.reset(seed=seed)
        pegs = [(row, place) for row in range(3) for place in range(row + 1) if seen["observation"][row, place]]
        assert len(pegs) == 5 and seen["action_mask"].any()
        empty |= {(row, place) for row in range(3) for place in range(row + 1)} - set(pegs)
    assert empty == {(0, 0), (2, 0), (2, 2)}  # of a triangle of six holes, the corners
