"""Action-masked Taxi: drive, pick up, drop off, and never do what changes nothing.

Description
    A taxi in a walled 5 by 5 town fetches a passenger at one of the landmarks R, G, Y, B and brings them to another. A
    passenger dropped off at a landmark other than the destination waits there and can be picked up again. This is
    Gymnasium's Taxi-v3 (without rain, and with a passenger who keeps the destination), except that an action whose mask
    entry is 0 is refused. In Gymnasium such an action lets time pass, and a useless pickup or drop-off costs 10.

Action space
    `Discrete(6)`.

    | action | meaning |
    |---|---|
    | 0 | south |
    | 1 | north |
    | 2 | east |
    | 3 | west |
    | 4 | pick up |
    | 5 | drop off |

Mask
    Kind flat, meaning useful: int8 (6,). A move is useful where neither the edge nor a wall stops it; picking up where
    the passenger waits; dropping off at any landmark while the passenger is in the taxi. The mask is a function of the
    observation, equal to the `action_mask` in Gymnasium's `info`, and never empty.

Observation
    `Discrete(500)`: `((row * 5 + column) * 5 + passenger) * 4 + destination`.

    | part | meaning | from | to |
    |---|---|---|---|
    | row | the row of the taxi, 0 at the top | 0 | 4 |
    | column | the column of the taxi | 0 | 4 |
    | passenger | the landmark where the passenger waits (0 R, 1 G, 2 Y, 3 B), or 4 in the taxi | 0 | 4 |
    | destination | a landmark | 0 | 3 |

Rewards
    20 for the drop-off at the destination, -1 for every other step. Gymnasium's -10 for a useless pickup or drop-off
    does not occur, since such actions are refused; `on_invalid="noop"` with `invalid_reward` sets a price for useless
    actions.

Start
    Uniform over the 300 states in which the passenger waits at a landmark that is not the destination.

Episode end
    Terminated when the passenger has been brought to the destination. Truncated after `time_limit` steps, 200 by
    default.

Arguments
    None besides the time limit.

References
    Dietterich, "Hierarchical Reinforcement Learning with the MAXQ Value Function Decomposition", Journal of Artificial
    Intelligence Research 13, 2000. Gymnasium, toy_text/taxi.py, 1.2.2.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Discrete

from ...core import Declaration, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

TOWN = (
    "|R: | : :G|",
    "| : | : : |",
    "| : : : : |",
    "| | : | : |",
    "|Y| : |B: |",
)  # cells stand between ":" (open) and "|" (a wall)
ROWS, COLUMNS = len(TOWN), len(TOWN[0]) // 2
LANDMARKS = tuple((row, TOWN[row].index(name) // 2) for name in "RGYB" for row in range(ROWS) if name in TOWN[row])
OPEN_SIDES = np.array([[side == ":" for side in row[::2]] for row in TOWN], np.int8)  # (row, column): its west side

SOUTH, NORTH, EAST, WEST, PICK_UP, DROP_OFF = range(6)
MOVES = ((1, 0), (-1, 0), (0, 1), (0, -1))  # (down, right) of the first four actions
IN_TAXI = len(LANDMARKS)
NOWHERE = -1

STEP_REWARD, DELIVERY_REWARD = -1.0, 20.0


def state(values):
    return state_record(row=np.int64, column=np.int64, passenger=np.int64, destination=np.int64)


@rule
def reset(s, p):
    s["row"] = random_below(s["rng"], ROWS)
    s["column"] = random_below(s["rng"], COLUMNS)
    s["passenger"] = random_below(s["rng"], len(LANDMARKS))
    # one of the other landmarks
    s["destination"] = (s["passenger"] + 1 + random_below(s["rng"], len(LANDMARKS) - 1)) % len(LANDMARKS)


@rule
def action_mask(s, p, agent, out):
    for direction in range(len(MOVES)):
        out[direction] = is_open(s["row"], s["column"], direction)
    landmark = landmark_at(s["row"], s["column"])
    out[PICK_UP] = landmark != NOWHERE and s["passenger"] == landmark
    out[DROP_OFF] = landmark != NOWHERE and s["passenger"] == IN_TAXI


@rule
def step(s, p, action, rewards):
    if action == PICK_UP:
        s["passenger"] = IN_TAXI
    elif action == DROP_OFF:
        s["passenger"] = landmark_at(s["row"], s["column"])
    else:
        s["row"] += MOVES[action][0]
        s["column"] += MOVES[action][1]
    delivered = action == DROP_OFF and s["passenger"] == s["destination"]
    rewards[0] += DELIVERY_REWARD if delivered else STEP_REWARD
    return delivered


@rule
def observe(s, p, agent, out):
    out[0] = ((s["row"] * COLUMNS + s["column"]) * (IN_TAXI + 1) + s["passenger"]) * len(LANDMARKS) + s["destination"]


@rule
def is_open(row, column, direction):
    """Whether neither the edge nor a wall stops a taxi that leaves (row, column)."""
    down, right = MOVES[direction]
    if down != 0:
        return 0 <= row + down < ROWS
    return OPEN_SIDES[row, column + max(right, 0)] != 0  # the edges are walls


@rule
def landmark_at(row, column):
    """The landmark at (row, column), or NOWHERE."""
    for landmark in range(len(LANDMARKS)):
        if LANDMARKS[landmark][0] == row and LANDMARKS[landmark][1] == column:
            return landmark
    return NOWHERE


# --- picture: one unit a cell, a frame of a fifth around the town, the actions below --------------------------------

EDGE, BUTTONS = 0.2, 1.0
WORDS = 0.5  # height of the line that says where the passenger is and is going
ICONS = ("down", "up", "right", "left", "", "")
PASSENGER = 0.13  # radius of its disc
LANDMARK_INKS = ("player_0", "goal", "player_1", "agent_0")  # R, G, Y, B


def draw(s, p):
    scene = Scene(COLUMNS + 2 * EDGE, ROWS + 2 * EDGE + WORDS + BUTTONS)
    scene.rect(0, 0, COLUMNS + 2 * EDGE, ROWS + 2 * EDGE, "wall", radius=0.1)
    scene.rect(EDGE, EDGE, COLUMNS, ROWS, "road")
    for k, (row, column) in enumerate(LANDMARKS):
        scene.rect(EDGE + column + 0.04, EDGE + row + 0.04, 0.92, 0.92, LANDMARK_INKS[k], radius=0.1, fade=0.55)
        scene.text(EDGE + column + 0.27, EDGE + row + 0.29, "RGYB"[k], 0.26, "text")
    draw_walls(scene)
    draw_taxi(scene, s)
    draw_ride(scene, s, ROWS + 2 * EDGE + WORDS / 2 + 0.04)
    labels = action_labels({})
    width = scene.width / len(labels)
    for action, label in enumerate(labels):
        place = (width * action + 0.05, ROWS + 2 * EDGE + WORDS + 0.1, width - 0.1, BUTTONS - 0.2)
        scene.action(action, *place, label, icon=ICONS[action])
    scene.glyph_rows = [town_row(s, row) for row in range(ROWS)]
    scene.glyph_rows.append(f"passenger {place_name(s['passenger'])}, destination {place_name(s['destination'])}")
    return scene


def draw_walls(scene):
    for row in range(ROWS):
        for column in range(1, COLUMNS):
            if not is_open(row, column, WEST):
                scene.line([(EDGE + column, EDGE + row), (EDGE + column, EDGE + row + 1)], 0.12, "wall")


def draw_taxi(scene, s):
    row, column = LANDMARKS[s["destination"]]
    scene.rect(EDGE + column + 0.04, EDGE + row + 0.04, 0.92, 0.92, "outline", radius=0.1, outline=0.06)
    x, y = EDGE + s["column"], EDGE + s["row"]
    scene.rect(x + 0.12, y + 0.28, 0.76, 0.46, "highlight", radius=0.12)
    scene.rect(x + 0.28, y + 0.36, 0.44, 0.3, "outline", radius=0.06)
    if s["passenger"] == IN_TAXI:
        scene.disc(x + 0.5, y + 0.51, PASSENGER + 0.02, "station")
        scene.disc(x + 0.5, y + 0.51, PASSENGER - 0.02, "text")
    else:
        row, column = LANDMARKS[s["passenger"]]
        scene.disc(EDGE + column + 0.78, EDGE + row + 0.2, PASSENGER, "text")


def draw_ride(scene, s, y):
    """The passenger and the destination, by their signs in the town and in words."""
    scene.disc(0.35, y, PASSENGER, "text")
    scene.text(0.6, y, f"passenger {place_name(s['passenger'])}", 0.24, align="left")
    scene.rect(2.95, y - 0.14, 0.28, 0.28, "outline", radius=0.05, outline=0.06)
    scene.text(3.35, y, f"destination {'RGYB'[s['destination']]}", 0.24, align="left")


def town_row(s, row):
    """One row of the town with T for the taxi, or t with the passenger in it."""
    taxi = "t" if s["passenger"] == IN_TAXI else "T"
    here = 2 * s["column"] + 1
    return TOWN[row][:here] + taxi + TOWN[row][here + 1 :] if s["row"] == row else TOWN[row]


def place_name(place):
    return "in the taxi" if place == IN_TAXI else f"at {'RGYB'[place]}"


def action_labels(values):
    return ("south", "north", "east", "west", "pick up", "drop off")


ENV = Declaration(
    id="MaskedTaxi-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(len(MOVES) + 2, meaning="useful"),
    observation=lambda values: Discrete(ROWS * COLUMNS * (IN_TAXI + 1) * len(LANDMARKS)),
    time_limit=200,
    action_labels=action_labels,
)
