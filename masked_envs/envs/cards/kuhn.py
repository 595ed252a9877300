"""Action-masked Kuhn poker: three cards, one bet, and the smallest game worth bluffing in.

Description
    Two players put one chip each into the pot and get one card each from a deck with the ranks 0 to `num_cards` - 1.
    player_0 checks or bets one chip; then player_1 checks or bets or, after a bet, folds or calls. After a check and a
    bet player_0 folds or calls. A player who folds loses the pot; otherwise the higher card wins it.

Action space
    `Discrete(4)`.

    | action | meaning |
    |---|---|
    | 0 | check |
    | 1 | bet |
    | 2 | fold |
    | 3 | call |

Mask
    Kind flat, meaning legal: int8 (4,). Check and bet are legal while nobody has bet, fold and call after a bet. It is
    a function of the observation, reveals nothing of the hidden card, and is never empty before the end.

Observation
    `Box (4,) int64`, seen by one player.

    | index | meaning | from | to |
    |---|---|---|---|
    | 0 | the rank of the player's card | 0 | num_cards - 1 |
    | 1 | the index of the player | 0 | 1 |
    | 2 | the first action of the game plus one, 0 before it | 0 | 4 |
    | 3 | the second action of the game plus one, 0 before it | 0 | 4 |

Rewards
    At the end, the chips won from the opponent, or lost to it as a negative number: 1, or 2 if a bet was called.

Start
    Two different cards at random.

Episode end
    Terminated by a fold, a call, or two checks, after two or three actions. Never truncated, unless `time_limit` is
    set.

Arguments
    `num_cards`.

References
    Kuhn, "A Simplified Two-Person Poker", Contributions to the Theory of Games 1, 1950: with three cards the value of
    the game for player_0 is -1/18.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene
from .chips import pay

CHECK, BET, FOLD, CALL = range(4)
LABELS = ("check", "bet", "fold", "call")
MOST_SHOWN = 2  # actions after which the next one ends the game; the observation shows so many


def state(values):
    return state_record(cards=(np.int64, (2,)), actions=(np.int64, (MOST_SHOWN,)), played=np.int64)


@rule
def reset(s, p):
    first = random_below(s["rng"], p["num_cards"])
    s["cards"][0] = first
    s["cards"][1] = (first + 1 + random_below(s["rng"], p["num_cards"] - 1)) % p["num_cards"]
    fill(s["actions"], 0)
    s["played"] = 0


@rule
def action_mask(s, p, agent, out):
    is_bet = faces_bet(s)
    out[CHECK] = not is_bet
    out[BET] = not is_bet
    out[FOLD] = is_bet
    out[CALL] = is_bet


@rule
def step(s, p, action, rewards):
    player, is_second_check = s["to_move"], action == CHECK and s["played"] > 0
    if s["played"] < MOST_SHOWN:
        s["actions"][s["played"]] = action + 1
    s["played"] += 1
    s["to_move"] = 1 - player
    if action == FOLD:
        pay(rewards, 1 - player, 1.0)
    elif action == CALL or is_second_check:
        pay(rewards, 0 if s["cards"][0] > s["cards"][1] else 1, 2.0 if action == CALL else 1.0)
    return action == FOLD or action == CALL or is_second_check


@rule
def observe(s, p, agent, out):
    out[0] = s["cards"][agent]
    out[1] = agent
    for k in range(MOST_SHOWN):
        out[2 + k] = s["actions"][k]


@rule
def faces_bet(s):
    """Whether the last action was a bet."""
    return s["played"] > 0 and s["actions"][s["played"] - 1] == BET + 1


# --- picture: both cards, since a person who watches plays neither, and the actions below ---------------------------


def draw(s, p):
    scene = Scene(4, 3.2)
    scene.players("player_0", "player_1")
    for player, card in enumerate(s["cards"]):
        x = 0.6 + 1.6 * player
        is_acting = player == s["to_move"]
        scene.rect(x, 0.3, 1.2, 1.7, "outline" if is_acting else "muted", radius=0.12)
        scene.rect(x + 0.05, 0.35, 1.1, 1.6, "cell", radius=0.1)
        scene.text(x + 0.6, 1.15, f"{card}", 0.7, ("player_0", "player_1")[player])
    for action, label in enumerate(LABELS):
        scene.action(action, action + 0.05, 2.35, 0.9, 0.7, label)
    scene.glyph_rows = [f"cards {s['cards'][0]} {s['cards'][1]}", f"actions {history(s)}"]
    return scene


def history(s):
    return " ".join(LABELS[action - 1] for action in s["actions"] if action) or "none"


ENV = Declaration(
    id="MaskedKuhn-v0",
    module=__name__,
    play="turns",
    agents=lambda values: ("player_0", "player_1"),
    state=state,
    mask=lambda values: MaskSpec.flat(len(LABELS)),
    observation=lambda values: Box(0, max(len(LABELS), values["num_cards"] - 1), (2 + MOST_SHOWN,), np.int64),
    parameters={"num_cards": Parameter(3, "cards in the deck, each of another rank", low=2, high=1000)},
    action_labels=lambda values: LABELS,
    zero_sum=True,
)
