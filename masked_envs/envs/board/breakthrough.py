"""Action-masked Breakthrough: march to the other side; captures are diagonal.

Description
    Each player has two rows of pieces. A move takes one piece one row ahead: straight or diagonally to an empty cell,
    or diagonally onto a piece of the opponent, which is captured. A player wins by bringing a piece to the last row or
    by capturing every piece of the opponent. There are no draws, since the foremost piece can always move.

Action space
    `Discrete(3 * rows * columns)`: 3 * (row * columns + column) of the piece, plus the direction. Ahead is the row
    below for player_0, the row above for player_1; row 0 is at the top.

    | direction | meaning |
    |---|---|
    | 0 | diagonally ahead, to the column on the left |
    | 1 | straight ahead |
    | 2 | diagonally ahead, to the column on the right |

Mask
    Kind flat, meaning legal: int8 (3 * rows * columns,). An action is legal if a piece of the player to move stands on
    the cell, and its target is on the board and is empty or, for a diagonal move, holds a piece of the opponent. It is
    a function of the observation and never empty before the end.

Observation
    `Box (3, rows, columns) int8`, seen by one player.

    | plane | marks |
    |---|---|
    | 0 | the player's pieces |
    | 1 | the opponent's pieces |
    | 2 | all cells for player_0, who moves downwards; none for player_1 |

Rewards
    `+1` to the winner and `-1` to the loser at the end, otherwise 0.

Start
    player_0's pieces fill the two top rows, player_1's the two bottom rows. player_0 moves first.

Episode end
    Terminated when a piece reaches the last row ahead of it, or the opponent has no piece left. Never truncated, unless
    `time_limit` is set.

Arguments
    `rows`, `columns`.

References
    Dan Troyka, 2000; winner of the 8x8 Game Design Competition. From the start there are 22, 484 and 11132 sequences of
    one to three moves on the board of 8 by 8.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene
from .boards import EMPTY, observe_pieces

HOME_ROWS = 2
SIDEWAYS = 3  # moves of a piece: to the column before, the same, the column after


def state(values):
    return state_record(board=(np.int8, (values["rows"], values["columns"])), pieces=(np.int64, (2,)))


@rule
def reset(s, p):
    board, rows = s["board"], p["rows"]
    fill(board, EMPTY)
    for row in range(HOME_ROWS):
        fill(board[row], 1)
        fill(board[rows - 1 - row], 2)
    fill(s["pieces"], HOME_ROWS * p["columns"])


@rule
def action_mask(s, p, agent, out):
    board, columns = s["board"], p["columns"]
    fill(out, 0)
    ahead = 1 - 2 * agent
    for row in range(p["rows"]):
        if not 0 <= row + ahead < p["rows"]:
            continue
        for column in range(columns):
            if board[row, column] == agent + 1:
                for move in range(SIDEWAYS):
                    target = column + move - 1
                    if 0 <= target < columns:
                        held = board[row + ahead, target]
                        may_enter = held == EMPTY or (move != 1 and held == 2 - agent)
                        out[SIDEWAYS * (row * columns + column) + move] = may_enter


@rule
def step(s, p, action, rewards):
    board, player, columns = s["board"], s["to_move"], p["columns"]
    row, column = action // SIDEWAYS // columns, action // SIDEWAYS % columns
    target_row, target_column = row + 1 - 2 * player, column + action % SIDEWAYS - 1
    if board[target_row, target_column] != EMPTY:
        s["pieces"][1 - player] -= 1
    board[row, column] = EMPTY
    board[target_row, target_column] = player + 1
    s["to_move"] = 1 - player
    last_row = p["rows"] - 1 if player == 0 else 0
    if target_row != last_row and s["pieces"][1 - player] > 0:
        return False
    rewards[player] += 1.0
    rewards[1 - player] -= 1.0
    return True


@rule
def observe(s, p, agent, out):
    observe_pieces(s["board"], agent, out)
    fill(out[2], 1 - agent)


# --- picture: one unit a cell; the three moves of a piece are at the edge of its cell that lies ahead -----------------


def draw(s, p):
    rows, columns = p["rows"], p["columns"]
    scene = Scene(columns, rows, in_picture=True)
    scene.players("player_0", "player_1")
    for (row, column), piece in np.ndenumerate(s["board"]):
        scene.rect(column, row, 1, 1, ("cell", "cell_alt")[(row + column) % 2])
        if piece != EMPTY:
            scene.disc(column + 0.5, row + 0.5, 0.34, ("player_0", "player_1")[piece - 1])
    player = int(s["to_move"])
    for row, column in np.argwhere(s["board"] == player + 1):
        y = row + (0.68 if player == 0 else 0.04)
        for move in range(SIDEWAYS):
            action = SIDEWAYS * (row * columns + column) + move
            sign = "\\|/"[move if player == 1 else 2 - move]
            name = f"({row}, {column}) {sign}"
            scene.action(int(action), column + 0.04 + 0.32 * move, y, 0.28, 0.28, sign, name=name)
    scene.glyph_rows = ["".join(".XO"[piece] for piece in line) for line in s["board"]]
    return scene


ENV = Declaration(
    id="MaskedBreakthrough-v0",
    module=__name__,
    play="turns",
    agents=lambda values: ("player_0", "player_1"),
    state=state,
    mask=lambda values: MaskSpec.flat(SIDEWAYS * values["rows"] * values["columns"]),
    observation=lambda values: Box(0, 1, (3, values["rows"], values["columns"]), np.int8),
    parameters={
        "rows": Parameter(8, "rows of the board", low=2 * HOME_ROWS + 1, high=26),
        "columns": Parameter(8, "columns of the board", low=2, high=26),
    },
    zero_sum=True,
)
