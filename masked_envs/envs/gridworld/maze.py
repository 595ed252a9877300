"""Action-masked maze: find the way to the far corner; walls are no moves.

Description
    A maze without loops, a different one in every episode: between any two cells there is exactly one path. The agent
    walks from one corner to the opposite one.

Action space
    `Discrete(4)`: a step to the neighbouring cell.

    | action | meaning |
    |---|---|
    | 0 | south |
    | 1 | north |
    | 2 | east |
    | 3 | west |

Mask
    Kind flat, meaning legal: int8 (4,); a move is legal where neither a wall nor the edge stops it. It is a function of
    the observation and never empty.

Observation
    `Box (3, rows, columns) int8`, row 0 at the north.

    | plane | marks |
    |---|---|
    | 0 | cells that are open to the south |
    | 1 | cells that are open to the east |
    | 2 | the agent |

Rewards
    -1 for each move.

Start
    The agent stands at (0, 0). The maze is drawn by a random walk that begins there. It goes to a uniformly random
    neighbour that is not yet part of the maze and opens the wall between, and steps back where there is none.

Episode end
    Terminated when the agent reaches the goal (rows - 1, columns - 1). Truncated after `time_limit` steps, 500 by
    default.

Arguments
    `rows`, `columns`.

References
    The generator is randomised depth-first search: Jamis Buck, "Mazes for Programmers", 2015, recursive backtracker.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

SOUTH, NORTH, EAST, WEST = range(4)
MOVES = ((1, 0), (-1, 0), (0, 1), (0, -1))  # (down, right)
OPPOSITE = (NORTH, SOUTH, WEST, EAST)
LABELS = ("south", "north", "east", "west")
NOT_YET, FIRST = -1, -2  # in `way_back`: not part of the maze; where the walk began


def state(values):
    shape = (values["rows"], values["columns"])
    return state_record(
        open_sides=(np.int8, (2, *shape)),  # to the south, to the east
        way_back=(np.int8, shape),  # while the maze is drawn: the direction from which a cell was entered
        row=np.int64,
        column=np.int64,
    )


@rule
def reset(s, p):
    draw_maze(s, p["rows"], p["columns"])
    s["row"] = 0
    s["column"] = 0


@rule
def action_mask(s, p, agent, out):
    for direction in range(len(MOVES)):
        out[direction] = is_open(s["open_sides"], s["row"], s["column"], direction)


@rule
def step(s, p, direction, rewards):
    s["row"] += MOVES[direction][0]
    s["column"] += MOVES[direction][1]
    rewards[0] -= 1.0
    return s["row"] == p["rows"] - 1 and s["column"] == p["columns"] - 1


@rule
def observe(s, p, agent, out):
    copy_to(s["open_sides"][0], out[0])
    copy_to(s["open_sides"][1], out[1])
    fill(out[2], 0)
    out[2, s["row"], s["column"]] = 1


@rule
def is_open(open_sides, row, column, direction):
    """Whether one can leave a cell in a direction."""
    if direction == SOUTH:
        return open_sides[0, row, column] != 0
    if direction == NORTH:
        return row > 0 and open_sides[0, row - 1, column] != 0
    if direction == EAST:
        return open_sides[1, row, column] != 0
    return column > 0 and open_sides[1, row, column - 1] != 0


@rule
def draw_maze(s, rows, columns):
    open_sides, way_back = s["open_sides"], s["way_back"]
    fill(open_sides, 0)
    fill(way_back, NOT_YET)
    row, column = 0, 0
    way_back[row, column] = FIRST
    while True:
        direction = random_new_neighbour(s, rows, columns, row, column)
        if direction == NOT_YET:
            direction = int(way_back[row, column])
            if direction == FIRST:
                return
            row, column = row + MOVES[direction][0], column + MOVES[direction][1]
            continue
        open_wall(open_sides, row, column, direction)
        row, column = row + MOVES[direction][0], column + MOVES[direction][1]
        way_back[row, column] = OPPOSITE[direction]


@rule
def random_new_neighbour(s, rows, columns, row, column):
    """The direction of a uniformly random neighbour that is not part of the maze, or NOT_YET without one."""
    found, chosen = 0, NOT_YET
    for direction in range(len(MOVES)):
        down, right = row + MOVES[direction][0], column + MOVES[direction][1]
        if 0 <= down < rows and 0 <= right < columns and s["way_back"][down, right] == NOT_YET:
            found += 1
            if random_below(s["rng"], found) == 0:
                chosen = direction
    return chosen


@rule
def open_wall(open_sides, row, column, direction):
    if direction == SOUTH:
        open_sides[0, row, column] = 1
    elif direction == NORTH:
        open_sides[0, row - 1, column] = 1
    elif direction == EAST:
        open_sides[1, row, column] = 1
    else:
        open_sides[1, row, column - 1] = 1


# --- picture: one unit a cell, the actions below ----------------------------------------------------------------------

EDGE, BUTTON = 0.1, 0.8
ICONS = ("down", "up", "right", "left")


def draw(s, p):
    rows, columns = p["rows"], p["columns"]
    width = max(columns, 4) + 2 * EDGE
    scene = Scene(width, rows + 2 * EDGE + BUTTON)
    scene.rect(0, 0, columns + 2 * EDGE, rows + 2 * EDGE, "wall")
    scene.rect(EDGE, EDGE, columns, rows, "floor")
    scene.rect(EDGE + columns - 0.9, EDGE + rows - 0.9, 0.8, 0.8, "goal", radius=0.1)
    for (row, column), is_open_south in np.ndenumerate(s["open_sides"][0]):
        x, y = EDGE + column, EDGE + row
        if not is_open_south:
            scene.line([(x, y + 1), (x + 1, y + 1)], 0.1, "wall")
        if not s["open_sides"][1, row, column]:
            scene.line([(x + 1, y), (x + 1, y + 1)], 0.1, "wall")
    scene.disc(EDGE + s["column"] + 0.5, EDGE + s["row"] + 0.5, 0.28, "agent")
    for direction, label in enumerate(LABELS):
        x = width / len(LABELS) * direction
        place = (x + 0.05, rows + 2 * EDGE + 0.1, width / len(LABELS) - 0.1, BUTTON - 0.15)
        scene.action(direction, *place, label, icon=ICONS[direction])
    scene.glyph_rows = glyph_rows(s, rows, columns)
    return scene


def glyph_rows(s, rows, columns):
    lines = ["+" + "--+" * columns]
    for row in range(rows):
        inside, below = "|", "+"
        for column in range(columns):
            is_goal = (row, column) == (rows - 1, columns - 1)
            here = "A " if (row, column) == (s["row"], s["column"]) else "G " if is_goal else "  "
            inside += here + (" " if s["open_sides"][1, row, column] else "|")
            below += ("  " if s["open_sides"][0, row, column] else "--") + "+"
        lines += [inside, below]
    return lines


ENV = Declaration(
    id="MaskedMaze-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(len(MOVES)),
    observation=lambda values: Box(0, 1, (3, values["rows"], values["columns"]), np.int8),
    parameters={
        "rows": Parameter(8, "cells from north to south", low=2, high=60),
        "columns": Parameter(8, "cells from west to east", low=2, high=60),
    },
    time_limit=500,
    action_labels=lambda values: LABELS,
)
