"""Action-masked sliding puzzle: put numbered tiles in order by sliding them into the gap.

Description
    A frame of `rows` by `columns` places holds tiles with the numbers 1, 2, ... and one gap. A tile beside the gap can
    slide into it. The aim is the order 1, 2, ... row by row, with the gap at the end.

Action space
    `Discrete(4)`: the direction in which the gap moves; the tile there slides into it.

    | action | meaning |
    |---|---|
    | 0 | up |
    | 1 | down |
    | 2 | left |
    | 3 | right |

Mask
    Kind flat, meaning legal: int8 (4,); a move is legal if the gap has a tile on that side. It is a function of the
    observation and never empty.

Observation
    `Box (rows, columns) int64`, row 0 at the top.

    | value | meaning |
    |---|---|
    | 0 | the gap |
    | k, from 1 | the tile with the number k |

Rewards
    -1 for each move.

Start
    Uniform over the solvable arrangements, without the solved one.

Episode end
    Terminated when the puzzle is solved. Truncated after `time_limit` steps, 200 by default.

Arguments
    `rows`, `columns`.

References
    Johnson and Story, "Notes on the '15' Puzzle", American Journal of Mathematics 2(4), 1879: half of all arrangements
    can be solved. Of 3 by 3 these are 181,440, and the hardest need 31 moves (Reinefeld, "Complete Solution of the
    Eight-Puzzle and the Benefit of Node Ordering in IDA*", IJCAI 1993).

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, rule, shuffle, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

GAP = 0
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))  # (down, right) of the gap
LABELS = ("up", "down", "left", "right")


def state(values):
    rows, columns = values["rows"], values["columns"]
    return state_record(tiles=(np.int64, (rows, columns)), order=(np.int64, (rows * columns,)), gap=np.int64)


@rule
def reset(s, p):
    tiles, order, columns = s["tiles"], s["order"], p["columns"]
    draw_order(s, p)
    while is_sorted(order):
        draw_order(s, p)
    for place in range(order.size):
        tiles[place // columns, place % columns] = order[place]
        if order[place] == GAP:
            s["gap"] = place


@rule
def action_mask(s, p, agent, out):
    row, column = s["gap"] // p["columns"], s["gap"] % p["columns"]
    for move in range(len(MOVES)):
        out[move] = 0 <= row + MOVES[move][0] < p["rows"] and 0 <= column + MOVES[move][1] < p["columns"]


@rule
def step(s, p, move, rewards):
    tiles, columns = s["tiles"], p["columns"]
    row, column = s["gap"] // columns, s["gap"] % columns
    beside_row, beside_column = row + MOVES[move][0], column + MOVES[move][1]
    tiles[row, column] = tiles[beside_row, beside_column]
    tiles[beside_row, beside_column] = GAP
    s["gap"] = beside_row * columns + beside_column
    rewards[0] -= 1.0
    if s["gap"] != tiles.size - 1:
        return False
    for place in range(tiles.size - 1):
        if tiles[place // columns, place % columns] != place + 1:
            return False
    return True


@rule
def observe(s, p, agent, out):
    copy_to(s["tiles"], out)


@rule
def draw_order(s, p):
    """A uniformly random arrangement that can be solved, place by place."""
    order, columns = s["order"], p["columns"]
    for place in range(order.size):
        order[place] = place
    shuffle(s["rng"], order)
    if is_odd(order, columns):  # exchanging two tiles makes it even
        first = 0 if order[0] != GAP and order[1] != GAP else 2
        kept = order[first]
        order[first] = order[first + 1]
        order[first + 1] = kept


@rule
def is_odd(order, columns):
    """Whether an arrangement needs an odd number of exchanges more than its gap needs moves: it cannot be solved."""
    odd = False
    for place in range(order.size):
        if order[place] == GAP:
            down, right = (order.size - 1) // columns - place // columns, columns - 1 - place % columns
            odd = odd != ((down + right) % 2 != 0)
        for later in range(place + 1, order.size):
            is_inverted = order[later] != GAP and (order[place] == GAP or order[place] > order[later])
            odd = odd != is_inverted
    return odd


@rule
def is_sorted(order):
    for place in range(order.size):
        if order[place] != (place + 1) % order.size:
            return False
    return True


# --- picture: one unit a place; the actions are the tiles beside the gap ----------------------------------------------


def draw(s, p):
    rows, columns = p["rows"], p["columns"]
    scene = Scene(columns, rows)
    scene.rect(0, 0, columns, rows, "frame")
    for (row, column), tile in np.ndenumerate(s["tiles"]):
        if tile != GAP:
            scene.rect(column + 0.04, row + 0.04, 0.92, 0.92, "cell", radius=0.1)
            scene.text(column + 0.5, row + 0.5, f"{tile}", 0.4, "text")
    row, column = divmod(int(s["gap"]), columns)
    for move, (down, right) in enumerate(MOVES):
        if 0 <= row + down < rows and 0 <= column + right < columns:
            scene.action(move, column + right + 0.04, row + down + 0.04, 0.92, 0.92, style="area", icon=LABELS[move])
    scene.strip(LABELS, title="the gap goes")
    width = len(str(rows * columns - 1))
    scene.glyph_rows = [" ".join(f"{tile or '.'}".rjust(width) for tile in line) for line in s["tiles"]]
    return scene


ENV = Declaration(
    id="MaskedSlidingPuzzle-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(len(MOVES)),
    observation=lambda values: Box(
        0, values["rows"] * values["columns"] - 1, (values["rows"], values["columns"]), np.int64
    ),
    parameters={
        "rows": Parameter(3, "rows of places", low=2, high=30),
        "columns": Parameter(3, "columns of places", low=2, high=30),
    },
    time_limit=200,
    action_labels=lambda values: LABELS,
)
