"""Action-masked trick taking: follow suit if you can, and win as many tricks as you can.

Description
    Whist in its simplest form, without partners. Every player holds a hand of cards that the others do not see. A trick
    is one card from each player in turn. The first player plays any card; the others must play a card of its suit if
    they have one, and any card otherwise. The highest card of the trump suit wins the trick or, if there is none, the
    highest card of the suit that was led. The winner leads the next trick.

Action space
    `Discrete(num_suits * num_ranks)`.

    | action | meaning |
    |---|---|
    | suit * num_ranks + rank | play this card; a higher rank beats a lower one |

Mask
    Kind flat, meaning legal: int8, one entry for each card. A card is legal if the player to move holds it and leads,
    or it is of the suit led, or the player has no card of that suit. It is a function of the observation, reveals
    nothing of the hands of the others, and is never empty before the end.

Observation
    `Box (3 * cards + num_players + 1,) int64` with cards = num_suits * num_ranks, seen by one player. A complete trick
    counts as no trick.

    | index | meaning |
    |---|---|
    | 0 to cards - 1 | 1 for each card that the player holds |
    | cards + c | who has played card c: 0 nobody, 1 the player, 2 the next player in order of play, ... |
    | 2 * cards + c | the place of card c in the trick, 1 if it was led; 0 if it is not in it |
    | the next num_players | the tricks won by the player and by the others, in the order of play |
    | the last | the trump suit plus one, 0 without trumps |

Rewards
    1 to the winner of a trick.

Start
    A shuffled deck; each player gets `hand_size` cards, and the others are not in play. With `trump="random"` the trump
    suit is uniformly random, with "none" there is none. player_0 leads the first trick. Players act in the order of
    their numbers, and player_0 follows the last.

Episode end
    Terminated after `hand_size` tricks; the winner of the last one is then to move. Never truncated, unless
    `time_limit` is set.

Arguments
    `num_players`, `num_suits`, `num_ranks`, `hand_size`, `trump`. All hands together have at most num_suits * num_ranks
    cards.

References
    Pagat.com, "Whist". Wästlund, "A solution of two-person single-suit whist", Electronic Journal of Combinatorics 12,
    2005: the game of two players with open hands.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene, agent_ink
from .tricks import NO_TRUMP, NOBODY, deal, mark_playable, winner_of

TRUMPS = ("random", "none")
RANDOM, NONE = range(len(TRUMPS))
NO_SUIT = -1


def num_cards(values):
    return values["num_suits"] * values["num_ranks"]


def state(values):
    cards, players = num_cards(values), values["num_players"]
    return state_record(
        deck=(np.int64, (cards,)),  # scratch of `deal`
        holder=(np.int64, (cards,)),  # the player who holds a card, or NOBODY
        played_by=(np.int64, (cards,)),  # the player who has played it, or NOBODY
        trick=(np.int64, (players,)),  # the cards of the present trick, in the order of play
        in_trick=np.int64,  # how many
        tricks=(np.int64, (players,)),  # won by each player
        tricks_played=np.int64,
        trump=np.int64,
    )


@rule
def reset(s, p):
    deal(s["rng"], s["deck"], s["holder"], p["num_players"], p["hand_size"])
    fill(s["played_by"], NOBODY)
    fill(s["trick"], 0)
    s["in_trick"] = 0
    fill(s["tricks"], 0)
    s["tricks_played"] = 0
    s["trump"] = random_below(s["rng"], p["num_suits"]) if p["trump"] == RANDOM else NO_TRUMP


@rule
def action_mask(s, p, player, out):
    led_suit = s["trick"][0] // p["num_ranks"] if s["in_trick"] > 0 else NO_SUIT
    mark_playable(s["holder"], player, led_suit, p["num_ranks"], out)


@rule
def step(s, p, card, rewards):
    player, players = s["to_move"], p["num_players"]
    s["holder"][card] = NOBODY
    s["played_by"][card] = player
    s["trick"][s["in_trick"]] = card
    s["in_trick"] += 1
    s["to_move"] = (player + 1) % players
    if s["in_trick"] < players:
        return False
    winner = (s["to_move"] + winner_of(s["trick"], s["trump"], p["num_ranks"])) % players  # the leader is next again
    s["tricks"][winner] += 1
    rewards[winner] += 1.0
    s["in_trick"] = 0
    s["tricks_played"] += 1
    s["to_move"] = winner
    return s["tricks_played"] == p["hand_size"]


@rule
def observe(s, p, player, out):
    cards, players = s["holder"].size, p["num_players"]
    for card in range(cards):
        by = s["played_by"][card]
        out[card] = s["holder"][card] == player
        out[cards + card] = 0 if by == NOBODY else 1 + (by - player + players) % players
        out[2 * cards + card] = 0
    for k in range(s["in_trick"]):
        out[2 * cards + s["trick"][k]] = 1 + k
    for k in range(players):
        out[3 * cards + k] = s["tricks"][(player + k) % players]
    out[3 * cards + players] = s["trump"] + 1


def validate(values):
    if values["num_players"] * values["hand_size"] > num_cards(values):
        raise ValueError(
            f"num_players={values['num_players']} with hand_size={values['hand_size']} need more cards than the "
            f"{num_cards(values)} of num_suits={values['num_suits']} and num_ranks={values['num_ranks']}"
        )


# --- picture: a row of cards for each player, since a person who watches plays none; the trick below ----------------

WIDTH, HEIGHT, GAP = 0.62, 0.9, 0.08
SUITS = "CDHSABEF"
SUIT_INKS = ("agent_0", "agent_1", "agent_2", "agent_3", "agent_4", "agent_5", "agent_7", "text")


def draw(s, p):
    players, hand, ranks = p["num_players"], p["hand_size"], p["num_ranks"]
    left = 2.4
    scene = Scene(
        left + (WIDTH + GAP) * max(hand, players, 4), (HEIGHT + 2 * GAP) * (players + 1) + GAP, in_picture=True
    )
    scene.players(*map(agent_ink, range(players)))
    for player in range(players):
        y = GAP + player * (HEIGHT + 2 * GAP)
        scene.rect(0.1, y, left - 0.3, HEIGHT, "highlight" if player == s["to_move"] else "idle", radius=0.1)
        scene.text(left / 2 - 0.05, y + 0.3, f"player_{player}", 0.3, agent_ink(player))
        scene.text(left / 2 - 0.05, y + 0.65, f"tricks {s['tricks'][player]}", 0.24, "text")
        for k, card in enumerate(np.flatnonzero(s["holder"] == player)):
            x = left + k * (WIDTH + GAP)
            draw_card(scene, x, y, card, ranks)
            if player == s["to_move"]:
                scene.action(int(card), x, y, WIDTH, HEIGHT, style="area", name=card_words([card], ranks))
    y = GAP + players * (HEIGHT + 2 * GAP)
    trump = "no trump" if s["trump"] == NO_TRUMP else f"trump {suit_word(s['trump'])}"
    scene.text(left / 2 - 0.05, y + 0.3, "trick", 0.3, "text")
    scene.text(left / 2 - 0.05, y + 0.65, trump, 0.24, "text")
    for k, card in enumerate(s["trick"][: s["in_trick"]]):
        draw_card(scene, left + k * (WIDTH + GAP), y, card, ranks)
    hands = [card_words(np.flatnonzero(s["holder"] == player), ranks) for player in range(players)]
    scene.glyph_rows = [f"player_{k}: {words}; tricks {s['tricks'][k]}" for k, words in enumerate(hands)]
    scene.glyph_rows += [f"trick: {card_words(s['trick'][: s['in_trick']], ranks)}; {trump}"]
    return scene


def draw_card(scene, x, y, card, ranks):
    suit, rank = divmod(int(card), ranks)
    scene.rect(x, y, WIDTH, HEIGHT, "outline", radius=0.08)
    scene.rect(x + 0.02, y + 0.02, WIDTH - 0.04, HEIGHT - 0.04, "cell", radius=0.07)
    scene.text(x + WIDTH / 2, y + 0.3, str(rank), 0.34, SUIT_INKS[suit % len(SUIT_INKS)])
    scene.text(x + WIDTH / 2, y + 0.66, suit_word(suit), 0.3, SUIT_INKS[suit % len(SUIT_INKS)])


def suit_word(suit):
    """A suit as a letter."""
    return SUITS[suit % len(SUITS)]


def card_words(cards, ranks):
    """Cards as letters and ranks."""
    return " ".join(f"{suit_word(card // ranks)}{card % ranks}" for card in cards) or "none"


ENV = Declaration(
    id="MaskedTrickTaking-v0",
    module=__name__,
    play="turns",
    agents=lambda values: tuple(f"player_{player}" for player in range(values["num_players"])),
    state=state,
    mask=lambda values: MaskSpec.flat(num_cards(values)),
    observation=lambda values: Box(
        0,
        max(values["num_players"], values["hand_size"], values["num_suits"]),
        (3 * num_cards(values) + values["num_players"] + 1,),
        np.int64,
    ),
    parameters={
        "num_players": Parameter(4, "players", low=2, high=8),
        "num_suits": Parameter(4, "suits of the deck", low=1, high=8),
        "num_ranks": Parameter(13, "cards of each suit", low=2, high=20),
        "hand_size": Parameter(13, "cards of each player", low=1, high=80),
        "trump": Parameter("random", "whether one suit beats the others", choices=TRUMPS),
    },
    validate=validate,
    action_labels=lambda values: tuple(card_words([card], values["num_ranks"]) for card in range(num_cards(values))),
)
