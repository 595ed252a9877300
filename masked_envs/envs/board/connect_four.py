"""Action-masked Connect Four: drop discs in turn; four in a line win.

Description
    Two players drop a disc in turn into one of seven columns of a six-row rack. A disc falls to the lowest empty cell.
    The first with four discs in a row, a column or a diagonal wins; a full rack is a draw.

Action space
    `Discrete(7)`: the column to drop into.

    | action | meaning |
    |---|---|
    | k, 0 to 6 | column k, 0 at the left |

Mask
    Kind flat, meaning legal: int8 (7,); a column is legal while its top cell is empty. It is a function of the
    observation and never empty before the end.

Observation
    `Box (2, 6, 7) int8`, row 0 at the top, seen by one player.

    | plane | marks |
    |---|---|
    | 0 | the player's discs |
    | 1 | the opponent's discs |

Rewards
    `+1` to the winner and `-1` to the loser at the end, otherwise 0.

Start
    An empty rack; player_0 moves first.

Episode end
    Terminated by a line or a full rack, after at most 42 moves. Never truncated, unless `time_limit` is set.

Arguments
    None besides the time limit.

References
    Allen, "The Complete Book of Connect 4", Puzzlewright Press, 2010. The numbers of move sequences from the empty rack
    are 7, 49, 343, 2401, 16807, 117649 and, with the first wins and full columns, 823536
    (tests/envs/test_connect_four.py).

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, equal_to, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene
from .boards import EMPTY, completes_line, observe_pieces

ROWS, COLUMNS, LINE = 6, 7, 4


def state(values):
    return state_record(rack=(np.int8, (ROWS, COLUMNS)), discs=np.int64)


@rule
def reset(s, p):
    fill(s["rack"], EMPTY)
    s["discs"] = 0


@rule
def action_mask(s, p, agent, out):
    equal_to(s["rack"][0], EMPTY, out)


@rule
def step(s, p, column, rewards):
    rack, player = s["rack"], s["to_move"]
    row = landing_row(rack, column)
    rack[row, column] = player + 1
    s["discs"] += 1
    s["to_move"] = 1 - player
    if completes_line(rack, row, column, LINE):
        rewards[player] += 1.0
        rewards[1 - player] -= 1.0
        return True
    return s["discs"] == ROWS * COLUMNS


@rule
def observe(s, p, agent, out):
    observe_pieces(s["rack"], agent, out)


@rule
def landing_row(rack, column):
    row = ROWS - 1
    while rack[row, column] != EMPTY:
        row -= 1
    return row


# --- picture: one unit a cell, a row of arrows above the rack -------------------------------------------------------


def draw(s, p):
    scene = Scene(COLUMNS, ROWS + 1)
    scene.players("player_0", "player_1")
    scene.rect(0, 1, COLUMNS, ROWS, "frame", radius=0.12)
    for (row, column), disc in np.ndenumerate(s["rack"]):
        scene.disc(column + 0.5, row + 1.5, 0.4, ("hole", "player_0", "player_1")[disc])
    for column in range(COLUMNS):
        place = (column + 0.04, 0.06, 0.92, 0.84)
        scene.action(column, *place, str(column), icon="down", covers=(column, 1, 1, ROWS))
    scene.glyph_rows = ["".join(".XO"[disc] for disc in row) for row in s["rack"]]
    return scene


ENV = Declaration(
    id="MaskedConnectFour-v0",
    module=__name__,
    play="turns",
    agents=lambda values: ("player_0", "player_1"),
    state=state,
    mask=lambda values: MaskSpec.flat(COLUMNS),
    observation=lambda values: Box(0, 1, (2, ROWS, COLUMNS), np.int8),
    action_labels=lambda values: tuple(str(column) for column in range(COLUMNS)),
    zero_sum=True,
)
