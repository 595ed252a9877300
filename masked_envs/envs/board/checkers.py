"""Action-masked checkers (English draughts): captures are forced, and go on as long as they can.

Description
    Men and kings stand on the dark cells of a board. A man moves one cell diagonally ahead, a king in all four diagonal
    directions. A piece captures by jumping over an adjacent piece of the opponent to the empty cell behind it. A player
    who can capture must do so, and goes on with the same piece as long as it can. A man that reaches the last row
    becomes a king and ends the turn. A player to move who has no move, or no piece left, loses.

Action space
    `Discrete(4 * size * size)`: 4 * (row * size + column) of the piece, plus the direction. The piece moves one cell,
    or two if that is a capture. Each jump of a longer capture is a separate action of the same player.

    | direction | rows down | columns to the right |
    |---|---|---|
    | 0 | -1 | -1 |
    | 1 | -1 | 1 |
    | 2 | 1 | -1 |
    | 3 | 1 | 1 |

Mask
    Kind flat, meaning legal: int8 (4 * size * size,). During a capture, the jumps of the capturing piece; otherwise all
    jumps if there are any; otherwise all moves to empty cells. It is a function of what the player to move observes,
    and never empty before the end.

Observation
    `Box (6, size, size) int8`, seen by one player.

    | plane | marks |
    |---|---|
    | 0 | the player's men |
    | 1 | the player's kings |
    | 2 | the opponent's men |
    | 3 | the opponent's kings |
    | 4 | the piece that is in the middle of a capture |
    | 5 | all cells for player_0, whose men move downwards; none for player_1 |

Rewards
    `+1` to the winner and `-1` to the loser at the end, otherwise 0.

Start
    Dark cells are those with an odd sum of row and column; row 0 is at the top. player_0's men stand on those of the
    first size / 2 - 1 rows, player_1's on those of the last. player_0 moves first.

Episode end
    Terminated when the player to move has no legal action, or as a draw after `draw_after` actions in a row without a
    capture or a move of a man. Never truncated, unless `time_limit` is set.

Arguments
    `size`, an even number; `draw_after`.

References
    American Checker Federation, "Standard Rules of Checkers"; there player_0 is Black. Turns from the start on the
    board of 8 by 8, a capture of several jumps counted as one: 7, 49, 302, 1469, 7361, 36768 (Bik, "Perft for
    checkers").

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, count_nonzero, equal_to, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

EMPTY = 0
MAN, KING = 1, 3  # of player_0; player_1's are one more
DIRECTIONS = ((-1, -1), (-1, 1), (1, -1), (1, 1))  # (rows down, columns to the right)
NO_PIECE = -1


def state(values):
    size = values["size"]
    return state_record(
        board=(np.int8, (size, size)),
        legal=(np.int8, (len(DIRECTIONS) * size * size,)),
        capturing=np.int64,  # the cell of the piece whose capture goes on, or NO_PIECE
        quiet=np.int64,  # actions since the last capture or move of a man
    )


@rule
def reset(s, p):
    board, size = s["board"], p["size"]
    for row in range(size):
        for column in range(size):
            board[row, column] = EMPTY
            if (row + column) % 2 != 0 and row < size // 2 - 1:
                board[row, column] = MAN
            if (row + column) % 2 != 0 and row > size // 2:
                board[row, column] = MAN + 1
    s["capturing"] = NO_PIECE
    s["quiet"] = 0
    find_actions(s, size, 0)


@rule
def action_mask(s, p, agent, out):
    copy_to(s["legal"], out)


@rule
def step(s, p, action, rewards):
    board, size, player = s["board"], p["size"], s["to_move"]
    cell, direction = action // len(DIRECTIONS), action % len(DIRECTIONS)
    row, column = cell // size, cell % size
    down, right = DIRECTIONS[direction]
    piece, is_jump = int(board[row, column]), board[row + down, column + right] != EMPTY
    reach = 2 if is_jump else 1
    target_row, target_column = row + reach * down, column + reach * right
    if is_jump:
        board[row + down, column + right] = EMPTY
    is_crowned = piece == MAN + player and target_row == last_row(size, player)
    s["quiet"] = 0 if is_jump or piece == MAN + player else s["quiet"] + 1
    board[row, column] = EMPTY
    board[target_row, target_column] = KING + player if is_crowned else piece
    if is_jump and not is_crowned:
        s["capturing"] = target_row * size + target_column
        fill(s["legal"], 0)
        if add_actions(s, size, player, target_row, target_column, 2) > 0:
            return False
    s["capturing"] = NO_PIECE
    s["to_move"] = 1 - player
    find_actions(s, size, 1 - player)
    if count_nonzero(s["legal"]) == 0:
        rewards[player] += 1.0
        rewards[1 - player] -= 1.0
        return True
    return s["quiet"] >= p["draw_after"]


@rule
def observe(s, p, agent, out):
    board, size = s["board"], p["size"]
    equal_to(board, MAN + agent, out[0])
    equal_to(board, KING + agent, out[1])
    equal_to(board, MAN + 1 - agent, out[2])
    equal_to(board, KING + 1 - agent, out[3])
    fill(out[4], 0)
    if s["capturing"] != NO_PIECE:
        out[4, s["capturing"] // size, s["capturing"] % size] = 1
    fill(out[5], 1 - agent)


@rule
def last_row(size, player):
    """The row where a player's men become kings."""
    return size - 1 if player == 0 else 0


@rule
def find_actions(s, size, player):
    """Mark all jumps of a player or, without one, all moves."""
    for reach in range(2, 0, -1):
        fill(s["legal"], 0)
        found = 0
        for row in range(size):
            for column in range(size):
                if s["board"][row, column] == MAN + player or s["board"][row, column] == KING + player:
                    found += add_actions(s, size, player, row, column, reach)
        if found > 0:
            return


@rule
def add_actions(s, size, player, row, column, reach):
    """Mark the jumps (reach 2) or the moves (reach 1) of one piece, and count them."""
    board, found = s["board"], 0
    for direction in range(len(DIRECTIONS)):
        down, right = DIRECTIONS[direction]
        target_row, target_column = row + reach * down, column + reach * right
        is_backward = (down < 0) == (player == 0)
        if is_backward and board[row, column] == MAN + player:
            continue
        if not (0 <= target_row < size and 0 <= target_column < size):
            continue
        if board[target_row, target_column] != EMPTY:
            continue
        over = int(board[row + down, column + right])
        if reach == 1 or over == MAN + 1 - player or over == KING + 1 - player:
            s["legal"][(row * size + column) * len(DIRECTIONS) + direction] = 1
            found += 1
    return found


def validate(values):
    if values["size"] % 2:
        raise ValueError(f"size={values['size']} is odd; the board needs an even number of rows")


# --- picture: one unit a cell; the directions of a piece that may act are at the corners of its cell ---------------


def draw(s, p):
    size = p["size"]
    scene = Scene(size, size, in_picture=True)
    scene.players("player_0", "player_1")
    for (row, column), piece in np.ndenumerate(s["board"]):
        scene.rect(column, row, 1, 1, ("cell", "cell_alt")[(row + column) % 2])
        if piece != EMPTY:
            scene.disc(column + 0.5, row + 0.5, 0.36, ("player_0", "player_1")[(piece - 1) % 2])
        if piece >= KING:
            scene.disc(column + 0.5, row + 0.5, 0.18, "inverse")
        if piece != EMPTY and (piece - 1) % 2 == s["to_move"]:
            for direction, (down, right) in enumerate(DIRECTIONS):
                x, y = column + 0.39 + 0.36 * right, row + 0.39 + 0.36 * down
                action = (row * size + column) * len(DIRECTIONS) + direction
                scene.action(action, x, y, 0.22, 0.22, name=f"({row}, {column}) to ({row + down}, {column + right})")
    scene.glyph_rows = ["".join(".xoXO"[piece] for piece in line) for line in s["board"]]
    return scene


ENV = Declaration(
    id="MaskedCheckers-v0",
    module=__name__,
    play="turns",
    agents=lambda values: ("player_0", "player_1"),
    state=state,
    mask=lambda values: MaskSpec.flat(len(DIRECTIONS) * values["size"] ** 2),
    observation=lambda values: Box(0, 1, (6, values["size"], values["size"]), np.int8),
    parameters={
        "size": Parameter(8, "cells along a side, an even number", low=4, high=20),
        "draw_after": Parameter(80, "actions without a capture or a move of a man that make a draw", low=1, high=10**6),
    },
    validate=validate,
    zero_sum=True,
)
