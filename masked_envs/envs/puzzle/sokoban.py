"""Action-masked Sokoban: push every box onto a goal; a wrong push cannot be undone.

Description
    A worker in a warehouse walks up, right, down and left, and pushes the box ahead if the cell behind the box is free.
    Boxes cannot be pulled, and only one can be pushed at a time. There are as many goals as boxes. A cell is free if it
    is neither a wall nor holds a box; goals are floor like any other. A level is drawn at random in each episode, is a
    published one (microban_1), or is supplied by the user.

Action space
    `Discrete(4)`.

    | action | meaning |
    |---|---|
    | 0 | up |
    | 1 | right |
    | 2 | down |
    | 3 | left |

Mask
    Kind flat, meaning legal: int8 (4,). A move is legal if the next cell in its direction is free, or holds a box and
    the cell after it is free. With `prune_dead=True` the meaning is useful, and pushes onto dead cells are forbidden
    too, since after such a push the level cannot be solved.

    A cell is dead if a box on it could not be pushed to a goal, even without other boxes. All goals are alive. A floor
    cell is alive if, in one of the four directions, the next cell is alive and the cell on the opposite side is floor,
    where the worker would stand. A level can become unsolvable in other ways, by boxes that block each other. The mask
    is a function of the observation, and never empty before the end.

Observation
    `Box (4, rows, columns) int8`, row 0 at the top.

    | plane | marks |
    |---|---|
    | 0 | the walls |
    | 1 | the goals |
    | 2 | the boxes |
    | 3 | the worker |

Rewards
    -1 for each move; 10 for a box pushed onto a goal, -10 for one pushed off a goal (from one goal to another both,
    which cancel), and 100 when every box is on a goal.

Start
    A given level starts as it is; floor that the worker could not reach if there were no boxes becomes wall. In a
    random level the border is wall. Inside, a random walk from a uniformly random cell, to uniformly random neighbours
    inside the border, opens three quarters of the cells, rounded down. Goals are placed on random different floor
    cells, a box on each, and the worker on another. Then the level is played backwards: `scramble` times a uniformly
    random direction is drawn; if the next cell is free, the worker goes there and pulls along the box on the cell
    behind it, if any. So every random level can be solved. One that ends with all boxes on goals is drawn again.

Episode end
    Terminated when every box is on a goal. Truncated after `time_limit` steps, 120 by default.

Arguments
    `instance`, `rows`, `columns`, `num_boxes`, `scramble`, `prune_dead`. All but the first and the last are only used
    by random levels, which have at most one box for every three cells inside the border, (rows - 2) * (columns - 2).

    A custom level is a file in the usual notation: # wall, . goal, $ box, * box on a goal, @ worker, + worker on a
    goal, and a space (or - or _) floor; lines that begin with a semicolon are comments. It can also be a dict of
    "walls", "goals" and "boxes", each rows of 0 and 1, and "worker", its row and its column. It has 3 to 64 rows and
    columns, walls around the cells that the worker can reach, all boxes and goals within, equally many of both, at
    least one box that is not on a goal, and a worker that can move, with `prune_dead` without a push.

References
    Thinking Rabbit, "Sokoban", 1982. Junghanns and Schaeffer, "Sokoban: Enhancing general single-agent search methods
    using domain knowledge", Artificial Intelligence 129, 2001, for dead cells. Racaniere et al.,
    "Imagination-Augmented Agents for Deep Reinforcement Learning", NeurIPS 2017, for levels by backward play and for
    these rewards, there divided by 10.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene
from .sokoban_levels import INSTANCE, MOVES, leads

LABELS = ("up", "right", "down", "left")
MOVE_REWARD, GOAL_REWARD, SOLVED_REWARD = -1.0, 10.0, 100.0
WALLS, GOALS, BOXES, WORKER = range(4)  # planes of an observation
NUM_PLANES = 4
RANDOM = 0  # p["instance"] of a level that is drawn anew in each episode


def shape_of(values):
    arrays = INSTANCE.arrays(values["instance"])
    return (values["rows"], values["columns"]) if arrays is None else arrays["walls"].shape


def state(values):
    shape = shape_of(values)
    return state_record(
        walls=(np.int8, shape),
        goals=(np.int8, shape),
        boxes=(np.int8, shape),
        alive=(np.int8, shape),  # see the card; with prune_dead=False all cells
        queue=(np.int64, (shape[0] * shape[1],)),  # scratch of `find_alive`
        on_goal=np.int64,  # boxes on goals
        row=np.int64,  # of the worker
        column=np.int64,
    )


@rule
def reset(s, p):
    s["on_goal"] = p["num_boxes"]
    if p["instance"] == RANDOM:
        while s["on_goal"] == p["num_boxes"]:
            open_room(s, p["rows"], p["columns"])
            place_goals(s, p["num_boxes"])
            play_backwards(s, p["scramble"])
            s["on_goal"] = count_on_goal(s)
    else:
        copy_level(s, p)
    fill(s["alive"], 1)
    if p["prune_dead"]:
        find_alive(s, s["walls"].shape[1])


@rule
def copy_level(s, p):
    copy_to(p["walls"], s["walls"])
    copy_to(p["goals"], s["goals"])
    copy_to(p["boxes"], s["boxes"])
    fill(s["queue"], 0)
    s["row"] = int(p["worker"][0])
    s["column"] = int(p["worker"][1])
    s["on_goal"] = count_on_goal(s)


@rule
def boxes_of(p):
    """How many boxes there are."""
    return p["num_boxes"] if p["instance"] == RANDOM else int(p["sizes"][2])


@rule
def action_mask(s, p, agent, out):
    for move in range(len(MOVES)):
        out[move] = can_move(s, move)


@rule
def step(s, p, move, rewards):
    down, right = MOVES[move]
    s["row"] += down
    s["column"] += right
    rewards[0] += MOVE_REWARD
    if s["boxes"][s["row"], s["column"]] == 0:
        return False
    before = s["on_goal"]
    s["on_goal"] -= int(s["goals"][s["row"], s["column"]])
    s["on_goal"] += int(s["goals"][s["row"] + down, s["column"] + right])
    s["boxes"][s["row"], s["column"]] = 0
    s["boxes"][s["row"] + down, s["column"] + right] = 1
    rewards[0] += GOAL_REWARD * (s["on_goal"] - before)
    if s["on_goal"] < boxes_of(p):
        return False
    rewards[0] += SOLVED_REWARD
    return True


@rule
def observe(s, p, agent, out):
    copy_to(s["walls"], out[WALLS])
    copy_to(s["goals"], out[GOALS])
    copy_to(s["boxes"], out[BOXES])
    fill(out[WORKER], 0)
    out[WORKER, s["row"], s["column"]] = 1


@rule
def can_move(s, move):
    down, right = MOVES[move]
    row, column = s["row"] + down, s["column"] + right
    if s["boxes"][row, column] == 0:
        return s["walls"][row, column] == 0
    row, column = row + down, column + right
    return is_free(s, row, column) and s["alive"][row, column] != 0


@rule
def is_free(s, row, column):
    return s["walls"][row, column] == 0 and s["boxes"][row, column] == 0


@rule
def find_alive(s, columns):
    """Mark the cells that are alive, by pulling a box from the goals."""
    walls, alive, queue = s["walls"], s["alive"], s["queue"]
    copy_to(s["goals"], alive)
    found, looked_at = 0, 0
    for cell in range(alive.size):
        if alive.flat[cell] != 0:
            queue[found] = cell
            found += 1
    while looked_at < found:
        row, column = queue[looked_at] // columns, queue[looked_at] % columns
        looked_at += 1
        for down, right in MOVES:
            from_row, from_column = row - down, column - right
            if walls[from_row, from_column] != 0 or alive[from_row, from_column] != 0:
                continue
            if walls[from_row - down, from_column - right] == 0:
                alive[from_row, from_column] = 1
                queue[found] = from_row * columns + from_column
                found += 1


# --- the start -----------------------------------------------------------------------------------------------------


@rule
def open_room(s, rows, columns):
    """Open three quarters of the cells inside the border, along a random walk."""
    walls = s["walls"]
    fill(walls, 1)
    row, column = 1 + random_below(s["rng"], rows - 2), 1 + random_below(s["rng"], columns - 2)
    walls[row, column] = 0
    to_open = 3 * (rows - 2) * (columns - 2) // 4 - 1
    while to_open > 0:
        move = random_below(s["rng"], len(MOVES))
        next_row, next_column = row + MOVES[move][0], column + MOVES[move][1]
        if 0 < next_row < rows - 1 and 0 < next_column < columns - 1:
            row, column = next_row, next_column
            to_open -= int(walls[row, column])
            walls[row, column] = 0


@rule
def place_goals(s, num_boxes):
    """Put goals, with a box on each, and the worker on floor cells."""
    fill(s["goals"], 0)
    fill(s["boxes"], 0)
    for _ in range(num_boxes):
        row, column = random_free_cell(s)
        s["goals"][row, column] = 1
        s["boxes"][row, column] = 1
    row, column = random_free_cell(s)
    s["row"] = row
    s["column"] = column


@rule
def random_free_cell(s):
    rows, columns = s["walls"].shape
    row, column = 0, 0
    while not is_free(s, row, column):
        row, column = random_below(s["rng"], rows), random_below(s["rng"], columns)
    return row, column


@rule
def play_backwards(s, moves):
    boxes = s["boxes"]
    for _ in range(moves):
        down, right = MOVES[random_below(s["rng"], len(MOVES))]
        row, column = s["row"], s["column"]
        if not is_free(s, row + down, column + right):
            continue
        if boxes[row - down, column - right] != 0:
            boxes[row - down, column - right] = 0
            boxes[row, column] = 1
        s["row"] = row + down
        s["column"] = column + right


@rule
def count_on_goal(s):
    found = 0
    for cell in range(s["boxes"].size):
        if s["boxes"].flat[cell] != 0 and s["goals"].flat[cell] != 0:
            found += 1
    return found


def validate(values):
    level = INSTANCE.arrays(values["instance"])
    if level is not None:
        if values["prune_dead"] and not any(leads(level, move, pushing=False) for move in MOVES):
            raise ValueError("the worker of the instance can only push at the start: prune_dead may leave it no move")
        return
    most = (values["rows"] - 2) * (values["columns"] - 2) // 3
    if values["num_boxes"] > most:
        raise ValueError(
            f"num_boxes={values['num_boxes']} do not fit: rows={values['rows']}, columns={values['columns']} have room "
            f"for at most {most}"
        )


# --- picture: one unit a cell, the actions below ----------------------------------------------------------------------

BUTTON = 0.9


def draw(s, p):
    rows, columns = s["walls"].shape
    scene = Scene(columns, rows + BUTTON)
    for (row, column), wall in np.ndenumerate(s["walls"]):
        is_dead = not wall and not s["alive"][row, column]
        scene.rect(column, row, 1, 1, "wall" if wall else "road" if is_dead else "floor")
        if s["goals"][row, column]:
            scene.disc(column + 0.5, row + 0.5, 0.2, "goal")
        if s["boxes"][row, column]:
            scene.rect(column + 0.12, row + 0.12, 0.76, 0.76, "item", radius=0.1)
        if s["boxes"][row, column] and s["goals"][row, column]:
            scene.rect(column + 0.24, row + 0.24, 0.52, 0.52, "goal", radius=0.08)
    scene.disc(s["column"] + 0.5, s["row"] + 0.5, 0.32, "agent")
    for move, label in enumerate(LABELS):
        x = columns / len(LABELS) * move
        scene.action(move, x + 0.04, rows + 0.1, columns / len(LABELS) - 0.08, BUTTON - 0.14, label, icon=label)
    scene.glyph_rows = glyph_rows(s)
    return scene


def glyph_rows(s):
    """Walls #, goals ., boxes $, boxes on goals *, the worker @, on a goal +: as Sokoban levels are usually written."""
    glyphs = [["#" if wall else " " for wall in line] for line in s["walls"]]
    for (row, column), is_goal in np.ndenumerate(s["goals"]):
        if s["boxes"][row, column]:
            glyphs[row][column] = "*" if is_goal else "$"
        elif (row, column) == (s["row"], s["column"]):
            glyphs[row][column] = "+" if is_goal else "@"
        elif is_goal:
            glyphs[row][column] = "."
    return ["".join(line) for line in glyphs]


ENV = Declaration(
    id="MaskedSokoban-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(len(MOVES), meaning="useful" if values["prune_dead"] else "legal"),
    observation=lambda values: Box(0, 1, (NUM_PLANES, *shape_of(values)), np.int8),
    parameters={
        "instance": INSTANCE,
        "rows": Parameter(8, "cells of a random level from top to bottom, with the border", low=5, high=30),
        "columns": Parameter(8, "cells of a random level from left to right, with the border", low=5, high=30),
        "num_boxes": Parameter(3, "boxes, and goals, of a random level", low=1, high=100),
        "scramble": Parameter(500, "random moves backwards from which a random level comes", low=1, high=10_000),
        "prune_dead": Parameter(False, "whether pushes onto dead cells are forbidden"),
    },
    time_limit=120,
    validate=validate,
    action_labels=lambda values: LABELS,
)
