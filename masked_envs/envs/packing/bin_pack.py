"""Action-masked bin packing: place one rectangle after another, each where it still fits.

Description
    Rectangles arrive one by one and are placed on the cells of a bin, upright or turned by a quarter, without overlap.
    The actions are the places where the next rectangle fits: a list that changes every step, padded to a fixed length.
    Each place is described by its features.

Action space
    `Discrete(2 * rows * cols)`: an entry of the list of places. The list begins with the places of the rectangle as
    drawn, ordered by their upper left cells, row by row. The places of the turned rectangle follow in the same order. A
    square has no turned places.

    | action | meaning |
    |---|---|
    | k | put the rectangle on place k of the list |

Mask
    Kind candidates, meaning legal: int8 (2 * rows * cols,), ones for the places in the list, which come first, and
    zeros for the padding. It is a function of the observation, and never empty before the end.

Observation
    `Dict` of `observation`, Box (cells + 2 * num_items,) float32, and `action_embeddings`, Box (2 * cells, 4) float32,
    with cells = rows * cols.

    | part | index | meaning | from | to |
    |---|---|---|---|---|
    | `observation` | 0 to cells - 1 | 1 for each cell that is taken, row by row | 0 | 1 |
    |  | from cells on | height, width of each rectangle to come, the next one first; then 0 | 0 | `longest_side` |
    | `action_embeddings` | (place, 0) | its row, divided by `rows` | 0 | 1 |
    |  | (place, 1) | its column, divided by `cols` | 0 | 1 |
    |  | (place, 2) | its height, divided by `rows` | 0 | 1 |
    |  | (place, 3) | its width, divided by `cols`; the rows of the padding are 0 | 0 | 1 |

Rewards
    The fraction of the bin that the rectangle covers.

Start
    The bin is empty; the sides of each rectangle are uniform from 1 to `longest_side`. An instance has its own bin and
    rectangles, which come in the order in which they are given.

Episode end
    Terminated when all rectangles are placed, or the next one fits nowhere. Never truncated, unless `time_limit` is
    set.

Arguments
    `instance`, `rows`, `cols`, `num_items`, `longest_side`. The last four are only used by random rectangles;
    `longest_side` is at most the smaller of `rows` and `cols`. A custom instance is a dict of "bin", its rows and
    columns, at most 50, and "items", the height and the width of each of at most 100 rectangles, of which every one
    fits into the empty bin upright or turned. Or it is a file: comments after #, a line with rows and columns, then a
    line with height and width for each rectangle. With an instance `rows`, `cols`, `num_items` and `longest_side`
    above are its sizes.

References
    Lodi, Martello and Monaci, "Two-dimensional packing problems: a survey", European Journal of Operational Research
    141(2), 2002. Hopper and Turton, "An empirical investigation of meta-heuristic and heuristic algorithms for a 2D
    packing problem", European Journal of Operational Research 128(1), 2001 (C1P1, C1P2, C1P3), whose rectangles fill
    the bin.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box, Dict

from ...core import (
    Declaration,
    Instance,
    Parameter,
    copy_to,
    fill,
    random_below,
    rule,
    state_record,
    stated_optimum,
    whole,
)
from ...mask_spec import MaskSpec
from ...render import Scene

FREE = -1  # a cell of the bin without an item
ROW, COL, HEIGHT, WIDTH = range(4)  # of a place
RANDOM = 0  # p["instance"] of rectangles that are drawn anew in each episode
MOST_LINES, MOST_ITEMS = 50, 100  # rows or columns of a bin, and rectangles, of an instance


def read_bin(text):
    """The instance in a file, and the optimum where the file states it: how many cells can be covered."""
    lines = [line.partition("#")[0].split() for line in text.splitlines()]
    rows = [words for words in lines if words]
    if any(len(words) != 2 or not all(word.isdecimal() for word in words) for words in rows):
        raise ValueError(
            "a line holds two whole numbers: rows and columns of the bin, or a rectangle's height and width"
        )
    if len(rows) < 2:
        raise ValueError("the first line is the bin, and at least one rectangle follows")
    bin_size, *items = [[int(word) for word in words] for words in rows]
    return {"bin": bin_size, "items": items, **stated_optimum(text)}


def complete_bin(raw):
    bin_size, items = whole("bin", raw["bin"], 1, 1, MOST_LINES), whole("items", raw["items"], 2, 1, MOST_LINES)
    if bin_size.shape != (2,) or items.shape[1] != 2 or len(items) > MOST_ITEMS:
        raise ValueError(f"'bin' is rows and columns, and 'items' height and width of each of at most {MOST_ITEMS}")
    if (np.sort(items, axis=1) > np.sort(bin_size)).any():
        raise ValueError("every one of 'items' fits into the empty bin, upright or turned")
    return {"bin": bin_size, "items": items}


INSTANCE = Instance(
    "random",
    "the bin and the rectangles",
    beside=__file__,
    folder="instances/bin_pack",
    read=read_bin,
    complete=complete_bin,
    most=2 + 2 * MOST_ITEMS,
    fields=(("bin", np.int64, 1), ("items", np.int8, 2)),
)


def sizes(values):
    """The rows and the columns of the bin, the rectangles, and their longest side."""
    arrays = INSTANCE.arrays(values["instance"])
    if arrays is None:
        return values["rows"], values["cols"], values["num_items"], values["longest_side"]
    return *map(int, arrays["bin"]), len(arrays["items"]), int(arrays["items"].max())


def state(values):
    rows, cols, items, _ = sizes(values)
    return state_record(
        bin=(np.int8, (rows, cols)),  # the number of the item on each cell
        items=(np.int8, (items, 2)),  # height and width
        next=np.int64,  # the item at hand
        places=(np.int8, (2 * rows * cols, 4)),
        num_places=np.int64,
    )


@rule
def reset(s, p):
    fill(s["bin"], FREE)
    items = s["items"]
    if p["instance"] == RANDOM:
        for item in range(items.shape[0]):
            for side in range(2):
                items[item, side] = 1 + random_below(s["rng"], p["longest_side"])
    else:
        copy_to(p["items"], items)
    s["next"] = 0
    list_places(s)


@rule
def action_mask(s, p, agent, out):
    for place in range(out.size):
        out[place] = place < s["num_places"]


@rule
def step(s, p, action, rewards):
    place, board = s["places"][action], s["bin"]
    for row in range(place[ROW], place[ROW] + place[HEIGHT]):
        for col in range(place[COL], place[COL] + place[WIDTH]):
            board[row, col] = s["next"]
    rewards[0] += int(place[HEIGHT]) * int(place[WIDTH]) / board.size
    s["next"] += 1
    list_places(s)
    return s["num_places"] == 0


@rule
def observe(s, p, agent, out):
    board, cell = s["bin"], 0
    for row in range(board.shape[0]):
        for col in range(board.shape[1]):
            out["observation"][cell] = board[row, col] != FREE
            cell += 1
    for k in range(s["items"].shape[0]):
        item = s["next"] + k
        for side in range(2):
            out["observation"][cell] = s["items"][item, side] if item < s["items"].shape[0] else 0
            cell += 1
    embeddings = out["action_embeddings"]
    for place in range(embeddings.shape[0]):
        for feature in range(4):
            whole = board.shape[feature % 2]
            embeddings[place, feature] = s["places"][place, feature] / whole if place < s["num_places"] else 0.0


@rule
def list_places(s):
    """Every place of the item at hand, row by row, upright ones first; a square has no turned ones."""
    s["num_places"] = 0
    if s["next"] >= s["items"].shape[0]:
        return
    height, width = int(s["items"][s["next"], 0]), int(s["items"][s["next"], 1])
    list_upright(s, height, width)
    if height != width:
        list_upright(s, width, height)


@rule
def list_upright(s, height, width):
    board = s["bin"]
    for row in range(board.shape[0] - height + 1):
        for col in range(board.shape[1] - width + 1):
            if is_free(board, row, col, height, width):
                place = s["places"][s["num_places"]]
                place[ROW] = row
                place[COL] = col
                place[HEIGHT] = height
                place[WIDTH] = width
                s["num_places"] += 1


@rule
def is_free(board, row, col, height, width):
    for i in range(row, row + height):
        for j in range(col, col + width):
            if board[i, j] != FREE:
                return False
    return True


def validate(values):
    if values["instance"] == "random" and values["longest_side"] > min(values["rows"], values["cols"]):
        raise ValueError(
            f"longest_side={values['longest_side']} is longer than a side of the bin, which is {values['rows']} x "
            f"{values['cols']}: the first rectangle must fit"
        )


# --- picture: one unit a cell; in its corner the rectangle at hand where it may lie; beside the bin, those to come ----

INKS = ("player_0", "player_1", "player_2", "player_3", "agent_4", "item", "agent_0", "machine")
PREVIEW = 0.35  # of a cell, in the list of rectangles to come
GAP = 0.4
SMALL = 0.3  # of a cell, the longest side of a rectangle in the corner of its place


def draw(s, p):
    rows, cols = s["bin"].shape
    longest = p["longest_side"] if p["instance"] == RANDOM else p["items"].max()
    beside = PREVIEW * longest + 2 * GAP
    scene = Scene(cols + beside, rows, in_picture=True)
    scene.rect(0, 0, cols, rows, "floor")
    for (row, col), item in np.ndenumerate(s["bin"]):
        ink = "hole" if item == FREE else INKS[item % len(INKS)]
        scene.rect(col + 0.03, row + 0.03, 0.94, 0.94, ink, radius=0.05)
    top = GAP / 2
    for item in range(s["next"], len(s["items"])):
        height, width = PREVIEW * s["items"][item]
        if top + height > rows:
            break
        scene.rect(cols + GAP, top, width, height, INKS[item % len(INKS)], radius=0.04)
        top += height + GAP / 2
    draw_places(scene, s)
    scene.glyph_rows = [
        "".join("." if item == FREE else chr(ord("A") + item % 26) for item in line) for line in s["bin"]
    ]
    return scene


def draw_places(scene, s):
    """A mark in the upper left cell of each place; of two in one cell, the turned one is at the right."""
    places = s["places"][: s["num_places"]].tolist()
    corners = [(row, col) for row, col, _, _ in places]
    for k, (row, col, height, width) in enumerate(places):
        both = corners.count((row, col)) == 2
        right = both and corners.index((row, col)) < k
        x, y, wide = col + 0.04 + 0.47 * right, row + 0.04, 0.45 if both else 0.92
        unit = SMALL / max(height, width)
        left, top = x + (wide - unit * width) / 2, y + (0.92 - unit * height) / 2
        scene.rect(left, top, unit * width, unit * height, INKS[s["next"] % len(INKS)], radius=0.02)
        name = f"row {row}, column {col}, {height} high, {width} wide"
        scene.action(k, x, y, wide, 0.92, style="area", covers=(col, row, width, height), name=name)


def mask(values):
    rows, cols, _, _ = sizes(values)
    return MaskSpec.candidates(2 * rows * cols)


def observation(values):
    rows, cols, items, longest = sizes(values)
    return Dict(
        observation=Box(0, longest, (rows * cols + 2 * items,), np.float32),
        action_embeddings=Box(0, 1, (2 * rows * cols, 4), np.float32),
    )


ENV = Declaration(
    id="MaskedBinPack-v0",
    module=__name__,
    state=state,
    mask=mask,
    observation=observation,
    parameters={
        "instance": INSTANCE,
        "rows": Parameter(6, "rows of the bin of random rectangles", low=1, high=50),
        "cols": Parameter(6, "columns of the bin of random rectangles", low=1, high=50),
        "num_items": Parameter(12, "random rectangles that come", low=1, high=100),
        "longest_side": Parameter(3, "longest side of a random rectangle", low=1, high=50),
    },
    validate=validate,
)
