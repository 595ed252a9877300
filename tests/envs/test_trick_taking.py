"""MaskedTrickTaking: whole games, and best play, of small deals against brute force over sets of named cards."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from positions import read

from masked_envs import make, make_aec

pytestmark = [pytest.mark.core, pytest.mark.once]

ENV_ID = "MaskedTrickTaking-v0"
Hands = tuple[frozenset[tuple[int, int]], ...]  # (suit, rank) of each player
SIZES = [
    {"num_players": 2, "num_suits": 2, "num_ranks": 4, "hand_size": 4},
    {"num_players": 3, "num_suits": 3, "num_ranks": 3, "hand_size": 3, "trump": "none"},
    {"num_players": 4, "num_suits": 3, "num_ranks": 4, "hand_size": 2},
]


def hands_of(env: Any, players: int, ranks: int) -> Hands:
    holder = read(env.get_state())["holder"]
    return tuple(frozenset(divmod(int(c), ranks) for c in np.flatnonzero(holder == p)) for p in range(players))


def followers(hand: frozenset[tuple[int, int]], trick: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What may be played from a hand."""
    same = [card for card in hand if trick and card[0] == trick[0][0]]
    return sorted(same or hand)


def taker(trick: list[tuple[int, int]], trump: int) -> int:
    """Who, from the leader on, takes a trick: trumps come first, then the suit led, and what is neither never wins."""
    worth = [(suit == trump, suit == trick[0][0], rank) for suit, rank in trick]
    return worth.index(max(worth))


class Brute:
    """All games of a deal with open hands: payoffs by sequences of cards, and the best plan of everybody."""

    def __init__(self, hands: Hands, trump: int) -> None:
        self.trump, self.players, self.games = trump, len(hands), {}
        self.play_all(hands, [], 0, (0,) * self.players, ())

    def play_all(self, hands: Hands, trick: Any, player: int, won: tuple[int, ...], played: Any) -> None:
        if not any(hands):
            self.games[played] = won
            return
        for card in followers(hands[player], trick):
            after = tuple(hand - {card} for hand in hands)
            laid, following, score = [*trick, card], (player + 1) % self.players, won
            if len(laid) == self.players:
                following = (player + 1 + taker(laid, self.trump)) % self.players
                score = tuple(n + (k == following) for k, n in enumerate(won))
                laid = []
            self.play_all(after, laid, following, score, (*played, card))

    def tricks_of_first(self, hands: Hands) -> int:
        """Tricks of player_0 in a game of two where both play their best."""

        @cache
        def value(hands: Hands, trick: Any, player: int) -> int:
            if not any(hands):
                return 0
            found = []
            for card in followers(hands[player], list(trick)):
                after, laid = tuple(hand - {card} for hand in hands), (*trick, card)
                if len(laid) < 2:
                    found.append(value(after, laid, 1 - player))
                else:
                    first = (player + 1 + taker(list(laid), self.trump)) % 2
                    found.append((first == 0) + value(after, (), first))
            return (max if player == 0 else min)(found)

        return value(hands, (), 0)


def tricks_of_first(env: Any, state: Any) -> float:
    """The same by the environment."""
    env.set_state(state)
    player, found = int(read(state)["to_move"]), []
    for card in np.flatnonzero(env.action_mask):
        env.set_state(state)
        *_, terminated, _, info = env.step(int(card))
        rest = 0.0 if terminated else tricks_of_first(env, env.get_state())
        found.append(info["rewards"][0] + rest)
    return (max if player == 0 else min)(found)


def all_games(env: Any, ranks: int) -> dict[Any, tuple[int, ...]]:
    """Every game of the environment from here: cards played -> tricks of each player."""
    found, border = {}, [(env.get_state(), (), np.zeros(len(env.unwrapped.agents)))]
    while border:
        state, played, won = border.pop()
        env.set_state(state)
        for card in np.flatnonzero(env.action_mask):
            env.set_state(state)
            *_, terminated, _, info = env.step(int(card))
            after, score = (*played, divmod(int(card), ranks)), won + info["rewards"]
            if terminated:
                found[after] = tuple(int(n) for n in score)
            else:
                border.append((env.get_state(), after, score))
    return found


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_games_are_those_of_brute_force(sizes: dict[str, Any]) -> None:
    env, numbers = make(ENV_ID, **sizes), set()
    for seed in range(4):
        env.reset(seed=seed)
        hands = hands_of(env, sizes["num_players"], sizes["num_ranks"])
        assert {len(hand) for hand in hands} == {sizes["hand_size"]}
        brute = Brute(hands, int(read(env.get_state())["trump"]))
        assert all_games(env, sizes["num_ranks"]) == brute.games
        numbers.add(len(brute.games))
    assert len(numbers) > 1


def test_best_play_with_open_hands() -> None:
    """Minimax over the environment's positions, and over sets of cards."""
    env, values = make(ENV_ID, **SIZES[0]), set()
    for seed in range(6):
        env.reset(seed=seed)
        hands, trump = hands_of(env, 2, 4), int(read(env.get_state())["trump"])
        values.add(tricks_of_first(env, env.get_state()))
        env.reset(seed=seed)
        assert tricks_of_first(env, env.get_state()) == Brute(hands, trump).tricks_of_first(hands)
    assert len(values) > 1


def test_the_mask_follows_from_what_the_player_sees() -> None:
    """The default game: of one's own hand and the trick alone; deals of hands and trumps are fair."""
    aec, rng, forced, free = make_aec(ENV_ID), np.random.default_rng(0), 0, 0
    for seed in range(6):
        aec.reset(seed=seed)
        for _ in range(52):
            seen = aec.observe(aec.agent_selection)
            hand, _, places = np.split(seen["observation"][:156], 3)
            led = [divmod(int(card), 13)[0] for card in np.flatnonzero(places == 1)]
            held = [divmod(int(card), 13) for card in np.flatnonzero(hand)]
            same = [card for card in held if [card[0]] == led]
            expected = same or held
            assert np.flatnonzero(seen["action_mask"]).tolist() == [13 * suit + rank for suit, rank in expected]
            forced, free = forced + bool(same and len(same) < len(held)), free + bool(led and not same)
            aec.step(int(rng.choice(np.flatnonzero(seen["action_mask"]))))
        assert all(aec.terminations.values())
    assert forced > 50 and free > 20


def test_deals_are_fair() -> None:
    env, counts, trumps = make(ENV_ID, num_players=3, hand_size=10), np.zeros((52, 4)), np.zeros(4)
    for seed in range(1500):
        env.reset(seed=seed)
        record = read(env.get_state())
        counts[np.arange(52), record["holder"]] += 1  # the last column is nobody's
        trumps[record["trump"]] += 1
    chances = 1500 * np.array([10, 10, 10, 22]) / 52
    assert (abs(counts - chances) < 5 * np.sqrt(chances)).all()
    assert (abs(trumps - 375) < 5 * np.sqrt(375)).all()
