"""Levels of Sokoban as instances: the usual notation, and what a level must have to be played."""

import numpy as np

from ...core import Instance, stated_optimum, whole

MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))  # (down, right): up, right, down, left
SMALLEST, LARGEST = 3, 64  # rows and columns of an instance
SIGNS = {"walls": "#", "goals": ".*+", "boxes": "$*", "worker": "@+"}
FLOOR = " -_"


def read_level(text):
    """The level in a file, in the usual notation, and the optimum where the file states it."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith(";")]
    width = max(map(len, lines), default=0)
    if max(width, len(lines)) > LARGEST:  # before every row gets the length of the longest
        raise ValueError(f"a level has at most {LARGEST} rows and columns, not {len(lines)} and {width}")
    rows = [line.ljust(width) for line in lines]
    unknown = sorted(set("".join(rows)) - set("".join(SIGNS.values()) + FLOOR))
    if unknown:
        raise ValueError(f"a level has no {unknown[0]!r}")
    planes = {name: [[int(cell in signs) for cell in row] for row in rows] for name, signs in SIGNS.items()}
    workers = [[r, c] for r, row in enumerate(planes.pop("worker")) for c, here in enumerate(row) if here]
    if len(workers) != 1:
        raise ValueError(f"a level has one worker, not {len(workers)}")
    return {**planes, "worker": workers[0], **stated_optimum(text, ";")}


def complete_level(raw):
    walls, goals, boxes = (whole(name, raw[name], 2, 0, 1) for name in ("walls", "goals", "boxes"))
    worker = whole("worker", raw["worker"], 1, 0, LARGEST - 1)
    shape = walls.shape
    if goals.shape != shape or boxes.shape != shape or min(shape) < SMALLEST or max(shape) > LARGEST:
        raise ValueError(f"'walls', 'goals' and 'boxes' have one shape, {SMALLEST} to {LARGEST} rows and columns")
    if len(worker) != 2 or worker[0] >= shape[0] or worker[1] >= shape[1]:
        raise ValueError("'worker' is a row and a column of the level")
    row, column = worker.tolist()
    inside = reachable(walls, row, column)
    if inside is None:
        raise ValueError("walls must stand around what the worker can reach")
    outside = inside == 0
    if boxes[row, column] or (goals[outside] | boxes[outside]).any():
        raise ValueError("boxes and goals stand where the worker can reach, and no box where it stands")
    if boxes.sum() != goals.sum() or (boxes == goals).all():
        raise ValueError("there are as many boxes as goals, and some box is not on a goal")
    sizes = [*shape, boxes.sum()]
    level = {"walls": outside, "goals": goals, "boxes": boxes, "worker": worker, "sizes": sizes}
    if not any(leads(level, move) for move in MOVES):
        raise ValueError("the worker can make no move")
    return level


def reachable(walls, row, column):
    """The cells that the worker could reach in a level without boxes, 0 or 1; None if the border is among them."""
    inside, waiting = np.zeros_like(walls), [(row, column)]
    while waiting:
        row, column = waiting.pop()
        if walls[row, column] or inside[row, column]:
            continue
        if row in (0, walls.shape[0] - 1) or column in (0, walls.shape[1] - 1):
            return None
        inside[row, column] = 1
        waiting += [(row + down, column + right) for down, right in MOVES]
    return inside if inside.any() else None


def leads(level, move, pushing=True):
    """Whether the worker of an instance can make a move at the start."""
    (row, column), (down, right) = (int(n) for n in level["worker"]), move
    closed = level["walls"] + level["boxes"]
    if not closed[row + down, column + right]:
        return True
    pushes = bool(level["boxes"][row + down, column + right])
    return pushing and pushes and not closed[row + 2 * down, column + 2 * right]


INSTANCE = Instance(
    "random",
    "the level",
    beside=__file__,
    folder="instances/sokoban",
    read=read_level,
    complete=complete_level,
    most=4 * LARGEST**2,
    fields=(
        ("walls", np.int8, 2),
        ("goals", np.int8, 2),
        ("boxes", np.int8, 2),
        ("worker", np.int64, 1),
        ("sizes", np.int64, 1),
    ),
)
