"""Action-masked Tic-Tac-Toe: mark cells in turn; three in a line win.

Description
    Two players mark an empty cell of a three by three board in turn. The first with three marks in a row, a column or a
    diagonal wins; a full board is a draw. The game is small enough to count all games.

Action space
    `Discrete(9)`.

    | action | meaning |
    |---|---|
    | k, 0 to 8 | mark the cell in row k // 3, column k % 3, from the top left |

Mask
    Kind flat, meaning legal: int8 (9,); a cell is legal while it is empty. It is a function of the observation and
    never empty before the end.

Observation
    `Box (2, 3, 3) int8`, seen by one player.

    | plane | marks |
    |---|---|
    | 0 | the player's cells |
    | 1 | the opponent's cells |

Rewards
    `+1` to the winner and `-1` to the loser at the end, otherwise 0.

Start
    An empty board; player_0 moves first.

Episode end
    Terminated by a line or a full board, after at most 9 moves. Never truncated, unless `time_limit` is set.

Arguments
    None besides the time limit.

References
    There are 255,168 games and 5,478 positions: Schaefer, "Tic-Tac-Toe (Naughts and Crosses, Cheese and Crackers,
    etc.)", 2002, and tests/envs/test_tic_tac_toe.py.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, count_nonzero, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene
from .boards import EMPTY, completes_line, mark_empty, observe_pieces

SIDE, LINE = 3, 3


def state(values):
    return state_record(board=(np.int8, (SIDE, SIDE)))


@rule
def reset(s, p):
    fill(s["board"], EMPTY)


@rule
def action_mask(s, p, agent, out):
    mark_empty(s["board"], out)


@rule
def step(s, p, cell, rewards):
    board, player = s["board"], s["to_move"]
    row, column = cell // SIDE, cell % SIDE
    board[row, column] = player + 1
    s["to_move"] = 1 - player
    if completes_line(board, row, column, LINE):
        rewards[player] += 1.0
        rewards[1 - player] -= 1.0
        return True
    return count_nonzero(board) == SIDE * SIDE


@rule
def observe(s, p, agent, out):
    observe_pieces(s["board"], agent, out)


# --- picture: one unit a cell ---------------------------------------------------------------------------------------


def draw(s, p):
    scene = Scene(SIDE, SIDE, in_picture=True)
    scene.players("player_0", "player_1")
    for (row, column), piece in np.ndenumerate(s["board"]):
        scene.rect(column + 0.04, row + 0.04, 0.92, 0.92, "cell", radius=0.08)
        if piece != EMPTY:
            scene.disc(column + 0.5, row + 0.5, 0.34, ("player_0", "player_1")[piece - 1])
        else:
            place = (column + 0.04, row + 0.04, 0.92, 0.92)
            scene.action(row * SIDE + column, *place, style="area", name=f"({row}, {column})")
    scene.glyph_rows = ["".join(".XO"[piece] for piece in row) for row in s["board"]]
    return scene


ENV = Declaration(
    id="MaskedTicTacToe-v0",
    module=__name__,
    play="turns",
    agents=lambda values: ("player_0", "player_1"),
    state=state,
    mask=lambda values: MaskSpec.flat(SIDE * SIDE),
    observation=lambda values: Box(0, 1, (2, SIDE, SIDE), np.int8),
    zero_sum=True,
)
