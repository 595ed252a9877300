"""Action-masked Othello: enclose the other's discs in lines and flip them; most discs win.

Description
    Two players place a disc in turn on an empty cell so that it encloses discs of the opponent: in at least one of the
    eight directions there is a line of the opponent's discs with a disc of the player at its end. All enclosed discs
    are flipped. A player who cannot flip anything passes. When neither can, the game ends and the player with more
    discs wins.

Action space
    `Discrete(size * size + 1)`.

    | action | meaning |
    |---|---|
    | k, 0 to size * size - 1 | place a disc on the cell in row k // size, column k % size, from the top left |
    | size * size | pass |

Mask
    Kind flat, meaning legal: int8 (size * size + 1,). A cell is legal if a disc there flips at least one disc; passing
    is legal only if no cell is. It is a function of what the player to move observes, and never empty before the end.

Observation
    `Box (2, size, size) int8`, seen by one player.

    | plane | marks |
    |---|---|
    | 0 | the player's discs |
    | 1 | the opponent's discs |

Rewards
    At the end `+1` to the player with more discs and `-1` to the opponent, or 0 for both if they have equally many.

Start
    Four discs in the middle: player_1's on (size / 2 - 1, size / 2 - 1) and (size / 2, size / 2), player_0's on
    (size / 2 - 1, size / 2) and (size / 2, size / 2 - 1). player_0 moves first.

Episode end
    Terminated when neither player can flip a disc; a full board is one such position. Never truncated, unless
    `time_limit` is set.

Arguments
    `size`, an even number.

References
    World Othello Federation, "World Othello Chess Championship Rules". Sequences of moves from the start (OEIS
    A124004): 4, 12, 56, 244, 1396, 8200, 55092.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

# A board is one number for each row, whose bit k is the cell in column k. A whole row of lines is so followed at once:
# masks are renewed in every step, and cell by cell they would take most of the time of a game.
SIDEWAYS = (-1, 0, 1)  # columns per row of a line that leads downwards or upwards


def state(values):
    rows = (values["size"],)
    return state_record(
        discs=(np.int64, (2, *rows)),  # of each player
        legal=(np.int64, rows),  # where the player to move flips something
        lines=(np.int64, rows),  # scratch of `renew_legal`
        can_move=np.int64,
    )


@rule
def reset(s, p):
    discs, middle = s["discs"], p["size"] // 2
    fill(discs, 0)
    for player in range(2):
        discs[player, middle - 1] = 1 << (middle - player)
        discs[player, middle] = 1 << (middle - 1 + player)
    renew_legal(s, p["size"], 0)


@rule
def action_mask(s, p, agent, out):
    size, legal = p["size"], s["legal"]
    for row in range(size):
        for column in range(size):
            out[row * size + column] = (legal[row] >> column) & 1
    out[size * size] = s["can_move"] == 0


@rule
def step(s, p, action, rewards):
    size, player = p["size"], s["to_move"]
    other = 1 - player
    if action < size * size:
        place(s["discs"], size, player, action // size, action % size)
    s["to_move"] = other
    renew_legal(s, size, other)
    if s["can_move"] != 0:
        return False
    renew_legal(s, size, player)
    if s["can_move"] != 0:  # the other has to pass
        fill(s["legal"], 0)
        s["can_move"] = 0
        return False
    lead = count_bits(s["discs"][0], size) - count_bits(s["discs"][1], size)
    if lead != 0:
        winner = 0 if lead > 0 else 1
        rewards[winner] += 1.0
        rewards[1 - winner] -= 1.0
    return True


@rule
def observe(s, p, agent, out):
    discs = s["discs"]
    for row in range(p["size"]):
        for column in range(p["size"]):
            out[0, row, column] = (discs[agent, row] >> column) & 1
            out[1, row, column] = (discs[1 - agent, row] >> column) & 1


@rule
def place(discs, size, player, row, column):
    """Put a disc and flip what it encloses."""
    discs[player, row] |= 1 << column
    for down in range(-1, 2):
        for right in range(-1, 2):
            for back in range(enclosed(discs, size, player, row, column, down, right)):
                flipped_row, bit = row + (back + 1) * down, 1 << (column + (back + 1) * right)
                discs[player, flipped_row] |= bit
                discs[1 - player, flipped_row] &= ~bit


@rule
def enclosed(discs, size, player, row, column, down, right):
    """How many discs of the other lie in one direction between the cell and the next disc of the player."""
    length = 0
    row, column = row + down, column + right
    while 0 <= row < size and 0 <= column < size and (discs[1 - player, row] >> column) & 1 == 1:
        length += 1
        row, column = row + down, column + right
    is_closed = 0 <= row < size and 0 <= column < size and (discs[player, row] >> column) & 1 == 1
    return length if is_closed else 0


@rule
def renew_legal(s, size, player):
    """Find the cells where a player flips something: the empty ends of lines that begin at the player's discs."""
    legal, discs, lines = s["legal"], s["discs"], s["lines"]
    own, others, board = discs[player], discs[1 - player], (1 << size) - 1
    for row in range(size):
        legal[row] = ends_in_row(own[row], others[row], size) & board
    for side in range(len(SIDEWAYS)):
        lines[0] = 0  # the cells of each row that belong to lines from above
        for row in range(1, size):
            lines[row] = others[row] & shifted(own[row - 1] | lines[row - 1], SIDEWAYS[side])
            legal[row] |= shifted(lines[row - 1], SIDEWAYS[side]) & board
        lines[size - 1] = 0  # and from below
        for row in range(size - 2, -1, -1):
            lines[row] = others[row] & shifted(own[row + 1] | lines[row + 1], SIDEWAYS[side])
            legal[row] |= shifted(lines[row + 1], SIDEWAYS[side]) & board
    s["can_move"] = 0
    for row in range(size):
        legal[row] &= ~(own[row] | others[row])
        if legal[row] != 0:
            s["can_move"] = 1


@rule
def ends_in_row(own, others, size):
    """The cells one beyond the other's discs in line with an own disc, to the right and to the left."""
    right, left = others & (own << 1), others & (own >> 1)
    for _ in range(size - 3):  # a line between two cells of a row is that long at most
        right |= others & (right << 1)
        left |= others & (left >> 1)
    return (right << 1) | (left >> 1)


@rule
def shifted(row, right):
    """The bits of a row, moved by -1, 0 or 1 columns to the right."""
    if right > 0:
        return row << 1
    return row >> 1 if right < 0 else row


@rule
def count_bits(rows, size):
    total = 0
    for row in range(size):
        bits = rows[row]
        while bits != 0:
            bits &= bits - 1  # clears the lowest
            total += 1
    return total


def validate(values):
    if values["size"] % 2:
        raise ValueError(f"size={values['size']} is odd; the start needs an even number")


# --- picture: one unit a cell, the pass below ------------------------------------------------------------------------

BUTTON = 0.9


def draw(s, p):
    size = p["size"]
    scene = Scene(size, size + BUTTON)
    scene.players("piece_dark", "piece_light")
    scene.rect(0, 0, size, size, "frame")
    for row in range(size):
        for column in range(size):
            scene.rect(column + 0.03, row + 0.03, 0.94, 0.94, "cell")
            disc = glyph(s, row, column)
            if disc == ".":
                place = (column + 0.03, row + 0.03, 0.94, 0.94)
                scene.action(row * size + column, *place, style="area", name=f"({row}, {column})")
            else:
                scene.disc(column + 0.5, row + 0.5, 0.4, "piece_dark")
                if disc == "O":
                    scene.disc(column + 0.5, row + 0.5, 0.36, "piece_light")
    scene.action(size * size, 0.05, size + 0.1, size - 0.1, BUTTON - 0.15, "pass")
    scene.glyph_rows = ["".join(glyph(s, row, column) for column in range(size)) for row in range(size)]
    return scene


def glyph(s, row, column):
    dark, light = (int(discs) >> column & 1 for discs in s["discs"][:, row])
    return "X" if dark else "O" if light else "."


ENV = Declaration(
    id="MaskedOthello-v0",
    module=__name__,
    play="turns",
    agents=lambda values: ("player_0", "player_1"),
    state=state,
    mask=lambda values: MaskSpec.flat(values["size"] ** 2 + 1),
    observation=lambda values: Box(0, 1, (2, values["size"], values["size"]), np.int8),
    parameters={"size": Parameter(8, "cells along a side, an even number", low=4, high=16)},
    validate=validate,
    zero_sum=True,
)
