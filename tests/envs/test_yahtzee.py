"""MaskedYahtzee: scores and jokers by a second program, a small variant solved exactly, and the published optimum.

The solver knows sets of dice without order (252 of five, 462 of at most five), and works backwards over what one
player's card says: the categories used, the points of the first six up to 63, and whether 50 stand for a yahtzee.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations, combinations_with_replacement, product
from math import factorial
from typing import Any

import numpy as np
import pytest
from positions import changed

from masked_envs import make, make_vec

pytestmark = [pytest.mark.core, pytest.mark.once]

ENV_ID = "MaskedYahtzee-v0"
YAHTZEE, ALL = 11, range(13)
Dice = tuple[int, ...]  # in ascending order


def points_for(dice: Dice, category: int, is_joker: bool) -> int:
    times = sorted(Counter(dice).values())
    straight = max(n for n in range(1, 6) for k in range(1, 8 - n) if set(range(k, k + n)) <= set(dice))
    conditions = {
        6: (times[-1] >= 3, sum(dice)),
        7: (times[-1] >= 4, sum(dice)),
        8: (times == [2, 3] or is_joker, 25),
        9: (straight >= 4 or is_joker, 30),
        10: (straight >= 5 or is_joker, 40),
        YAHTZEE: (times == [5], 50),
        12: (True, sum(dice)),
    }
    if category < 6:
        return sum(number for number in dice if number == category + 1)
    holds, points = conditions[category]
    return points if holds else 0


SETS = list(combinations_with_replacement(range(1, 7), 5))
KEEPS = [kept for n in range(6) for kept in combinations_with_replacement(range(1, 7), n)]
SET_NUMBER, KEEP_NUMBER = ({dice: k for k, dice in enumerate(known)} for known in (SETS, KEEPS))
KEPT_FROM = [sorted({KEEP_NUMBER[kept] for n in range(6) for kept in combinations(dice, n)}) for dice in SETS]
"""What may be kept of each set of five dice."""
EQUAL = np.array([len(set(dice)) == 1 for dice in SETS])
POINTS = np.array(
    [[[points_for(dice, k, joker and len(set(dice)) == 1) for dice in SETS] for k in ALL] for joker in (False, True)]
)
"""By [whether the category of yahtzees is used, category, set of dice]."""


def chances_after(kept: Dice) -> np.ndarray:
    """The probability of each set of five when the other dice are rolled."""
    found, rolled = np.zeros(len(SETS)), 5 - len(kept)
    for others in combinations_with_replacement(range(1, 7), rolled):
        ways = factorial(rolled)
        for times in Counter(others).values():
            ways //= factorial(times)
        found[SET_NUMBER[tuple(sorted(kept + others))]] += ways / 6**rolled
    return found


class Solver:
    """The best play of one player, for a number of rounds.

    A card is (categories used, as bits; points of the first six, up to 63; whether there are 50 for a yahtzee);
    `values` has the expectation of what is still to come for every card.
    """

    def __init__(self, rounds: int) -> None:
        self.chances = np.array([chances_after(kept) for kept in KEEPS])  # (462, 252)
        self.values = np.zeros((2**13, 64, 2))
        self.by_used: dict[int, Any] = {}  # of `play`: the value of the best category, and which it is
        for used in range(2**13 - 1, -1, -1):
            if used.bit_count() < rounds:
                self.values[used] = self.of_keeps(self.best_of_keeps(self.best_of_keeps(self.of_choice(used))))[0]

    def of_keeps(self, values: np.ndarray) -> np.ndarray:
        """The expectation (462, 64, 2) of keeping dice, from that of the sets (252, 64, 2) after the roll."""
        return np.tensordot(self.chances, values, 1)

    def best_of_keeps(self, values: np.ndarray) -> np.ndarray:
        """The expectation (252, 64, 2) of each set before the roll."""
        kept = self.of_keeps(values)
        return np.array([kept[numbers].max(axis=0) for numbers in KEPT_FROM])

    def of_choice(self, used: int) -> np.ndarray:
        """The expectation (252, 64, 2) of each set with no rolls left."""
        return np.max([self.of_category(used, category) for category in ALL if not used >> category & 1], axis=0)

    def of_category(self, used: int, category: int) -> np.ndarray:
        """The expectation (252, 64, 2) of each set, if it counts in a category."""
        known, after, upper = {k for k in ALL if used >> k & 1}, self.values[used | 1 << category], np.arange(64)
        extra = EQUAL & (YAHTZEE in known)
        joker = extra & np.array([dice[0] - 1 in known for dice in SETS])
        points = np.where(joker, *POINTS[::-1, category])
        to = np.minimum(upper + points[:, None], 63) if category < 6 else np.tile(upper, (len(SETS), 1))
        bonus = 35.0 * ((upper < 63) & (to == 63))
        flags = np.array([[int(category == YAHTZEE and equal), 1] for equal in EQUAL])
        found = points[:, None, None] + bonus[:, :, None] + 100.0 * extra[:, None, None] * np.array([0, 1])
        return found + after[to[:, :, None], flags[:, None, :]]

    def play(self, card: tuple[int, int, int]) -> list[np.ndarray]:
        """The best number of a keep with two rolls left and with one (252,), and the best category (252,)."""
        used, upper, flag = card
        if used not in self.by_used:
            found = np.full((13, len(SETS), 64, 2), -np.inf)
            for category in ALL:
                if not used >> category & 1:
                    found[category] = self.of_category(used, category)
            self.by_used[used] = found.max(axis=0), found.argmax(axis=0)
        values, plan = (array[:, upper, flag] for array in self.by_used[used])
        plans = [plan]
        for _ in range(2):
            kept = self.chances @ values
            best = np.array([numbers[np.argmax(kept[numbers])] for numbers in KEPT_FROM])
            values = kept[best]
            plans.insert(0, best)
        return plans


def bits_for(dice: list[int], kept: Dice) -> list[int]:
    """Which of the dice to keep, in their order."""
    left, bits = Counter(kept), []
    for number in dice:
        bits.append(int(left[number] > 0))
        left[number] -= 1
    return bits


def simulate(solver: Solver, rounds: int, games: int) -> np.ndarray:
    """What the best play earns in the environment, of each game."""
    envs = make_vec(ENV_ID, games, num_players=1, rounds=rounds, autoreset_mode="Disabled")
    plans: dict[Any, Any] = {}
    seen, total = envs.reset(seed=0)[0]["observation"], np.zeros(games)
    for turn in range(rounds):
        cards = [card_of(row[7:20]) for row in seen.tolist()]
        for rolls_left in (2, 1, 0):
            keep, category = np.ones((games, 5), np.int8), np.zeros(games, np.int64)
            for row, numbers in enumerate(seen.tolist()):
                if cards[row] not in plans:
                    plans[cards[row]] = solver.play(cards[row])
                best = plans[cards[row]][2 - rolls_left][SET_NUMBER[tuple(sorted(numbers[:5]))]]
                if rolls_left:
                    keep[row] = bits_for(numbers[:5], KEEPS[best])
                else:
                    category[row] = best
            given, rewards, terminated, _, _ = envs.step({"keep": keep, "category": category})
            seen, total = given["observation"], total + rewards
        assert terminated.all() == terminated.any() == (turn == rounds - 1)
    return total


def card_of(points: list[int]) -> tuple[int, int, int]:
    used = sum(1 << category for category in ALL if points[category] >= 0)
    return used, min(63, sum(max(0, number) for number in points[:6])), int(points[YAHTZEE] == 50)


def test_the_dice_of_the_solver_are_those_of_the_field() -> None:
    chances = np.array([chances_after(kept) for kept in KEEPS])
    assert chances.shape == (462, 252) and np.allclose(chances.sum(axis=1), 1)
    # five equal dice within three rolls: 4.6029 % (Weisstein, "Yahtzee", MathWorld)
    value = EQUAL.astype(float)
    for _ in range(2):
        kept = chances @ value
        value = np.array([kept[numbers].max() for numbers in KEPT_FROM])
    assert chances[0] @ value == pytest.approx(0.046029, abs=5e-7)


def test_two_rounds_earn_what_the_solver_expects() -> None:
    solver, games = Solver(2), 2048
    earned = simulate(solver, 2, games)
    assert abs(earned.mean() - solver.values[0, 0, 0]) < 5 * earned.std() / np.sqrt(games)
    assert 40 < solver.values[0, 0, 0] < 80


@pytest.mark.long
def test_the_optimum_of_the_whole_game_is_the_published_one() -> None:
    solver, games = Solver(13), 400
    assert solver.values[0, 0, 0] == pytest.approx(254.5896, abs=5e-5)
    earned = simulate(solver, 13, games)
    assert abs(earned.mean() - solver.values[0, 0, 0]) < 5 * earned.std() / np.sqrt(games)


@pytest.mark.parametrize("share_of_equal", [0.0, 0.5])
def test_scores_and_legal_categories_are_those_of_a_second_program(share_of_equal: float) -> None:
    """Random games; half of the dice five equal ones in the second run, so that jokers are frequent."""
    env, rng, jokers = make(ENV_ID, num_players=2), np.random.default_rng(0), Counter()
    for seed in range(12):
        env.reset(seed=seed)
        cards: list[dict[int, int]] = [{}, {}]
        for turn in range(26):
            player = turn % 2
            card = cards[player]
            for _ in range(2):
                assert env.action_mask["keep"].all() and np.flatnonzero(env.action_mask["category"]).tolist() == [0]
                env.step({"keep": np.ones(5, np.int8), "category": 0})
            dice = rng.integers(1, 7, 5)
            if rng.random() < share_of_equal:
                dice[:] = dice[0]
            counts = np.bincount(dice, minlength=7)[1:]
            env.set_state(changed(env.get_state(), dice=dice, counts=counts))
            shown = tuple(sorted(dice.tolist()))
            legal = set(ALL) - set(card)
            assert set(np.flatnonzero(env.action_mask["category"]).tolist()) == legal
            assert env.action_mask["keep"].tolist() == [[0, 1]] * 5
            category = int(rng.choice(sorted(legal)))
            extra = len(set(shown)) == 1 and YAHTZEE in card
            joker = extra and shown[0] - 1 in card
            jokers[extra, card.get(YAHTZEE)] += 1
            points, before = points_for(shown, category, joker), sum(card.get(k, 0) for k in range(6))
            card[category] = points
            after = sum(card.get(k, 0) for k in range(6))
            expected = points + 100 * (extra and card[YAHTZEE] == 50) + 35 * (before < 63 <= after)
            _, reward, terminated, _, info = env.step({"keep": np.ones(5, np.int8), "category": category})
            assert reward == expected and info["rewards"][player] == expected and info["rewards"].sum() == expected
            assert terminated == (turn == 25)
    assert not share_of_equal or (jokers[True, 50] > 10 and jokers[True, 0] > 2)


def test_dice_that_are_kept_stay_and_the_others_are_fair() -> None:
    envs, counts = make_vec(ENV_ID, 2048, num_players=1), np.zeros((5, 6))
    before = envs.reset(seed=0)[0]["observation"][:, :5]
    keep = np.array(list(product((0, 1), repeat=5)))[np.arange(2048) % 32].astype(np.int8)
    after = envs.step({"keep": keep, "category": np.zeros(2048, np.int64)})[0]["observation"][:, :5]
    assert (after[keep == 1] == before[keep == 1]).all()
    for die in range(5):
        counts[die] = np.bincount(after[keep[:, die] == 0, die], minlength=7)[1:]
    assert counts.sum() == 5 * 1024 and (abs(counts - 1024 / 6) < 5 * np.sqrt(1024 / 6)).all()
