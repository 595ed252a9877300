"""Action-masked Hex: fill cells in turn; join your two sides of the board.

Description
    Two players place a stone in turn on an empty cell of a rhombus of hexagons. player_0 wins with a chain of stones
    from the top row to the bottom row, player_1 with one from the left column to the right column. Exactly one of them
    gets such a chain, so there are no draws. There is no swap of sides after the first move.

Action space
    `Discrete(size * size)`.

    | action | meaning |
    |---|---|
    | k | put a stone on the cell in row k // size, column k % size, from the top left |

Mask
    Kind flat, meaning legal: int8 (size * size,); a cell is legal while it is empty. It is a function of the
    observation and never empty before the end.

Observation
    `Box (2, size, size) int8`, seen by one player. The board is not turned: player_0 always joins top and bottom,
    and whose turn it is follows from the number of stones.

    | plane | marks |
    |---|---|
    | 0 | the player's stones |
    | 1 | the opponent's stones |

Rewards
    `+1` to the winner and `-1` to the loser at the end, otherwise 0.

Start
    An empty board; player_0 moves first.

Episode end
    Terminated as soon as a chain joins the two sides of the player who moved. Never truncated, unless `time_limit` is
    set.

Arguments
    `size`.

References
    The neighbours of (row, column) are (row, column - 1), (row, column + 1), (row - 1, column), (row - 1, column + 1),
    (row + 1, column - 1) and (row + 1, column). That there is exactly one winner: Gale, "The Game of Hex and the
    Brouwer Fixed-Point Theorem", American Mathematical Monthly 86(10), 1979. On the board of size 3 there are 9, 72,
    504, 3024 and 15120 sequences of one to five moves.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene
from .boards import EMPTY, mark_empty, observe_pieces, root_of

NEIGHBOURS = ((0, -1), (0, 1), (-1, 0), (-1, 1), (1, -1), (1, 0))  # (down, right)


def state(values):
    cells = values["size"] ** 2
    return state_record(
        board=(np.int8, (values["size"], values["size"])),
        # Chains as a forest (union-find): the parent of each stone's cell, itself for the root of a chain. For the root
        # also whether the chain touches the player's first side (1), the last (2), or both (3).
        parent=(np.int64, (cells,)),
        touches=(np.int8, (cells,)),
    )


@rule
def reset(s, p):
    fill(s["board"], EMPTY)
    fill(s["touches"], 0)
    fill(s["parent"], 0)


@rule
def action_mask(s, p, agent, out):
    mark_empty(s["board"], out)


@rule
def step(s, p, cell, rewards):
    board, player, size = s["board"], s["to_move"], p["size"]
    row, column = cell // size, cell % size
    board[row, column] = player + 1
    s["parent"][cell] = cell
    s["touches"][cell] = sides_touched(row if player == 0 else column, size)
    for k in range(len(NEIGHBOURS)):
        beside_row, beside_column = row + NEIGHBOURS[k][0], column + NEIGHBOURS[k][1]
        if 0 <= beside_row < size and 0 <= beside_column < size and board[beside_row, beside_column] == player + 1:
            join(s, beside_row * size + beside_column, cell)
    s["to_move"] = 1 - player
    if s["touches"][root_of(s["parent"], cell)] != 3:
        return False
    rewards[player] += 1.0
    rewards[1 - player] -= 1.0
    return True


@rule
def observe(s, p, agent, out):
    observe_pieces(s["board"], agent, out)


@rule
def sides_touched(line, size):
    """Which sides a stone in this row or column touches: 1 for the first, 2 for the last, added up."""
    return (1 if line == 0 else 0) + (2 if line == size - 1 else 0)


@rule
def join(s, cell, other):
    """Make one chain of the chains of two stones."""
    parent, touches = s["parent"], s["touches"]
    root, other_root = root_of(parent, cell), root_of(parent, other)
    parent[other_root] = root
    touches[root] |= touches[other_root]


# --- picture: one unit a cell, each row half a cell further to the right ----------------------------------------------

BORDER = 0.4  # for the sides, in the colour of the player who joins them


def draw(s, p):
    size = p["size"]
    scene = Scene(1.5 * size + 2 * BORDER, size + 2 * BORDER, in_picture=True)
    scene.players("player_0", "player_1")
    left, right, bottom = BORDER, BORDER + size, BORDER + size
    skew = size / 2
    for y, x in ((BORDER / 2, left), (bottom + BORDER / 2, left + skew)):
        scene.line([(x, y), (x + size, y)], 0.2, "player_0")
    for x in (left - BORDER / 2, right + BORDER / 2):
        scene.line([(x, BORDER), (x + skew, bottom)], 0.2, "player_1")
    for (row, column), piece in np.ndenumerate(s["board"]):
        x, y = BORDER + column + row / 2, BORDER + row
        scene.rect(x + 0.04, y + 0.04, 0.92, 0.92, "cell", radius=0.3)
        if piece != EMPTY:
            scene.disc(x + 0.5, y + 0.5, 0.34, ("player_0", "player_1")[piece - 1])
        else:
            scene.action(row * size + column, x + 0.04, y + 0.04, 0.92, 0.92, style="area", name=f"({row}, {column})")
    scene.glyph_rows = [" " * row + " ".join(".XO"[piece] for piece in line) for row, line in enumerate(s["board"])]
    return scene


ENV = Declaration(
    id="MaskedHex-v0",
    module=__name__,
    play="turns",
    agents=lambda values: ("player_0", "player_1"),
    state=state,
    mask=lambda values: MaskSpec.flat(values["size"] ** 2),
    observation=lambda values: Box(0, 1, (2, values["size"], values["size"]), np.int8),
    parameters={"size": Parameter(7, "cells along a side", low=2, high=26)},
    zero_sum=True,
)
