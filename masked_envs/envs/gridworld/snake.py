"""Action-masked Snake: eat, grow, and never run into a wall or into yourself.

Description
    A snake lies on a grid, each of its cells next to the following one. A move takes its head to a neighbouring cell
    and its tail off the last one. When the head reaches the food the snake grows: the tail stays where it is, and new
    food appears.

Action space
    `Discrete(4)`.

    | action | meaning |
    |---|---|
    | 0 | up |
    | 1 | right |
    | 2 | down |
    | 3 | left |

Mask
    Kind flat, meaning safe: int8 (4,). A move is safe if the cell it leads to is on the grid and holds no part of the
    snake except its tail, which is leaving it. So a snake of two cells may turn round. The mask is a function of the
    observation and never empty before the end. A safe move may lead into a trap.

Observation
    `Box (3, rows, columns) int16`, row 0 at the top.

    | plane | holds |
    |---|---|
    | 0 | the cells of the snake, numbered from 1 at the tail up to its length at the head; 0 elsewhere |
    | 1 | 1 at the head |
    | 2 | 1 at the food, if there is any |

Rewards
    1 for the food eaten in the move, otherwise 0.

Start
    The snake is one cell long, on a uniformly random cell. Food is placed on a uniformly random cell without snake, at
    the start and whenever food has been eaten, after the move.

Episode end
    Terminated when no move is safe, and when the snake fills the grid; then there is no food. Truncated after
    `time_limit` steps, 1000 by default.

Arguments
    `rows`, `columns`.

References
    "Blockade", Gremlin, 1976, made the game known. Its mask as here, but for the tail, is that of the environment Snake
    in Bonnet et al., "Jumanji: a Diverse Suite of Scalable Reinforcement Learning Environments in JAX", ICLR 2024.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, count_nonzero, equal_to, fill, nth_nonzero, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))  # (down, right)
LABELS = ("up", "right", "down", "left")
FREE, SNAKE = 0, 1  # what a cell holds
NOWHERE = -1
ORDER, HEAD, FOOD = range(3)  # planes of an observation


def state(values):
    shape = (values["rows"], values["columns"])
    return state_record(
        cells=(np.int8, shape),
        free=(np.int8, shape),  # scratch of `place_food`
        body=(np.int64, (shape[0] * shape[1],)),  # the cells of the snake, a ring that begins at `tail`
        tail=np.int64,  # index of the last cell of the snake in `body`
        length=np.int64,
        food=np.int64,  # a cell, or NOWHERE
    )


@rule
def reset(s, p):
    fill(s["cells"], FREE)
    s["tail"] = 0
    s["length"] = 0
    enter(s, random_below(s["rng"], s["cells"].size), p["columns"])
    place_food(s)


@rule
def action_mask(s, p, agent, out):
    for move in range(len(MOVES)):
        out[move] = is_safe(s, p, move)


@rule
def step(s, p, move, rewards):
    columns, head = p["columns"], cell_of(s, s["length"] - 1)
    target = head + MOVES[move][0] * columns + MOVES[move][1]
    has_eaten = target == s["food"]
    if not has_eaten:
        leave_tail(s, columns)
    enter(s, target, columns)
    if has_eaten:
        rewards[0] += 1.0
        place_food(s)
    return s["food"] == NOWHERE or not any_safe(s, p)


@rule
def observe(s, p, agent, out):
    fill(out, 0)
    columns, head = p["columns"], cell_of(s, s["length"] - 1)
    for k in range(s["length"]):
        cell = cell_of(s, k)
        out[ORDER, cell // columns, cell % columns] = 1 + k
    out[HEAD, head // columns, head % columns] = 1
    if s["food"] != NOWHERE:
        out[FOOD, s["food"] // columns, s["food"] % columns] = 1


@rule
def is_safe(s, p, move):
    head = cell_of(s, s["length"] - 1)
    row, column = head // p["columns"] + MOVES[move][0], head % p["columns"] + MOVES[move][1]
    if not (0 <= row < p["rows"] and 0 <= column < p["columns"]):
        return False
    return s["cells"][row, column] == FREE or row * p["columns"] + column == cell_of(s, 0)


@rule
def any_safe(s, p):
    for move in range(len(MOVES)):
        if is_safe(s, p, move):
            return True
    return False


@rule
def cell_of(s, k):
    """The k-th cell of the snake, from the tail on."""
    place = s["tail"] + k
    return int(s["body"][place if place < s["body"].size else place - s["body"].size])


@rule
def leave_tail(s, columns):
    cell = cell_of(s, 0)
    s["cells"][cell // columns, cell % columns] = FREE
    s["tail"] = (s["tail"] + 1) % s["body"].size
    s["length"] -= 1


@rule
def enter(s, cell, columns):
    """Put the head on a cell."""
    s["cells"][cell // columns, cell % columns] = SNAKE
    s["body"][(s["tail"] + s["length"]) % s["body"].size] = cell
    s["length"] += 1


@rule
def place_food(s):
    equal_to(s["cells"], FREE, s["free"])
    free = count_nonzero(s["free"])
    s["food"] = nth_nonzero(s["free"], random_below(s["rng"], free)) if free > 0 else NOWHERE


# --- picture: one unit a cell, the actions below ----------------------------------------------------------------------

BUTTON = 0.9


def draw(s, p):
    rows, columns = p["rows"], p["columns"]
    width = max(columns, len(LABELS))
    scene = Scene(width, rows + BUTTON)
    scene.rect(0, 0, columns, rows, "floor")
    snake = [divmod(cell_of(s, k), columns) for k in range(s["length"])]
    for row in range(rows):
        for column in range(columns):
            scene.rect(column + 0.03, row + 0.03, 0.94, 0.94, "cell_alt", radius=0.08)
    for (row, column), (next_row, next_column) in zip(snake, snake[1:], strict=False):
        scene.line([(column + 0.5, row + 0.5), (next_column + 0.5, next_row + 0.5)], 0.5, "agent_2")
    for row, column in snake:
        scene.disc(column + 0.5, row + 0.5, 0.25, "agent_2")
    row, column = snake[-1]
    scene.disc(column + 0.5, row + 0.5, 0.36, "agent_2")
    scene.disc(column + 0.5, row + 0.5, 0.14, "inverse")
    if s["food"] != NOWHERE:
        row, column = divmod(int(s["food"]), columns)
        scene.disc(column + 0.5, row + 0.5, 0.28, "hazard")
    for move, label in enumerate(LABELS):
        x = width / len(LABELS) * move
        scene.action(move, x + 0.04, rows + 0.1, width / len(LABELS) - 0.08, BUTTON - 0.14, label, icon=label)
    scene.glyph_rows = glyph_rows(s, rows, columns)
    return scene


def glyph_rows(s, rows, columns):
    """The head is @, the tail t, all between o, the food *."""
    glyphs = [["."] * columns for _ in range(rows)]
    for k in range(s["length"]):
        row, column = divmod(cell_of(s, k), columns)
        glyphs[row][column] = "@" if k == s["length"] - 1 else "t" if k == 0 else "o"
    if s["food"] != NOWHERE:
        row, column = divmod(int(s["food"]), columns)
        glyphs[row][column] = "*"
    return ["".join(line) for line in glyphs]


ENV = Declaration(
    id="MaskedSnake-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(len(MOVES), meaning="safe"),
    observation=lambda values: Box(
        0, values["rows"] * values["columns"], (3, values["rows"], values["columns"]), np.int16
    ),
    parameters={
        "rows": Parameter(10, "cells from top to bottom", low=2, high=100),
        "columns": Parameter(10, "cells from left to right", low=2, high=100),
    },
    time_limit=1000,
    action_labels=lambda values: LABELS,
)
