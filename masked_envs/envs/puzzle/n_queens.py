"""Action-masked N Queens: place a queen in each row so that none attacks another.

Description
    Queens are placed row by row from the top, one in each row, on a square board. A queen attacks her column and both
    diagonals. A placement that is legal now can leave no legal cell in a later row: then the episode ends.

Action space
    `Discrete(size)`.

    | action | meaning |
    |---|---|
    | k, 0 to size - 1 | place the queen of the next row in column k |

Mask
    Kind flat, meaning legal: int8 (size,); a column is legal if no queen placed so far attacks its cell in the next
    row. It is a function of the observation and never empty before the end.

Observation
    `Box (size, size) int8`: 1 where a queen stands; row 0 is filled first.

Rewards
    1 for each queen placed, so that the return is the number of queens on the board.

Start
    An empty board.

Episode end
    Terminated when `size` queens stand, or when every cell of the next row is attacked. Never truncated, unless
    `time_limit` is set.

Arguments
    `size`.

References
    Bell and Stevens, "A survey of known results and research areas for n-queens", Discrete Mathematics 309(1), 2009.
    For size 8 there are 8, 42, 140, 344, 568, 550, 312 and 92 ways to place one to eight queens.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, count_nonzero, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene


def state(values):
    size = values["size"]
    return state_record(
        board=(np.int8, (size, size)),
        open_columns=(np.int8, (size,)),  # of the next row, all 0 when there is none
        queens=np.int64,
    )


@rule
def reset(s, p):
    fill(s["board"], 0)
    fill(s["open_columns"], 1)
    s["queens"] = 0


@rule
def action_mask(s, p, agent, out):
    copy_to(s["open_columns"], out)


@rule
def step(s, p, column, rewards):
    s["board"][s["queens"], column] = 1
    s["queens"] += 1
    rewards[0] += 1.0
    fill(s["open_columns"], 0)
    if s["queens"] < p["size"]:
        for other in range(p["size"]):
            s["open_columns"][other] = not is_attacked(s["board"], s["queens"], other)
    return count_nonzero(s["open_columns"]) == 0


@rule
def observe(s, p, agent, out):
    copy_to(s["board"], out)


@rule
def is_attacked(board, row, column):
    """Whether a queen in one of the rows above attacks a cell."""
    for distance in range(1, row + 1):
        above = board[row - distance]
        if above[column] != 0:
            return True
        if column >= distance and above[column - distance] != 0:
            return True
        if column + distance < board.shape[1] and above[column + distance] != 0:
            return True
    return False


# --- picture: one unit a cell; the actions are the cells of the next row ----------------------------------------------


def draw(s, p):
    size, next_row = p["size"], int(s["queens"])
    scene = Scene(size, size, in_picture=True)
    for (row, column), queen in np.ndenumerate(s["board"]):
        scene.rect(column, row, 1, 1, ("cell", "cell_alt")[(row + column) % 2])
        if queen:
            scene.polygon(crown(column, row), "piece_dark")
    if next_row < size:
        for column in range(size):
            place = (column + 0.04, next_row + 0.04, 0.92, 0.92)
            scene.action(column, *place, style="area", name=f"column {column}")
    scene.glyph_rows = ["".join(".Q"[queen] for queen in line) for line in s["board"]]
    return scene


def crown(x, y):
    points = ((0.2, 0.8), (0.14, 0.3), (0.35, 0.55), (0.5, 0.18), (0.65, 0.55), (0.86, 0.3), (0.8, 0.8))
    return [(x + right, y + down) for right, down in points]


ENV = Declaration(
    id="MaskedNQueens-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(values["size"]),
    observation=lambda values: Box(0, 1, (values["size"], values["size"]), np.int8),
    parameters={"size": Parameter(8, "cells along a side, and queens", low=1, high=100)},
)
