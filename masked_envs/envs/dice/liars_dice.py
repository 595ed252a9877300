"""Action-masked Liar's Dice: bid higher on dice that nobody sees in full, or call the last bid a lie.

Description
    Every player rolls dice and keeps them hidden. In turn, beginning with player_0, a player makes a bid (among the
    dice of all players, at least a number of them show a face) or challenges the previous bid. A bid must be higher
    than the previous one: a larger number of dice, or the same number with a higher face. A challenge ends the game,
    and the dice are shown. If the bid holds, the challenger loses against the player who made the bid; otherwise that
    player loses against the challenger.

Action space
    `Discrete(bids + 1)` with bids = num_players * num_dice * num_faces.

    | action | meaning |
    |---|---|
    | (q - 1) * num_faces + (f - 1) | bid: q dice show face f, with faces counted from 1 |
    | bids | challenge |

Mask
    Kind flat, meaning legal: int8 (bids + 1,). A bid is legal if its number is higher than that of the previous bid,
    and the challenge if there is a bid. It is a function of the observation, reveals nothing of the dice, and is never
    empty.

Observation
    `Box (num_faces + 1 + bids,) int64`, seen by one player. Bids rise and player_0 begins, so the observation also
    shows who made which bid.

    | index | meaning |
    |---|---|
    | 0 to num_faces - 1 | how many of the player's dice count for each face, from face 1 on |
    | num_faces | the index of the player |
    | num_faces + 1 + k | 1 if bid k has been made, else 0 |

Rewards
    At the end 1 for the winner and -1 for the loser of the challenge, 0 for the others.

Start
    Each die shows 1 to num_faces with equal chance.

Episode end
    Terminated by a challenge, after at most `bids` bids; the next player in turn is then to move. Never truncated,
    unless `time_limit` is set.

Arguments
    `num_players`, `num_dice`, `num_faces`, `wild_ones`. With `wild_ones=True` dice that show 1 count for every face;
    otherwise each die counts for its own face only.

References
    Lanctot, Gibson, Burch, Zinkevich and Bowling, "No-Regret Learning in Extensive-Form Games with Imperfect Recall",
    ICML 2012, describe the game of two players and one round; with one die of six faces each it has 24,576 situations
    in which a player decides: 6 dice, and any subset of 12 bids. From every deal there are 2 ** bids - 1 games.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene, agent_ink
from .dice import count_faces, draw_die, roll

NO_BID = -1


def num_bids(values):
    return values["num_players"] * values["num_dice"] * values["num_faces"]


def state(values):
    return state_record(
        dice=(np.int64, (values["num_players"], values["num_dice"])),
        counts=(np.int64, (values["num_players"], values["num_faces"])),  # dice of each that count for a face
        was_bid=(np.int8, (num_bids(values),)),
        last_bid=np.int64,
    )


@rule
def reset(s, p):
    for player in range(p["num_players"]):
        for die in range(p["num_dice"]):
            s["dice"][player, die] = roll(s["rng"], p["num_faces"])
        count_faces(s["dice"][player], s["counts"][player])
        if p["wild_ones"]:
            for face in range(1, p["num_faces"]):
                s["counts"][player, face] += s["counts"][player, 0]
    fill(s["was_bid"], 0)
    s["last_bid"] = NO_BID


@rule
def action_mask(s, p, player, out):
    challenge = s["was_bid"].size
    for bid in range(challenge):
        out[bid] = bid > s["last_bid"]
    out[challenge] = s["last_bid"] != NO_BID


@rule
def step(s, p, action, rewards):
    player, players = s["to_move"], p["num_players"]
    s["to_move"] = (player + 1) % players
    if action < s["was_bid"].size:
        s["was_bid"][action] = 1
        s["last_bid"] = action
        return False
    bidder = (player + players - 1) % players
    winner = bidder if is_true(s, p) else player
    rewards[winner] += 1.0
    rewards[player + bidder - winner] -= 1.0
    return True


@rule
def observe(s, p, player, out):
    faces = p["num_faces"]
    for face in range(faces):
        out[face] = s["counts"][player, face]
    out[faces] = player
    for bid in range(s["was_bid"].size):
        out[faces + 1 + bid] = s["was_bid"][bid]


@rule
def is_true(s, p):
    """Whether the dice are as the last bid says."""
    quantity, face = 1 + s["last_bid"] // p["num_faces"], s["last_bid"] % p["num_faces"]
    found = 0
    for player in range(p["num_players"]):
        found += s["counts"][player, face]
    return found >= quantity


# --- picture: the dice of all players, since a person who watches plays none; below a table of bids ------------------

DIE, GAP, BID = 0.6, 0.15, 0.62


def draw(s, p):
    players, num_dice, faces = p["num_players"], p["num_dice"], p["num_faces"]
    bids = players * num_dice * faces
    columns = max(faces, -(-bids // 10))
    wide = max(2.2 + (DIE + GAP) * num_dice, BID * columns, 4.0)
    top = players * (DIE + GAP) + GAP
    lines = -(-bids // columns)
    scene = Scene(wide, top + BID * (lines + 1) + 0.1)
    scene.players(*map(agent_ink, range(players)))
    for player in range(players):
        y = GAP + player * (DIE + GAP)
        scene.rect(0.1, y, 1.8, DIE, "highlight" if player == s["to_move"] else "idle", radius=0.1)
        scene.text(1.0, y + DIE / 2, f"player_{player}", 0.28, "text")
        for die, number in enumerate(s["dice"][player]):
            draw_die(scene, 2.1 + die * (DIE + GAP), y, DIE, int(number), agent_ink(player))
    for bid in range(bids):
        line, column = divmod(bid, columns)
        x, y = column * BID, top + line * BID
        if s["was_bid"][bid]:
            scene.rect(x + 0.01, y + 0.01, BID - 0.02, BID - 0.02, "highlight", radius=0.06)
        scene.action(bid, x + 0.05, y + 0.05, BID - 0.1, BID - 0.1, bid_word(bid, faces))
    scene.action(bids, 0.05, top + lines * BID + 0.05, wide - 0.1, BID - 0.05, "challenge")
    scene.glyph_rows = [f"player_{k}: {' '.join(map(str, dice))}" for k, dice in enumerate(s["dice"])]
    scene.glyph_rows += ["bids " + (" ".join(bid_word(bid, faces) for bid in np.flatnonzero(s["was_bid"])) or "none")]
    return scene


def bid_word(bid, faces):
    """A bid as number x face."""
    return f"{bid // faces + 1}x{bid % faces + 1}"


ENV = Declaration(
    id="MaskedLiarsDice-v0",
    module=__name__,
    play="turns",
    agents=lambda values: tuple(f"player_{player}" for player in range(values["num_players"])),
    state=state,
    mask=lambda values: MaskSpec.flat(num_bids(values) + 1),
    observation=lambda values: Box(
        0, max(values["num_dice"], values["num_players"] - 1), (values["num_faces"] + 1 + num_bids(values),), np.int64
    ),
    parameters={
        "num_players": Parameter(2, "players", low=2, high=10),
        "num_dice": Parameter(2, "dice of each player", low=1, high=10),
        "num_faces": Parameter(6, "faces of a die", low=1, high=20),
        "wild_ones": Parameter(False, "whether dice that show 1 count for every face"),
    },
    action_labels=lambda values: (
        *(bid_word(bid, values["num_faces"]) for bid in range(num_bids(values))),
        "challenge",
    ),
    zero_sum=True,
)
