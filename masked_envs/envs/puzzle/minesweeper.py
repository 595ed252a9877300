"""Action-masked Minesweeper: open every cell that hides no mine, and none that does.

Description
    A board hides `num_mines` mines. An opened cell shows how many of its up to eight neighbours hide one. If none does,
    its neighbours open too, and so on. Opening a mine loses, opening everything else wins. The first cell opened never
    hides a mine: a mine there moves to a cell that was kept free for it, so that all layouts without a mine in the
    first cell are equally probable.

Action space
    `MultiDiscrete([rows, cols])`: the cell to open.

    | head | meaning | from | to |
    |---|---|---|---|
    | 0 | its row, from the top | 0 | rows - 1 |
    | 1 | its column, from the left | 0 | cols - 1 |

Mask
    Kind joint, meaning legal: int8 (rows, cols), the cells that are not open. It is a function of the observation. A
    legal cell may hide a mine: the mask says what the rules permit, not what is wise.

Observation
    `Box (rows, cols) int8`.

    | value | meaning |
    |---|---|
    | -1 | a cell that is not open |
    | 0 to 8 | an open cell, and how many of its neighbours hide a mine |
    | 9 | the mine that was opened |

Rewards
    The fraction of the safe cells that the action opened, so that a game won earns 1 in total. Opening a mine earns -1.

Start
    Nothing is open; the mines lie in random cells.

Episode end
    Terminated when a mine is opened, or when everything else is. Never truncated, unless `time_limit` is set.

Arguments
    `rows`, `cols`, `num_mines`. `num_mines` is at most `rows * cols - 1`.

References
    Kaye, "Minesweeper is NP-complete", The Mathematical Intelligencer 22(2), 2000: which cells can hide a mine is hard
    to say in general; the tests count it out on small boards.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

NOT_OPEN = -1
EXPLODED = 9


def state(values):
    shape = (values["rows"], values["cols"])
    return state_record(
        mines=(np.int8, shape), shown=(np.int8, shape), opened=np.int64, free_row=np.int64, free_col=np.int64
    )


@rule
def reset(s, p):
    fill(s["shown"], NOT_OPEN)
    s["opened"] = 0
    lay_mines(s, p["num_mines"])


@rule
def action_mask(s, p, agent, out):
    shown = s["shown"]
    for row in range(shown.shape[0]):
        for col in range(shown.shape[1]):
            out[row, col] = shown[row, col] == NOT_OPEN


@rule
def step(s, p, cell, rewards):
    row, col = cell[0], cell[1]
    if s["opened"] == 0 and s["mines"][row, col] != 0:
        s["mines"][row, col] = 0
        s["mines"][s["free_row"], s["free_col"]] = 1
    if s["mines"][row, col] != 0:
        s["shown"][row, col] = EXPLODED
        rewards[0] -= 1.0
        return True
    safe = s["mines"].size - p["num_mines"]
    opened = open_from(s["mines"], s["shown"], row, col)
    s["opened"] += opened
    rewards[0] += opened / safe
    return s["opened"] == safe


@rule
def observe(s, p, agent, out):
    shown = s["shown"]
    for row in range(shown.shape[0]):
        for col in range(shown.shape[1]):
            out[row, col] = shown[row, col]


@rule
def lay_mines(s, number):
    """A uniformly random set of number + 1 cells, one of which, at random, is the one kept free.

    Selection sampling (Knuth, The Art of Computer Programming 2, algorithm 3.4.2S).
    """
    mines = s["mines"]
    left, cells, kept_free = number + 1, mines.size, random_below(s["rng"], number + 1)
    for row in range(mines.shape[0]):
        for col in range(mines.shape[1]):
            mines[row, col] = 0
            if random_below(s["rng"], cells) < left:
                left -= 1
                if left == kept_free:
                    s["free_row"] = row
                    s["free_col"] = col
                else:
                    mines[row, col] = 1
            cells -= 1


@rule
def open_from(mines, shown, row, col):
    """Open a safe cell, and around every open cell without mines near it all neighbours; how many cells opened."""
    opened, grew = open_one(mines, shown, row, col), True
    while grew:
        grew = False
        for i in range(mines.shape[0]):
            for j in range(mines.shape[1]):
                if shown[i, j] == NOT_OPEN and beside_a_zero(shown, i, j):
                    opened += open_one(mines, shown, i, j)
                    grew = True
    return opened


@rule
def open_one(mines, shown, row, col):
    around = 0
    for i in range(max(row - 1, 0), min(row + 2, mines.shape[0])):
        for j in range(max(col - 1, 0), min(col + 2, mines.shape[1])):
            around += mines[i, j]
    shown[row, col] = around
    return 1


@rule
def beside_a_zero(shown, row, col):
    for i in range(max(row - 1, 0), min(row + 2, shown.shape[0])):
        for j in range(max(col - 1, 0), min(col + 2, shown.shape[1])):
            if shown[i, j] == 0:
                return True
    return False


def validate(values):
    cells = values["rows"] * values["cols"]
    if values["num_mines"] > cells - 1:
        raise ValueError(
            f"num_mines={values['num_mines']} do not fit beside the first cell opened: {values['rows']} x "
            f"{values['cols']} cells leave room for {cells - 1}"
        )


# --- picture: one unit a cell --------------------------------------------------------------------------------------

NUMBER_INKS = ("agent", "player_2", "hazard", "player_3", "item", "agent", "piece_dark", "muted")  # of 1 to 8


def draw(s, p):
    rows, cols = s["shown"].shape
    scene = Scene(cols, rows, kind="joint")
    for (row, col), shown in np.ndenumerate(s["shown"]):
        place = (col + 0.04, row + 0.04, 0.92, 0.92)
        if shown == NOT_OPEN:
            scene.rect(*place, "hole", radius=0.1)
        else:
            scene.rect(*place, "hazard" if shown == EXPLODED else "cell", radius=0.04)
        if shown == EXPLODED:
            scene.disc(col + 0.5, row + 0.5, 0.25, "piece_dark")
        elif shown > 0:
            scene.text(col + 0.5, row + 0.5, f"{shown}", 0.55, NUMBER_INKS[shown - 1])
        scene.action((row, col), *place, style="area", name=f"({row}, {col})")
    scene.glyph_rows = ["".join(glyph(shown) for shown in line) for line in s["shown"]]
    return scene


def glyph(shown):
    """A cell as a character: a dot for 0, # for what is not open, * for the mine that was opened."""
    return {NOT_OPEN: "#", EXPLODED: "*", 0: "."}.get(int(shown), f"{shown}")


ENV = Declaration(
    id="MaskedMinesweeper-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.joint((values["rows"], values["cols"])),
    observation=lambda values: Box(NOT_OPEN, EXPLODED, (values["rows"], values["cols"]), np.int8),
    parameters={
        "rows": Parameter(8, "rows of the board", low=1, high=100),
        "cols": Parameter(8, "columns of the board", low=1, high=100),
        "num_mines": Parameter(10, "mines", low=1, high=9999),
    },
    validate=validate,
)
