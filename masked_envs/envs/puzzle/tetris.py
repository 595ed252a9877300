"""Action-masked Tetris: turn a piece, then drop it into a column, and clear rows.

Description
    Pieces of four cells come one after another, each of the seven shapes equally likely. The agent chooses how many
    quarter turns to give a piece and the column where it falls; it falls straight down until it rests on the floor or
    on filled cells. Complete rows are cleared, and everything above them moves down. Nothing can be slid under a ledge.

Action space
    `MultiDiscrete([4, width])`.

    | head | meaning | from | to |
    |---|---|---|---|
    | 0 | quarter turns clockwise | 0 | 3 |
    | 1 | the column of the leftmost cell of the turned piece | 0 | width - 1 |

    Before turning, the pieces are these, row by row from the top: I `####`, O `## / ##`, T `.#. / ###`, S `.## / ##.`,
    Z `##. / .##`, J `#.. / ###`, L `..# / ###`.

Mask
    Kind conditional, meaning legal: int8 (4, width), quarter turns by columns. A number of quarter turns is legal if no
    smaller one gives the same shape: 1 for O, 2 for I, S and Z, 4 for J, L and T. Given the turns, a column is legal if
    the turned piece fits between the walls there and comes to rest below the top of the board. An empty board of 10
    columns has 9 placements of O, 17 of I, S and Z, and 34 of J, L and T. With `form="joint"` the kind is joint, with
    the same table. The mask is a function of the observation, and never empty before the end.

Observation
    `Box (2, height, width) int8`.

    | plane | marks |
    |---|---|
    | 0 | the empty cells |
    | 1 | the cells of the piece to place, before turning, in the upper left corner |

Rewards
    The number of rows cleared, 0 to 4.

Start
    An empty board and a piece.

Episode end
    Terminated when no placement is legal. Never truncated, unless `time_limit` is set.

Arguments
    `form`, `width`, `height`.

References
    Bertsekas and Tsitsiklis, "Neuro-Dynamic Programming", Athena Scientific, 1996, section 8.3, whose game this is:
    placements for actions, independent pieces, a point a row. Burgiel, "How to Lose at Tetris", Mathematical Gazette
    81, 1997: with such pieces every game ends.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, count_nonzero, equal_to, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

FORMS = ("conditional", "joint")
PIECES = "IOTSZJL"
SHAPES = (
    ("####",),
    ("##", "##"),
    (".#.", "###"),
    (".##", "##."),
    ("##.", ".##"),
    ("#..", "###"),
    ("..#", "###"),
)  # unturned
NUM_TURNS = 4
EMPTY = 0  # a filled cell holds 1 + the piece that it came from


def cells_of(shape):
    """The (row, column) of each cell of a shape, from its upper left corner."""
    return tuple((row, column) for row, line in enumerate(shape) for column, mark in enumerate(line) if mark == "#")


def turned(cells, turns):
    """The cells after some quarter turns clockwise."""
    for _ in range(turns):
        rows = 1 + max(row for row, _ in cells)
        cells = tuple(sorted((column, rows - 1 - row) for row, column in cells))
    return cells


def lowest(cells):
    """The row of the lowest cell in each column of a piece, -1 where it has none."""
    return tuple(max((row for row, column in cells if column == c), default=-1) for c in range(4))


CELLS = tuple(tuple(turned(cells_of(shape), turns) for turns in range(NUM_TURNS)) for shape in SHAPES)
LOWEST = tuple(tuple(lowest(cells) for cells in turns) for turns in CELLS)
WIDTHS = tuple(tuple(1 + max(column for _, column in cells) for cells in turns) for turns in CELLS)
DIFFERENT = tuple(len(set(turns)) for turns in CELLS)  # numbers of turns that give different shapes


def state(values):
    height, width = values["height"], values["width"]
    return state_record(
        board=(np.int8, (height, width)),
        tops=(np.int64, (width,)),  # the row of the highest filled cell of a column, height where there is none
        piece=np.int64,
    )


@rule
def reset(s, p):
    fill(s["board"], EMPTY)
    fill(s["tops"], p["height"])
    s["piece"] = random_below(s["rng"], len(PIECES))


@rule
def action_mask(s, p, agent, out):
    for turns in range(NUM_TURNS):
        for column in range(p["width"]):
            out[turns, column] = can_be_placed(s, p, turns, column)


@rule
def step(s, p, placement, rewards):
    board, tops, piece, turns, left = s["board"], s["tops"], s["piece"], placement[0], placement[1]
    top = landing_row(tops, piece, turns, left)
    for down, right in CELLS[piece][turns]:
        row, column = top + down, left + right
        board[row, column] = 1 + piece
        tops[column] = min(tops[column], row)
    cleared = clear_full_rows(board)
    if cleared > 0:
        find_tops(board, tops)
    rewards[0] += cleared
    s["piece"] = random_below(s["rng"], len(PIECES))
    return not any_placement(s, p)


@rule
def observe(s, p, agent, out):
    equal_to(s["board"], EMPTY, out[0])
    fill(out[1], 0)
    for row, column in CELLS[s["piece"]][0]:
        out[1, row, column] = 1


@rule
def can_be_placed(s, p, turns, left):
    piece = s["piece"]
    if turns >= DIFFERENT[piece] or left + WIDTHS[piece][turns] > p["width"]:
        return False
    return landing_row(s["tops"], piece, turns, left) >= 0


@rule
def any_placement(s, p):
    for turns in range(DIFFERENT[s["piece"]]):
        for column in range(p["width"]):
            if can_be_placed(s, p, turns, column):
                return True
    return False


@rule
def landing_row(tops, piece, turns, left):
    """The board row in which the uppermost row of a falling piece comes to rest, below 0 if above the board."""
    row = tops[left] - 1 - LOWEST[piece][turns][0]
    for right in range(1, WIDTHS[piece][turns]):
        row = min(row, tops[left + right] - 1 - LOWEST[piece][turns][right])
    return row


@rule
def clear_full_rows(board):
    """Take the full rows out, let fall what is above them, and say how many there were."""
    height, width = board.shape
    to = height - 1  # where the next row that stays comes to lie
    for row in range(height - 1, -1, -1):
        if count_nonzero(board[row]) < width:
            if to != row:
                copy_to(board[row], board[to])
            to -= 1
    for row in range(to + 1):
        fill(board[row], EMPTY)
    return to + 1


@rule
def find_tops(board, tops):
    height, width = board.shape
    for column in range(width):
        row = 0
        while row < height and board[row, column] == EMPTY:
            row += 1
        tops[column] = row


# --- picture: one unit a cell; for each way to turn the piece a row of columns, beside the board or above it ----------

GAP = 0.4
INKS = ("start", "player_1", "player_3", "player_2", "player_0", "agent_0", "item")


def draw(s, p):
    height, width = s["board"].shape
    if width < height:  # the placements stand beside the board, and both are as high
        left, floor, size = 0.0, 0.0, (2 * width + GAP, height)
        line = height / NUM_TURNS
        turned, columns = (width + GAP, 0.1, width, 0.6 * line), (width + GAP, 0.7 * line, 0.28 * line)
    else:  # above it, each over the column where the piece falls
        left, floor, line = 1.6, NUM_TURNS * 1.1 + GAP, 1.1
        size = (left + width, floor + height)
        turned, columns = (0.0, 0.0, 1.6, 1.1), (left, 0.06, 0.98)
    scene = Scene(*size, kind=FORMS[p["form"]])
    scene.rect(left, floor, width, height, "hole")
    for (row, column), cell in np.ndenumerate(s["board"]):
        ink = "cell" if cell == EMPTY else INKS[cell - 1]
        scene.rect(left + column + 0.03, floor + row + 0.03, 0.94, 0.94, ink, radius=0.08)
    for turns in range(NUM_TURNS):
        draw_turned(scene, s["piece"], turns, turns * line, turned)
        draw_columns(scene, turns, turns * line, width, columns)
    scene.glyph_rows = [f"piece {PIECES[s['piece']]}"]
    scene.glyph_rows += ["".join("." if cell == EMPTY else PIECES[cell - 1] for cell in row) for row in s["board"]]
    return scene


def draw_turned(scene, piece, turns, down, place):
    """A turned piece in the middle of its place; faint where it repeats an earlier one."""
    x, y, wide, high = place
    cells, cell = CELLS[piece][turns], 0.23 * min(wide, high)
    fade = 0.0 if turns < DIFFERENT[piece] else 0.75
    left = x + (wide - cell * WIDTHS[piece][turns]) / 2
    top = down + y + (high - cell * (1 + max(row for row, _ in cells))) / 2
    for row, column in cells:
        scene.rect(left + cell * column, top + cell * row, 0.92 * cell, 0.92 * cell, INKS[piece], fade=fade)


def draw_columns(scene, turns, down, width, place):
    """The columns where the piece may fall."""
    x, y, high = place
    for column in range(width):
        name = f"{turns} quarter turns, column {column}"
        scene.action((turns, column), x + column + 0.06, down + y, 0.88, high, str(column), name=name)


def spec(values):
    """The same table for both forms."""
    form = MaskSpec.joint if values["form"] == "joint" else MaskSpec.conditional
    return form((NUM_TURNS, values["width"]))


ENV = Declaration(
    id="MaskedTetris-v0",
    module=__name__,
    state=state,
    mask=spec,
    observation=lambda values: Box(0, 1, (2, values["height"], values["width"]), np.int8),
    parameters={
        "form": Parameter("conditional", "the mask's kind: choices in order, or pairs", choices=FORMS),
        "width": Parameter(10, "columns of the board", low=4, high=100),
        "height": Parameter(20, "rows of the board", low=4, high=100),
    },
)
