"""Action-masked Sudoku: fill the grid so that no row, column or box has a digit twice.

Description
    A grid of n by n cells, n = box * box, is divided into n boxes of `box` by `box` cells. Some cells hold a digit from
    1 to n at the start. The agent writes digits into empty cells, and cannot remove one. The puzzle is solved when
    every cell holds a digit. It is lost as soon as every digit is taken, in the row, the column or the box, for some
    empty cell. A puzzle is drawn at random in each episode, is a published one (wikipedia, the first example in the
    article "Sudoku"), or is supplied by the user.

Action space
    `MultiDiscrete([n, n, n])`.

    | head | meaning | from | to |
    |---|---|---|---|
    | 0 | the row | 0 | n - 1 |
    | 1 | the column | 0 | n - 1 |
    | 2 | the digit minus one | 0 | n - 1 |

Mask
    Kind joint, meaning legal: int8 (n, n, n). Writing a digit is legal if the cell is empty and no cell in the same
    row, column or box holds the digit. The set is not a product of one set per head. It is a function of the
    observation, and never empty before the end. A legal digit may be a wrong one.

Observation
    `Box (n, n) int8`: the digits, 0 for an empty cell.

Rewards
    1 for the digit that solves the puzzle, otherwise 0.

Start
    A given puzzle starts as it is. A random puzzle comes from a solved grid, in which the cell in row r and column c
    holds the digit 1 + (box * (r % box) + r // box + c) % n, by shuffling: the digits are permuted, the rows within
    each band of `box` rows, the bands, the columns within each band of `box` columns, and these bands. A uniformly
    random subset of the cells keeps its digits: int(clue_share * n * n) of them, rounded down. So every random puzzle
    can be solved, in one or in several ways.

Episode end
    Terminated when the puzzle is solved or lost, after at most as many steps as there were empty cells. Never
    truncated, unless `time_limit` is set.

Arguments
    `instance`, `box`, `clue_share`. The last is only used by random puzzles. A custom puzzle is a dict of "grid", n
    rows of n digits with 0 for an empty cell, or a file with a digit or a dot for each cell, row by row (numbers
    separated by blanks where n is above 9; text after a # is a comment). No row, column or box has a digit twice, some
    cell is empty, and every empty cell has a legal digit. If n is not 9, `box` must be set too.

References
    Felgenhauer and Jarvis, "Mathematics of Sudoku I", Mathematical Spectrum 39(1), 2006: there are
    6,670,903,752,021,072,936,960 solved grids with box = 3, and 288 with box = 2. Knuth, "Dancing links", 2000, solves
    the puzzle as an exact cover.

Versions
    v0: first release.
"""

import math

import numpy as np
from gymnasium.spaces import Box

from ...core import (
    Declaration,
    Instance,
    Parameter,
    copy_to,
    fill,
    random_below,
    random_subset,
    rule,
    shuffle,
    state_record,
    stated_optimum,
    whole,
)
from ...mask_spec import MaskSpec
from ...render import Scene

EMPTY = 0
NOTHING = -1  # in `last`, before the first action
DIGITS, ROWS, COLUMNS = range(3)  # of `orders`
RANDOM = 0  # p["instance"] of a puzzle that is drawn anew in each episode
SMALLEST_BOX, LARGEST_BOX = 2, 5


def read_grid(text):
    """The grid in a file, and the optimum where the file states it."""
    rows = [line.partition("#")[0].strip() for line in text.splitlines()]
    cells = [row.split() if " " in row else list(row) for row in rows if row]
    if len(cells) == 1:  # a puzzle in one line
        n = math.isqrt(len(cells[0]))
        cells = [cells[0][first : first + n] for first in range(0, len(cells[0]), n)]
    if not all(cell == "." or cell.isdecimal() for row in cells for cell in row):
        raise ValueError("a row holds digits, and 0 or a dot for an empty cell")
    grid = [[0 if cell == "." else int(cell) for cell in row] for row in cells]
    return {"grid": grid, **stated_optimum(text)}


def complete_grid(raw):
    grid = whole("grid", raw["grid"], 2, 0, LARGEST_BOX**2)
    n = len(grid)
    box = round(n**0.5)
    if grid.shape != (n, n) or box * box != n or not SMALLEST_BOX <= box <= LARGEST_BOX or grid.max() > n:
        raise ValueError("'grid' has 4, 9, 16 or 25 rows, as many columns, and digits up to that number")
    row, column = np.indices(grid.shape)
    lines = (row, column, row // box * box + column // box)
    has = np.zeros((3, n, n + 1), np.int64)
    for kind, line in enumerate(lines):
        np.add.at(has[kind], (line, grid), 1)
    if (has[:, :, 1:] > 1).any():
        raise ValueError("no row, column or box of 'grid' has a digit twice")
    left = n - sum(has[kind, line, 1:] for kind, line in enumerate(lines)).astype(bool).sum(axis=-1)
    if not (grid == EMPTY).any() or (left[grid == EMPTY] == 0).any():
        raise ValueError("some cell of 'grid' is empty, and every empty cell has a digit left")
    return {"grid": grid}


INSTANCE = Instance(
    "random",
    "the digits of the puzzle at the start",
    beside=__file__,
    folder="instances/sudoku",
    read=read_grid,
    complete=complete_grid,
    most=LARGEST_BOX**4,
    fields=(("grid", np.int8, 2),),
)


def state(values):
    n = values["box"] ** 2
    return state_record(
        grid=(np.int8, (n, n)),
        rows_have=(np.int64, (n,)),  # the digits in each row: bit d stands for the digit d + 1
        columns_have=(np.int64, (n,)),
        boxes_have=(np.int64, (n,)),
        empty=np.int64,  # cells
        last=(np.int64, (3,)),  # the last action
        orders=(np.int64, (3, n)),  # scratch of `reset`: permutations
        keeps=(np.int8, (n * n,)),  # scratch of `reset`: the cells that keep their digit
    )


@rule
def reset(s, p):
    fill(s["grid"], EMPTY)
    fill(s["rows_have"], 0)
    fill(s["columns_have"], 0)
    fill(s["boxes_have"], 0)
    fill(s["last"], NOTHING)
    s["empty"] = s["keeps"].size
    if p["instance"] == RANDOM:
        draw_puzzle(s, p)
    else:
        copy_puzzle(s, p)


@rule
def copy_puzzle(s, p):
    grid, n = p["grid"], p["box"] * p["box"]
    fill(s["orders"], 0)
    for cell in range(n * n):
        digit = int(grid[cell // n, cell % n])
        s["keeps"][cell] = digit != EMPTY
        if digit != EMPTY:
            write(s, p["box"], cell // n, cell % n, digit - 1)


@rule
def draw_puzzle(s, p):
    orders, box, cells = s["orders"], p["box"], s["keeps"].size
    n = box * box
    for k in range(n):
        orders[DIGITS, k] = k
    shuffle(s["rng"], orders[DIGITS])
    shuffle_bands(s["rng"], orders[ROWS], box)
    shuffle_bands(s["rng"], orders[COLUMNS], box)
    random_subset(s["rng"], int(p["clue_share"] * cells), s["keeps"])
    for cell in range(cells):
        if s["keeps"][cell] != 0:
            r, c = orders[ROWS, cell // n], orders[COLUMNS, cell % n]
            write(s, box, cell // n, cell % n, orders[DIGITS, (box * (r % box) + r // box + c) % n])


@rule
def action_mask(s, p, agent, out):
    box, n = p["box"], p["box"] * p["box"]
    for row in range(n):
        for column in range(n):
            taken = digits_taken(s, box, row, column)
            for digit in range(n):
                out[row, column, digit] = taken >> digit & 1 == 0


@rule
def update_mask(s, p, agent, out):
    box, row, column, digit = p["box"], s["last"][0], s["last"][1], s["last"][2]
    if row == NOTHING:
        return
    top, left = row - row % box, column - column % box
    for k in range(box * box):
        out[row, column, k] = False
        out[row, k, digit] = False
        out[k, column, digit] = False
        out[top + k // box, left + k % box, digit] = False


@rule
def step(s, p, action, rewards):
    box = p["box"]
    for head in range(action.size):
        s["last"][head] = action[head]
    write(s, box, action[0], action[1], action[2])
    if s["empty"] == 0:
        rewards[0] += 1.0
        return True
    return is_lost(s, box, action[0], action[1])


@rule
def observe(s, p, agent, out):
    copy_to(s["grid"], out)


@rule
def shuffle_bands(rng, order, box):
    """A random order of n rows or columns that keeps bands together."""
    for k in range(order.size):
        order[k] = k
    for band in range(box):
        shuffle(rng, order[band * box : (band + 1) * box])
    for band in range(box - 1, 0, -1):
        other = random_below(rng, band + 1)
        for k in range(box):
            kept = order[band * box + k]
            order[band * box + k] = order[other * box + k]
            order[other * box + k] = kept


@rule
def write(s, box, row, column, digit):
    """Write a digit, given less one, into a cell."""
    s["grid"][row, column] = digit + 1
    s["empty"] -= 1
    s["rows_have"][row] |= 1 << digit
    s["columns_have"][column] |= 1 << digit
    block = box_of(box, row, column)
    s["boxes_have"][block] |= 1 << digit


@rule
def box_of(box, row, column):
    return row // box * box + column // box


@rule
def digits_taken(s, box, row, column):
    """The digits that cannot be written into a cell, as bits."""
    if s["grid"][row, column] != EMPTY:
        return (1 << box * box) - 1
    return int(s["rows_have"][row] | s["columns_have"][column] | s["boxes_have"][box_of(box, row, column)])


@rule
def is_lost(s, box, row, column):
    """Whether an empty cell beside the one just written has no digit left."""
    top, left = row - row % box, column - column % box
    for k in range(box * box):
        if is_stuck(s, box, row, k) or is_stuck(s, box, k, column) or is_stuck(s, box, top + k // box, left + k % box):
            return True
    return False


@rule
def is_stuck(s, box, row, column):
    return s["grid"][row, column] == EMPTY and digits_taken(s, box, row, column) == (1 << box * box) - 1


def validate(values):
    arrays, box = INSTANCE.arrays(values["instance"]), values["box"]
    if arrays is not None and len(arrays["grid"]) != box * box:
        n = len(arrays["grid"])
        raise ValueError(f"the instance has {n} rows, and box={box} has {box * box}: give box={round(n**0.5)}")


# --- picture: one unit a cell; the digits that may be written stand small in the empty cells ------------------------


def draw(s, p):
    box, n = p["box"], p["box"] ** 2
    scene = Scene(n, n, kind="joint")
    scene.rect(0, 0, n, n, "cell")
    for (row, column), digit in np.ndenumerate(s["grid"]):
        if (row // box + column // box) % 2:
            scene.rect(column, row, 1, 1, "cell_alt")
        if digit != EMPTY:
            scene.text(column + 0.5, row + 0.5, str(digit), 0.6 if digit < 10 else 0.45, "text")
            continue
        for k in range(n):
            x, y = column + 0.05 + 0.9 * (k % box) / box, row + 0.05 + 0.9 * (k // box) / box
            name = f"{k + 1} in ({row}, {column})"
            scene.action((row, column, k), x, y, 0.86 / box, 0.86 / box, str(k + 1), name=name)
    for k in range(n + 1):
        width = 0.06 if k % box == 0 else 0.02
        scene.line([(k, 0), (k, n)], width, "outline")
        scene.line([(0, k), (n, k)], width, "outline")
    scene.glyph_rows = [" ".join(str(digit) if digit else "." for digit in line) for line in s["grid"]]
    return scene


ENV = Declaration(
    id="MaskedSudoku-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.joint((values["box"] ** 2,) * 3),
    observation=lambda values: Box(0, values["box"] ** 2, (values["box"] ** 2,) * 2, np.int8),
    parameters={
        "instance": INSTANCE,
        "box": Parameter(3, "cells along a side of a box; a grid has its square", low=SMALLEST_BOX, high=LARGEST_BOX),
        "clue_share": Parameter(0.4, "share of the cells that hold a digit in a random puzzle", low=0.0, high=0.9),
    },
    validate=validate,
)
