"""MaskedLeduc: the value by the sequence form, the published number of situations, and what the mask gives away."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from positions import changed, read
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack, lil_matrix

from masked_envs import make, make_aec

pytestmark = [pytest.mark.core, pytest.mark.once]

ENV_ID = "MaskedLeduc-v0"
START: tuple[Any, ...] = ()
"""The empty sequence of a player. A sequence is (situation, action); a situation is what the player observes."""


def chances() -> dict[tuple[int, int, int], float]:
    """Of the ranks of the two hidden cards and the public one, from a deck of two cards of each of three ranks."""
    found: dict[tuple[int, int, int], float] = defaultdict(float)
    for cards in product(range(6), repeat=3):
        if len(set(cards)) == 3:
            found[tuple(card // 2 for card in cards)] += 1 / 120
    return found


class Game:
    """The game tree: the sequences of each player, and the payoffs of player_0 by pairs of last sequences."""

    def __init__(self) -> None:
        self.env = make_aec(ENV_ID)
        self.env.reset(seed=0)
        start = self.env.get_state()
        self.parents: list[dict[Any, Any]] = [{}, {}]  # situation -> the sequence of the player that leads to it
        self.actions: list[dict[Any, tuple[int, ...]]] = [{}, {}]
        self.payoffs: dict[tuple[Any, Any], float] = defaultdict(float)
        for cards, chance in chances().items():
            dealt = replace(start, position=changed(start.position, cards=cards)).sealed()
            self.grow(dealt, chance, (START, START))

    def grow(self, state: Any, chance: float, last: tuple[Any, Any]) -> None:
        self.env.set_state(state)
        mover = self.env.agent_selection
        player = self.env.possible_agents.index(mover)
        shown = self.env.observe(mover)
        seen = tuple(shown["observation"].tolist())
        legal = tuple(np.flatnonzero(shown["action_mask"]).tolist())
        assert self.parents[player].setdefault(seen, last[player]) == last[player]  # perfect recall
        assert self.actions[player].setdefault(seen, legal) == legal  # the mask says nothing of the hidden card
        for action in legal:
            self.env.set_state(state)
            self.env.step(action)
            after = (*last[:player], (seen, action), *last[player + 1 :])
            if self.env.terminations[mover]:
                assert sum(self.env.rewards.values()) == 0
                self.payoffs[after] += chance * self.env.rewards["player_0"]
            else:
                self.grow(self.env.get_state(), chance, after)


def constraints(game: Game, player: int) -> tuple[Any, Any, dict[Any, int]]:
    """Matrix E and vector e with E x = e for every plan x in sequence form, and the number of each sequence."""
    situations = list(game.parents[player])
    sequences = [START] + [(seen, action) for seen in situations for action in game.actions[player][seen]]
    number = {sequence: k for k, sequence in enumerate(sequences)}
    matrix = lil_matrix((1 + len(situations), len(sequences)))
    matrix[0, 0] = 1
    for row, seen in enumerate(situations, start=1):
        matrix[row, number[game.parents[player][seen]]] = -1
        for action in game.actions[player][seen]:
            matrix[row, number[seen, action]] = 1
    return matrix.tocsr(), np.eye(1, 1 + len(situations))[0], number


def test_the_value_of_the_game_is_the_published_one() -> None:
    """Koller, Megiddo and von Stengel's linear program of the sequence form; -0.0856 by Southey et al.'s solvers."""
    game = Game()
    assert [len(situations) for situations in game.parents] == [144, 144]  # 288 situations
    (e_matrix, e, mine), (f_matrix, f, theirs) = constraints(game, 0), constraints(game, 1)
    payoffs = lil_matrix((len(mine), len(theirs)))
    for (first, second), value in game.payoffs.items():
        payoffs[mine[first], theirs[second]] += value
    # maximise f q over plans x of player_0, where F^T q <= A^T x
    plans, duals = len(mine), f_matrix.shape[0]
    solved = linprog(
        np.concatenate([np.zeros(plans), -f]),
        A_ub=hstack([-payoffs.T, f_matrix.T]),
        b_ub=np.zeros(len(theirs)),
        A_eq=hstack([e_matrix, csr_matrix((e_matrix.shape[0], duals))]),
        b_eq=e,
        bounds=[(0, None)] * plans + [(None, None)] * duals,
    )
    assert -solved.fun == pytest.approx(-0.085606, abs=1e-6)


def test_a_pair_with_the_public_card_wins_and_equal_ranks_share() -> None:
    env = make(ENV_ID)
    env.reset(seed=0)
    start = env.get_state()
    for cards, reward in (((0, 2, 0), 1.0), ((2, 0, 0), -1.0), ((2, 1, 0), 1.0), ((1, 1, 2), 0.0)):
        env.set_state(changed(start, cards=cards))
        for _ in range(4):  # nobody raises
            *_, terminated, _, info = env.step(1)
        assert terminated and info["rewards"].tolist() == [reward, -reward]
    env.set_state(changed(start, cards=(0, 1, 2)))
    for action in (2, 2, 1, 2, 2):
        assert env.action_mask[action] and not env.step(action)[2]
    assert env.action_mask.tolist() == [1, 1, 0]  # two raises in the round
    assert env.step(1)[2] and read(env.get_state())["chips"].tolist() == [13, 13]  # 1 + 2 * 2 + 2 * 4
