"""MaskedKuhn: the value of the game by linear programming, and a mask that says nothing of the hidden card."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from positions import changed, read
from scipy.optimize import linprog

from masked_envs import make, make_aec

pytestmark = [pytest.mark.core, pytest.mark.once]

ENV_ID = "MaskedKuhn-v0"
DEALS = list(permutations(range(3), 2))


def payoff(
    cards: tuple[int, int], first: tuple[int, ...], second: tuple[int, ...], outcomes: dict[Any, float]
) -> float:
    """What player_0 wins when both follow a pure plan.

    first[2 c] and first[2 c + 1]: whether player_0 with card c bets, and calls after a check. second[2 c] and
    second[2 c + 1]: whether player_1 with card c bets after a check, and calls a bet.
    """
    mine, theirs = cards
    if first[2 * mine]:
        return outcomes[cards, ("bet", "call" if second[2 * theirs + 1] else "fold")]
    if not second[2 * theirs]:
        return outcomes[cards, ("check", "check")]
    return outcomes[cards, ("check", "bet", "call" if first[2 * mine + 1] else "fold")]


def outcomes() -> dict[Any, float]:
    """What player_0 wins by each sequence of actions, from each deal."""
    env, found = make(ENV_ID), {}
    env.reset(seed=0)
    start = env.get_state()
    names = ("check", "bet", "fold", "call")
    sequences = [
        ("bet", "call"),
        ("bet", "fold"),
        ("check", "check"),
        ("check", "bet", "call"),
        ("check", "bet", "fold"),
    ]
    for cards in DEALS:
        for sequence in sequences:
            env.set_state(changed(start, cards=cards))
            for k, name in enumerate(sequence):
                assert env.action_mask[names.index(name)]
                *_, terminated, _, info = env.step(names.index(name))
                assert terminated == (k == len(sequence) - 1)
            found[cards, sequence] = float(info["rewards"][0])
            assert info["rewards"].sum() == 0
    return found


def test_the_value_of_the_game_is_minus_one_eighteenth() -> None:
    """Kuhn, 1950: the matrix game of all pure plans, solved by linear programming."""
    won, plans = outcomes(), list(product((0, 1), repeat=6))
    matrix = np.mean([[[payoff(cards, a, b, won) for b in plans] for a in plans] for cards in DEALS], axis=0)
    size = len(plans)
    # maximise v with x^T matrix >= v in every column, and x a distribution
    solved = linprog(
        np.append(np.zeros(size), -1.0),
        A_ub=np.column_stack([-matrix.T, np.ones(size)]),
        b_ub=np.zeros(size),
        A_eq=[np.append(np.ones(size), 0.0)],
        b_eq=[1.0],
        bounds=[(0, None)] * size + [(None, None)],
    )
    assert solved.x[-1] == pytest.approx(-1 / 18, abs=1e-9)


def test_the_mask_is_the_same_for_every_hidden_card() -> None:
    env = make_aec(ENV_ID, num_cards=6)
    masks: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    cards: dict[tuple[int, ...], set[int]] = {}
    rng = np.random.default_rng(0)
    for seed in range(100):
        env.reset(seed=seed)
        while env.agents and not any(env.terminations.values()):
            seen = env.observe(env.agent_selection)
            public = tuple(seen["observation"][1:].tolist())
            masks.setdefault(public, set()).add(tuple(seen["action_mask"].tolist()))
            cards.setdefault(public, set()).add(int(seen["observation"][0]))
            env.step(int(rng.choice(np.flatnonzero(seen["action_mask"]))))
    assert all(len(found) == 1 for found in masks.values()) and max(map(len, cards.values())) == 6


def test_deals_are_equally_likely() -> None:
    env, counts = make(ENV_ID), np.zeros((3, 3))
    for seed in range(3000):
        env.reset(seed=seed)
        counts[tuple(read(env.get_state())["cards"])] += 1
    assert not counts.diagonal().any()
    assert (abs(counts[~np.eye(3, dtype=bool)] - 500) < 5 * np.sqrt(500)).all()
