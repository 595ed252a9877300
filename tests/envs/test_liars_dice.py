"""MaskedLiarsDice: counts and chances in closed form, and a mask that says nothing of the dice."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import comb
from typing import Any

import numpy as np
import pytest
from game_trees import grow, started
from positions import changed, read

from masked_envs import make, make_aec

pytestmark = [pytest.mark.core, pytest.mark.once]

ENV_ID = "MaskedLiarsDice-v0"


@pytest.mark.parametrize(("players", "dice", "faces"), [(2, 1, 5), (3, 1, 3), (2, 2, 2), (5, 1, 2)])
def test_games_and_decisions_are_as_many_as_there_are_sets_of_bids(players: int, dice: int, faces: int) -> None:
    """A game is a rising sequence of one bid or more, so a set, and a challenge: comb(bids, n - 1) games of n steps."""
    bids = players * dice * faces
    env = started(make(ENV_ID, num_players=players, num_dice=dice, num_faces=faces))
    tree = grow(env, bids + 1)
    assert tree.finished == [0, 0, *(comb(bids, n - 1) for n in range(2, bids + 2))]
    assert sum(tree.finished) == 2**bids - 1
    decisions = sum(all_of - ended for all_of, ended in zip(tree.sequences, tree.finished, strict=True))
    assert decisions == 2**bids


@pytest.mark.long
def test_two_dice_of_six_faces_give_as_many_situations_as_published() -> None:
    """24,576: what a player observes who is to move, over all deals and bids."""
    env, seen = make_aec(ENV_ID, num_dice=1), set()
    env.reset(seed=0)
    start = env.get_state().position

    def visit(state: Any) -> None:
        env.set_state(state)
        observed = env.observe(env.agent_selection)
        key = tuple(observed["observation"].tolist())
        if key in seen:
            return
        seen.add(key)
        for bid in np.flatnonzero(observed["action_mask"][:-1]):
            env.set_state(state)
            env.step(int(bid))
            visit(env.get_state())

    for face in range(1, 7):  # both show the same: each player sees one die
        counts = np.tile(np.eye(6, dtype=int)[face - 1], (2, 1))
        env.reset(seed=0)
        visit(replace(env.get_state(), position=changed(start, dice=face, counts=counts)).sealed())
    assert len(seen) == 24_576


@pytest.mark.parametrize("wild", [False, True])
@pytest.mark.parametrize(("players", "dice", "faces"), [(2, 2, 3), (3, 1, 4)])
def test_a_bid_is_true_as_often_as_the_binomial_distribution_says(
    players: int, dice: int, faces: int, wild: bool
) -> None:
    """Over all deals, which are equally likely; the rewards are those of the two who take part in the challenge."""
    env = make(ENV_ID, num_players=players, num_dice=dice, num_faces=faces, wild_ones=wild)
    env.reset(seed=0)
    start, total = env.get_state(), players * dice
    for bid in range(total * faces):
        quantity, face = bid // faces + 1, bid % faces
        env.set_state(start)
        env.step(bid)
        challenged, true = env.get_state(), 0
        for deal in product(range(1, faces + 1), repeat=total):
            shown = np.reshape(deal, (players, dice))
            counts = [[sum(n == k + 1 or (wild and n == 1) for n in hand) for k in range(faces)] for hand in shown]
            env.set_state(changed(challenged, dice=shown, counts=counts))
            *_, terminated, _, info = env.step(total * faces)
            mine, theirs, *others = info["rewards"].tolist()
            assert terminated and sorted((mine, theirs)) == [-1, 1] and not any(others)
            true += info["rewards"][0] == 1
        hits = 2 if wild and face else 1  # faces of a die that count
        assert true == sum(comb(total, n) * hits**n * (faces - hits) ** (total - n) for n in range(quantity, total + 1))


def test_bids_rise_and_the_mask_says_nothing_of_the_dice() -> None:
    env, rng = make(ENV_ID, num_players=4, num_dice=3), np.random.default_rng(0)
    for seed in range(20):
        env.reset(seed=seed)
        last, mover, terminated = -1, 0, False
        while not terminated:
            expected = [*(bid > last for bid in range(72)), last >= 0]
            assert env.action_mask.tolist() == expected and read(env.get_state())["to_move"] == mover
            action = 72 if last >= 0 and rng.random() < 0.1 else int(rng.choice(np.flatnonzero(env.action_mask)[:8]))
            *_, terminated, _, info = env.step(action)
            if terminated:
                assert action == 72 and info["rewards"].sum() == 0
                assert set(np.flatnonzero(info["rewards"])) == {mover, (mover - 1) % 4}
            last, mover = action, (mover + 1) % 4


def test_ones_count_for_every_face_if_they_are_wild() -> None:
    plain, wild = (make_aec(ENV_ID, num_dice=4, wild_ones=each) for each in (False, True))
    for seed in range(10):
        plain.reset(seed=seed)
        wild.reset(seed=seed)
        ones, *others = plain.observe("player_0")["observation"][:6].tolist()
        assert wild.observe("player_0")["observation"][:6].tolist() == [ones, *(ones + n for n in others)]


def test_dice_are_fair() -> None:
    env, counts = make(ENV_ID, num_players=3, num_dice=4), np.zeros((12, 6))
    for seed in range(1200):
        env.reset(seed=seed)
        counts[np.arange(12), read(env.get_state())["dice"].ravel() - 1] += 1
    assert (abs(counts - 200) < 5 * np.sqrt(200)).all()
