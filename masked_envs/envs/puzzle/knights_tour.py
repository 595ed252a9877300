"""Action-masked knight's tour: visit every cell of a board once.

Description
    A knight moves over a board as in chess and never to a cell where it has been. The aim is to visit every cell.

Action space
    `Discrete(8)`: the move, clockwise, with row 0 at the top.

    | action | rows down | columns to the right |
    |---|---|---|
    | 0 | -2 | 1 |
    | 1 | -1 | 2 |
    | 2 | 1 | 2 |
    | 3 | 2 | 1 |
    | 4 | 2 | -1 |
    | 5 | 1 | -2 |
    | 6 | -1 | -2 |
    | 7 | -2 | -1 |

Mask
    Kind flat, meaning legal: int8 (8,); a move is legal if its target is on the board and has not been visited. It is a
    function of the observation and never empty before the end.

Observation
    `Box (2, rows, columns) int8`.

    | plane | marks |
    |---|---|
    | 0 | the cells visited |
    | 1 | the knight |

Rewards
    1 for each move.

Start
    With `start="corner"` the knight stands at (0, 0), with "random" on a uniformly random cell from which it can move.
    That cell counts as visited.

Episode end
    Terminated when no move is left, whether or not every cell has been visited. Never truncated, unless `time_limit` is
    set.

Arguments
    `rows`, `columns`, `start`. The board has at least 3 rows and 3 columns.

References
    Euler, "Solution d'une question curieuse que ne paroit soumise a aucune analyse", 1759. From a corner of the board
    of 5 by 5 there are 304 tours (OEIS A165134 counts 1,728 from all cells).

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, count_nonzero, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

MOVES = ((-2, 1), (-1, 2), (1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1))  # (down, right)
STARTS = ("corner", "random")
CORNER, RANDOM = range(len(STARTS))


def state(values):
    return state_record(
        visited=(np.int8, (values["rows"], values["columns"])),
        can_move=(np.int8, (len(MOVES),)),
        row=np.int64,
        column=np.int64,
    )


@rule
def reset(s, p):
    fill(s["visited"], 0)
    enter(s, p, 0, 0)
    if p["start"] == RANDOM:
        fill(s["can_move"], 0)
        while count_nonzero(s["can_move"]) == 0:  # no move leads from the middle of a board of 3 by 3
            fill(s["visited"], 0)
            enter(s, p, random_below(s["rng"], p["rows"]), random_below(s["rng"], p["columns"]))


@rule
def action_mask(s, p, agent, out):
    copy_to(s["can_move"], out)


@rule
def step(s, p, move, rewards):
    enter(s, p, s["row"] + MOVES[move][0], s["column"] + MOVES[move][1])
    rewards[0] += 1.0
    return count_nonzero(s["can_move"]) == 0


@rule
def observe(s, p, agent, out):
    copy_to(s["visited"], out[0])
    fill(out[1], 0)
    out[1, s["row"], s["column"]] = 1


@rule
def enter(s, p, row, column):
    """Stand on a cell, and find the moves from there."""
    s["row"] = row
    s["column"] = column
    s["visited"][row, column] = 1
    for move in range(len(MOVES)):
        down, right = row + MOVES[move][0], column + MOVES[move][1]
        is_on_board = 0 <= down < p["rows"] and 0 <= right < p["columns"]
        s["can_move"][move] = is_on_board and s["visited"][down, right] == 0


# --- picture: one unit a cell; the moves lie on their targets --------------------------------------------------------


def draw(s, p):
    scene = Scene(p["columns"], p["rows"])
    for (row, column), visited in np.ndenumerate(s["visited"]):
        scene.rect(column, row, 1, 1, "path" if visited else ("cell", "cell_alt")[(row + column) % 2])
    row, column = int(s["row"]), int(s["column"])
    scene.disc(column + 0.5, row + 0.5, 0.34, "agent")
    for move, (down, right) in enumerate(MOVES):
        if 0 <= row + down < p["rows"] and 0 <= column + right < p["columns"]:
            scene.action(move, column + right + 0.04, row + down + 0.04, 0.92, 0.92, str(move), style="area")
    scene.strip([f"{down:+d} {right:+d}" for down, right in MOVES], title="rows down, columns right")
    scene.glyph_rows = ["".join(".#"[visited] for visited in line) for line in s["visited"]]
    scene.glyph_rows[row] = scene.glyph_rows[row][:column] + "N" + scene.glyph_rows[row][column + 1 :]
    return scene


ENV = Declaration(
    id="MaskedKnightsTour-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(len(MOVES)),
    observation=lambda values: Box(0, 1, (2, values["rows"], values["columns"]), np.int8),
    parameters={
        "rows": Parameter(5, "rows of the board", low=3, high=100),
        "columns": Parameter(5, "columns of the board", low=3, high=100),
        "start": Parameter("corner", "where the knight begins", choices=STARTS),
    },
)
