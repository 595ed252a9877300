"""Action-masked Leduc hold'em: two rounds of bets around one public card.

Description
    The deck has two cards of each of `num_ranks` ranks. Two players put one chip each into the pot and get one hidden
    card each. After a round of bets one public card is shown, and a second round follows. In a round player_0 acts
    first. A player folds, calls (or checks, when there is nothing to call), or raises: calls and adds 2 chips in the
    first round, 4 in the second. A round has at most two raises. It ends when a player calls, but not with a check that
    opens the round. A player who folds loses. After the second round a pair with the public card wins, otherwise the
    higher rank; equal ranks split the pot.

Action space
    `Discrete(3)`.

    | action | meaning |
    |---|---|
    | 0 | fold |
    | 1 | call or check |
    | 2 | raise |

Mask
    Kind flat, meaning legal: int8 (3,). Folding is legal when there is something to call, calling always, raising while
    the round has had fewer than two raises. It is a function of the observation, reveals nothing of the hidden card,
    and is never empty.

Observation
    `Box (12,) int64`, seen by one player.

    | index | meaning |
    |---|---|
    | 0 | the rank of the player's card |
    | 1 | the rank of the public card plus one, 0 before it is shown |
    | 2 | the index of the player |
    | 3 | the number of actions in this round; 0 once the second round has begun |
    | 4 to 7 | the actions of the first round in order, each plus one; 0 for those not taken |
    | 8 to 11 | the actions of the second round, likewise |

Rewards
    At the end, the chips won from the opponent, or lost to it as a negative number; 0 if the pot is split.

Start
    Three different cards at random; the third is the public one and not yet shown.

Episode end
    Terminated by a fold or by the end of the second round. Never truncated, unless `time_limit` is set.

Arguments
    `num_ranks`.

References
    Southey et al., "Bayes' Bluff: Opponent Modelling in Poker", UAI 2005. With three ranks there are 288 situations in
    which a player decides, told apart by all that the player has seen but the suits of the cards.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene
from .chips import pay

FOLD, CALL, RAISE = range(3)
LABELS = ("fold", "call", "raise")
ROUNDS, MOST_RAISES = 2, 2
MOST_ACTIONS = MOST_RAISES + 2  # in a round: check, raise, raise, call
RAISES = (2, 4)  # chips, of the two rounds


def state(values):
    return state_record(
        cards=(np.int64, (3,)),  # ranks: of each player, and the public one
        chips=(np.int64, (2,)),  # of each player in the pot
        actions=(np.int64, (ROUNDS, MOST_ACTIONS)),
        round=np.int64,
        played=np.int64,  # actions in this round
        raises=np.int64,  # in this round
    )


@rule
def reset(s, p):
    deal(s, 2 * p["num_ranks"])
    fill(s["chips"], 1)
    fill(s["actions"], 0)
    s["round"] = 0
    s["played"] = 0
    s["raises"] = 0


@rule
def action_mask(s, p, agent, out):
    out[FOLD] = s["chips"][0] != s["chips"][1]
    out[CALL] = 1
    out[RAISE] = s["raises"] < MOST_RAISES


@rule
def step(s, p, action, rewards):
    player, chips = s["to_move"], s["chips"]
    s["actions"][s["round"], s["played"]] = action + 1
    s["played"] += 1
    s["to_move"] = 1 - player
    if action == FOLD:
        pay(rewards, 1 - player, float(chips[player]))
        return True
    chips[player] = chips[1 - player]
    if action == RAISE:
        chips[player] += RAISES[s["round"]]
        s["raises"] += 1
        return False
    if s["played"] == 1:  # the first check
        return False
    if s["round"] == ROUNDS - 1:
        show_down(s, rewards)
        return True
    s["round"] += 1
    s["played"] = 0
    s["raises"] = 0
    s["to_move"] = 0
    return False


@rule
def observe(s, p, agent, out):
    out[0] = s["cards"][agent]
    out[1] = s["cards"][2] + 1 if s["round"] > 0 else 0
    out[2] = agent
    out[3] = s["played"]
    for k in range(ROUNDS * MOST_ACTIONS):
        out[4 + k] = s["actions"][k // MOST_ACTIONS, k % MOST_ACTIONS]


@rule
def deal(s, deck):
    """Three different cards; cards 2 k and 2 k + 1 have the rank k."""
    first = random_below(s["rng"], deck)
    second = (first + 1 + random_below(s["rng"], deck - 1)) % deck
    third = random_below(s["rng"], deck)
    while third == first or third == second:
        third = random_below(s["rng"], deck)
    s["cards"][0] = first // 2
    s["cards"][1] = second // 2
    s["cards"][2] = third // 2


@rule
def show_down(s, rewards):
    first, second = strength(s["cards"], 0), strength(s["cards"], 1)
    if first != second:
        pay(rewards, 0 if first > second else 1, float(s["chips"][0]))


@rule
def strength(cards, player):
    """A pair is stronger than every single rank."""
    return cards[player] + (1_000_000 if cards[player] == cards[2] else 0)


# --- picture: all cards, since a person who watches plays neither, chips beside them, the actions below -------------


def draw(s, p):
    scene = Scene(6, 3.6)
    scene.players("player_0", "player_1")
    names = ("player_0", "player_1", "public")
    for k, card in enumerate(s["cards"]):
        x = 0.4 + 1.9 * k
        is_acting = k == s["to_move"]
        scene.rect(x, 0.5, 1.3, 1.7, "outline" if is_acting else "muted", radius=0.12)
        is_shown = k < 2 or s["round"] > 0
        scene.rect(x + 0.05, 0.55, 1.2, 1.6, "cell" if is_shown else "hole", radius=0.1)
        if is_shown:
            scene.text(x + 0.65, 1.35, f"{card}", 0.7, ("player_0", "player_1", "text")[k])
        words = f"{names[k]}: {s['chips'][k]}" if k < 2 else names[k]
        scene.text(x + 0.65, 0.28, words, 0.24, "text")
    for action, label in enumerate(LABELS):
        scene.action(action, 2 * action + 0.05, 2.75, 1.9, 0.7, label)
    scene.glyph_rows = [f"cards {s['cards'][0]} {s['cards'][1]}, public {s['cards'][2] if s['round'] else '?'}"]
    scene.glyph_rows += [f"chips {s['chips'][0]} {s['chips'][1]}", f"actions {history(s)}"]
    return scene


def history(s):
    return " / ".join(" ".join(LABELS[action - 1] for action in line if action) or "none" for line in s["actions"])


ENV = Declaration(
    id="MaskedLeduc-v0",
    module=__name__,
    play="turns",
    agents=lambda values: ("player_0", "player_1"),
    state=state,
    mask=lambda values: MaskSpec.flat(len(LABELS)),
    observation=lambda values: Box(0, max(MOST_ACTIONS, values["num_ranks"]), (4 + ROUNDS * MOST_ACTIONS,), np.int64),
    parameters={"num_ranks": Parameter(3, "ranks, of two cards each", low=2, high=1000)},
    action_labels=lambda values: LABELS,
    zero_sum=True,
)
