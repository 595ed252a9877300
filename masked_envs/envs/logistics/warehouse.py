"""Action-masked warehouse: robots that share narrow aisles carry out orders, all moving at once.

Description
    Robots drive between shelves on a grid. Each has a goal cell; a robot that reaches its goal has carried out an order
    and gets another goal. The shelves stand two wide in every second row, with an aisle in every third column: on the
    cells whose row is odd and whose column is not divisible by 3, both counted from 0. So every floor cell can be
    reached from every other, whatever the size.

Action space
    For each robot `Discrete(5)`. Where several robots choose the same free cell, the one with the lowest number moves
    there and the others stay. In the Gymnasium form without an opponent one action moves all robots, `MultiDiscrete([5]
    * num_robots)`.

    | action | meaning |
    |---|---|
    | 0 | stay |
    | 1 | up |
    | 2 | right |
    | 3 | down |
    | 4 | left |

Mask
    Kind flat, meaning legal: int8 (5,) for each robot. A move is legal if its target is on the grid, is no shelf, and
    holds no robot at the start of the step; so robots neither swap places nor follow each other. Staying is always
    legal. The mask is a function of the observation. It does not depend on what the others choose, so a legal move may
    fail because a robot with a lower number takes the cell. In the Gymnasium form without an opponent the masks of all
    robots follow each other: kind per_head, int8 (5 * num_robots,).

Observation
    For each robot `Box (5, rows, cols) int8`, row 0 at the top. In the Gymnasium form without an opponent the
    observations of all robots are stacked: (num_robots, 5, rows, cols).

    | plane | marks |
    |---|---|
    | 0 | the shelves |
    | 1 | the robot itself |
    | 2 | the other robots |
    | 3 | the robot's goal |
    | 4 | the goals of the others |

Rewards
    1 to a robot that reaches its goal, otherwise 0. In the Gymnasium form without an opponent the rewards of all robots
    are added up.

Start
    The robots stand on different floor cells, every such placement equally likely. A goal is drawn, at the start and
    after each order, uniformly from the floor cells that are neither the robot's cell nor the goal of any robot. Where
    several robots reach their goals in one step, new goals are drawn in the order of their numbers; goals just reached
    by robots with higher numbers still count as taken.

Episode end
    Terminated when all robots together have carried out `num_orders` orders (or more, if several are carried out in the
    last step). Truncated after `time_limit` steps, 100 by default.

Arguments
    `rows`, `cols`, `num_robots`, `num_orders`. There are at most as many robots as floor cells less one.

References
    A plain relative, with rules of its own, of RWARE (Papoudakis et al., "Benchmarking Multi-Agent Deep Reinforcement
    Learning Algorithms in Cooperative Tasks", NeurIPS Datasets and Benchmarks, 2021) and of lifelong multi-agent path
    finding (Li et al., "Lifelong Multi-Agent Path Finding in Large-Scale Warehouses", AAAI, 2021).

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, equal_to, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene, agent_ink

FLOOR, SHELF, ROBOT = range(3)  # what a cell holds
ACTIONS = ("stay", "up", "right", "down", "left")
MOVES = ((0, 0), (-1, 0), (0, 1), (1, 0), (0, -1))  # (down, right) of each action
STAY = 0
NOWHERE = -1
SHELVES, SELF, OTHERS, GOAL, OTHER_GOALS = range(5)  # planes of an observation
NUM_PLANES = 5


def state(values):
    robots = values["num_robots"]
    return state_record(
        cells=(np.int8, (values["rows"], values["cols"])),
        positions=(np.int64, (robots, 2)),  # (row, column) of each robot
        goals=(np.int64, (robots, 2)),
        orders_done=np.int64,
    )


@rule
def reset(s, p):
    s["orders_done"] = 0
    place_shelves(s)
    fill(s["goals"], NOWHERE)
    for robot in range(p["num_robots"]):
        place_robot(s, robot)
    for robot in range(p["num_robots"]):
        draw_goal(s, robot)


@rule
def action_mask(s, p, robot, out):
    row, column = s["positions"][robot, 0], s["positions"][robot, 1]
    for action in range(out.size):
        down, right = MOVES[action]
        out[action] = action == STAY or is_free(s, row + down, column + right)


@rule
def step(s, p, actions, rewards):
    """Robots move in the order of their numbers, so a cell that two of them chose is free only for the first."""
    for robot in range(actions.size):
        if drive(s, robot, actions[robot]):
            rewards[robot] += 1.0
            s["orders_done"] += 1
            draw_goal(s, robot)
    return s["orders_done"] >= p["num_orders"]


@rule
def observe(s, p, robot, out):
    positions, goals = s["positions"], s["goals"]
    fill(out, 0)
    equal_to(s["cells"], SHELF, out[SHELVES])
    for other in range(positions.shape[0]):
        out[SELF if other == robot else OTHERS, positions[other, 0], positions[other, 1]] = 1
        out[GOAL if other == robot else OTHER_GOALS, goals[other, 0], goals[other, 1]] = 1


@rule
def is_free(s, row, column):
    """Whether a robot may move to (row, column): on the grid, no shelf, no robot."""
    cells = s["cells"]
    return 0 <= row < cells.shape[0] and 0 <= column < cells.shape[1] and cells[row, column] == FLOOR


@rule
def drive(s, robot, action):
    """Move a robot, unless it stays or another was first; whether it has reached its goal."""
    cells, place, goal = s["cells"], s["positions"][robot], s["goals"][robot]
    row, column = place[0] + MOVES[action][0], place[1] + MOVES[action][1]
    if not is_free(s, row, column):
        return False
    cells[place[0], place[1]] = FLOOR
    cells[row, column] = ROBOT
    place[0] = row
    place[1] = column
    return row == goal[0] and column == goal[1]


# --- the start, and new goals -----------------------------------------------------------------------------------


@rule
def is_shelf(row, column):
    return row % 2 == 1 and column % 3 != 0


@rule
def place_shelves(s):
    cells = s["cells"]
    for row in range(cells.shape[0]):
        for column in range(cells.shape[1]):
            cells[row, column] = SHELF if is_shelf(row, column) else FLOOR


@rule
def place_robot(s, robot):
    """Put a robot on a random free cell: draw until it is one."""
    cells, place = s["cells"], s["positions"][robot]
    draw_cell(s, place)
    while cells[place[0], place[1]] != FLOOR:
        draw_cell(s, place)
    cells[place[0], place[1]] = ROBOT


@rule
def draw_goal(s, robot):
    """Give a robot a random goal: draw until it is a cell that may be one."""
    goal = s["goals"][robot]
    draw_cell(s, goal)
    while not may_be_goal(s, robot, goal[0], goal[1]):
        draw_cell(s, goal)


@rule
def draw_cell(s, place):
    place[0] = random_below(s["rng"], s["cells"].shape[0])
    place[1] = random_below(s["rng"], s["cells"].shape[1])


@rule
def may_be_goal(s, robot, row, column):
    """Whether (row, column) is a floor cell that is neither the robot's own nor the goal of another."""
    cells, positions, goals = s["cells"], s["positions"], s["goals"]
    if cells[row, column] == SHELF or (positions[robot, 0] == row and positions[robot, 1] == column):
        return False
    for other in range(goals.shape[0]):
        if other != robot and goals[other, 0] == row and goals[other, 1] == column:
            return False
    return True


def validate(values):
    rows, cols, robots = values["rows"], values["cols"], values["num_robots"]
    floor_cells = sum(not is_shelf(row, column) for row in range(rows) for column in range(cols))
    if robots >= floor_cells:
        raise ValueError(
            f"num_robots={robots} do not fit: rows={rows}, cols={cols} have {floor_cells} floor cells, of which one "
            f"must stay free; num_robots must be at most {floor_cells - 1} here"
        )


# --- picture: one unit a cell; round each robot, its five moves -------------------------------------------------------

ICONS = ("stay", "up", "right", "down", "left")
MARK = 0.24  # side of the mark of a move
PLACES = ((0.37, 0.37), (-0.37, 0), (0, 0.37), (0.37, 0), (0, -0.37))  # (down, right) of it, from the robot's middle


def draw(s, p):
    rows, cols = s["cells"].shape
    robots = len(s["positions"])
    scene = Scene(cols, rows, agents=robots)
    scene.players(*map(agent_ink, range(robots)))
    for (row, column), cell in np.ndenumerate(s["cells"]):
        scene.rect(column + 0.02, row + 0.02, 0.96, 0.96, "wall" if cell == SHELF else "floor", radius=0.06)
    for robot in range(robots):
        draw_goal_of(scene, s, robot)
    for robot in range(robots):
        draw_robot(scene, s, robot)
    scene.glyph_rows = glyph_rows(s)
    return scene


def draw_goal_of(scene, s, robot):
    """A frame with the robot's number, in the corner where another robot stands on it."""
    row, column = s["goals"][robot]
    scene.rect(column + 0.1, row + 0.1, 0.8, 0.8, agent_ink(robot), radius=0.12, outline=0.06)
    if s["cells"][row, column] == ROBOT:
        scene.text(column + 0.24, row + 0.24, str(robot), 0.2, agent_ink(robot))
    else:
        scene.text(column + 0.5, row + 0.42, str(robot), 0.4, agent_ink(robot))
        scene.text(column + 0.5, row + 0.74, "goal", 0.2, agent_ink(robot))


def draw_robot(scene, s, robot):
    row, column = s["positions"][robot]
    scene.disc(column + 0.5, row + 0.5, 0.23, agent_ink(robot))
    scene.text(column + 0.5, row + 0.5, str(robot), 0.3, "inverse")
    scene.seat(robot, column + 0.22, row + 0.22, 0.56, 0.56)
    for action, (down, right) in enumerate(PLACES):
        corner = (column + 0.5 + right - MARK / 2, row + 0.5 + down - MARK / 2)
        scene.action(
            action, *corner, MARK, MARK, ACTIONS[action], agent=robot, icon=ICONS[action], ink=agent_ink(robot)
        )


def glyph_rows(s):
    """Shelves #, floor ., robots by their digit, goals by the letter of the same place in the alphabet."""
    rows = [["#" if cell == SHELF else "." for cell in row] for row in s["cells"]]
    for robot in range(len(s["positions"])):
        rows[s["goals"][robot][0]][s["goals"][robot][1]] = chr(ord("a") + robot % 26)
    for robot in range(len(s["positions"])):
        rows[s["positions"][robot][0]][s["positions"][robot][1]] = str(robot % 10)
    return ["".join(row) for row in rows]


ENV = Declaration(
    id="MaskedWarehouse-v0",
    module=__name__,
    play="simultaneous",
    agents=lambda values: tuple(f"robot_{robot}" for robot in range(values["num_robots"])),
    state=state,
    mask=lambda values: MaskSpec.flat(len(ACTIONS)),
    observation=lambda values: Box(0, 1, (NUM_PLANES, values["rows"], values["cols"]), np.int8),
    parameters={
        "rows": Parameter(7, "rows of the grid; every second one has shelves", low=1, high=256),
        "cols": Parameter(10, "columns of the grid; every third one is an aisle", low=1, high=256),
        "num_robots": Parameter(4, "robots, each an agent", low=1, high=1000),
        "num_orders": Parameter(20, "orders after which the episode ends", low=1),
    },
    time_limit=100,
    validate=validate,
    action_labels=lambda values: ACTIONS,
)
