"""Action-masked 2048: slide and merge numbered tiles; a move that changes nothing is not a move.

Description
    Tiles on a square board hold powers of two. A move slides all tiles as far as they go to one side. Two tiles of the
    same number that meet merge into one of twice the number, once in each move, those nearest to that side first. Then
    a new tile appears.

Action space
    `Discrete(4)`: the side to which all tiles slide.

    | action | meaning |
    |---|---|
    | 0 | up |
    | 1 | right |
    | 2 | down |
    | 3 | left |

Mask
    Kind flat, meaning legal: int8 (4,); a move is legal if it changes the board. It is a function of the observation
    and never empty before the end.

Observation
    `Box (size, size) int8`, row 0 at the top.

    | value | meaning |
    |---|---|
    | 0 | an empty cell |
    | k, 1 to 127 | a tile with the number 2^k |

Rewards
    The sum of the numbers on the tiles that the move created by merging.

Start
    Two tiles, each drawn like every new one: on a uniformly random empty cell, 2 with probability 0.9, otherwise 4.

Episode end
    Terminated when no move would change the board. Never truncated, unless `time_limit` is set.

Arguments
    `size`.

References
    Gabriele Cirulli, "2048", 2014, with these rules and probabilities.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import (
    Declaration,
    Parameter,
    copy_to,
    count_nonzero,
    equal_to,
    fill,
    nth_nonzero,
    random_below,
    random_uniform,
    rule,
    state_record,
)
from ...mask_spec import MaskSpec
from ...render import Scene

UP, RIGHT, DOWN, LEFT = range(4)
LABELS = ("up", "right", "down", "left")
EMPTY = 0
PROBABILITY_OF_2 = 0.9


def state(values):
    size = values["size"]
    return state_record(
        board=(np.int8, (size, size)),
        empty=(np.int8, (size, size)),  # scratch of `add_tile`
        line=(np.int8, (size,)),  # scratch of `slide`
        changes=(np.int8, (len(LABELS),)),  # the moves that change the board
    )


@rule
def reset(s, p):
    fill(s["board"], EMPTY)
    add_tile(s)
    add_tile(s)
    find_moves(s, p["size"])


@rule
def action_mask(s, p, agent, out):
    copy_to(s["changes"], out)


@rule
def step(s, p, move, rewards):
    for lane in range(p["size"]):
        rewards[0] += slide(s["board"], s["line"], p["size"], lane, move)
    add_tile(s)
    find_moves(s, p["size"])
    return count_nonzero(s["changes"]) == 0


@rule
def observe(s, p, agent, out):
    copy_to(s["board"], out)


@rule
def add_tile(s):
    equal_to(s["board"], EMPTY, s["empty"])
    cell = nth_nonzero(s["empty"], random_below(s["rng"], count_nonzero(s["empty"])))
    columns = s["board"].shape[1]
    s["board"][cell // columns, cell % columns] = 1 if random_uniform(s["rng"], 0.0, 1.0) < PROBABILITY_OF_2 else 2


@rule
def slide(board, line, size, lane, move):
    """Slide one row or column; the sum of the tiles that came from merging."""
    fill(line, EMPTY)
    placed, merged = 0, 0.0
    may_merge = False  # whether the last tile placed did not come from merging
    for k in range(size):
        tile = tile_at(board, size, lane, k, move)
        if tile == EMPTY:
            continue
        if may_merge and line[placed - 1] == tile:
            line[placed - 1] = tile + 1
            merged += float(1 << (tile + 1))
            may_merge = False
        else:
            line[placed] = tile
            placed += 1
            may_merge = True
    for k in range(size):
        row, column = cell_at(size, lane, k, move)
        board[row, column] = line[k]
    return merged


@rule
def cell_at(size, lane, k, move):
    """The k-th cell of a lane, from the side to which the tiles slide."""
    along = k if move == UP or move == LEFT else size - 1 - k
    if move == UP or move == DOWN:
        return along, lane
    return lane, along


@rule
def tile_at(board, size, lane, k, move):
    row, column = cell_at(size, lane, k, move)
    return int(board[row, column])


@rule
def find_moves(s, size):
    for move in range(len(LABELS)):
        s["changes"][move] = changes_board(s["board"], size, move)


@rule
def changes_board(board, size, move):
    """Whether some tile has an empty cell or an equal tile before it."""
    for lane in range(size):
        before = tile_at(board, size, lane, 0, move)
        for k in range(1, size):
            tile = tile_at(board, size, lane, k, move)
            if tile != EMPTY and (before == EMPTY or before == tile):
                return True
            before = tile
    return False


# --- picture: one unit a cell, the actions below ----------------------------------------------------------------------

BUTTON = 0.7


def draw(s, p):
    size = p["size"]
    scene = Scene(size, size + BUTTON)
    scene.rect(0, 0, size, size, "frame")
    for (row, column), tile in np.ndenumerate(s["board"]):
        ink = "hole" if tile == EMPTY else f"value_{min(int(tile) - 1, 9)}"
        scene.rect(column + 0.05, row + 0.05, 0.9, 0.9, ink, radius=0.1)
        if tile != EMPTY:
            words = f"{2 ** int(tile)}"
            scene.text(column + 0.5, row + 0.5, words, 0.42 if len(words) < 4 else 0.26, "text")
    width = size / len(LABELS)
    for move, label in enumerate(LABELS):
        scene.action(move, move * width + 0.04, size + 0.08, width - 0.08, BUTTON - 0.12, label, icon=label)
    scene.glyph_rows = ["".join(f"{2 ** int(tile) if tile else '.'}".rjust(6) for tile in line) for line in s["board"]]
    return scene


ENV = Declaration(
    id="Masked2048-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(len(LABELS)),
    observation=lambda values: Box(0, 127, (values["size"], values["size"]), np.int8),
    parameters={"size": Parameter(4, "cells along a side", low=2, high=7)},
    action_labels=lambda values: LABELS,
)
