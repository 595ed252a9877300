"""Action-masked traffic lights: a grid of junctions, each with a minimum green and a locked amber.

Description
    Streets cross at junctions on a grid, and vehicles drive straight on. Each junction has four queues, one for each
    side from which vehicles arrive: 0 north, 1 east, 2 south, 3 west. Its light shows one phase. With `phases="axes"`
    there are two: phase 0 serves the queues 0 and 2, phase 1 the queues 1 and 3. With "sides" there are four, and phase
    k serves queue k. Junction k is in row k // cols and column k % cols, from the north-west. A queue has room for
    `capacity` vehicles.

    A step is a few seconds. In each step, in this order:

    1. Each junction takes the phase that it chose. A new phase begins with `amber` steps in which nobody drives; the
       steps after them are green.
    2. From each queue of a green phase, vehicles drive: as many as stand there at the start of the step, at most
       `saturation`, and at most as many as have room at their destination at the start of the step. They leave the
       grid, or join the queue of the same side at the next junction, from which they can drive on in the next step.
    3. At each queue at the edge of the grid, on the side of the edge, one vehicle arrives with probability `demand`. It
       is turned away if the queue was full at the start of the step.

Action space
    For each junction `Discrete(n)`, with n = 2 or 4 phases. In the Gymnasium form without an opponent one action sets
    all lights, `MultiDiscrete([n] * rows * cols)`.

    | action | meaning |
    |---|---|
    | k, 0 to n - 1 | show phase k in this step |

Mask
    Kind flat, meaning legal: int8 (n,) for each junction. The phase that is shown is always legal. Another one is legal
    after the present one has been shown for its amber and then for at least `min_green` steps. So the amber is locked,
    and no green is cut short. The mask is a function of the observation. In the Gymnasium form without an opponent the
    masks of all junctions follow each other: kind per_head, int8 (rows * cols * n,).

Observation
    For each junction `Box (7,) int16`. In the Gymnasium form without an opponent the observations of all junctions are
    stacked: (rows * cols, 7).

    | index | meaning |
    |---|---|
    | 0 to 3 | the vehicles in its queues |
    | 4 | the phase shown |
    | 5 | the steps of amber that are left |
    | 6 | the steps until another phase may be chosen: what is left of amber and minimum green; 0: now |

Rewards
    To each junction minus the number of vehicles in its queues after the step. In the Gymnasium form without an
    opponent the rewards of all junctions are added up.

Start
    All queues are empty. Every junction shows phase 0, whose amber is over and whose minimum green begins.

Episode end
    Never terminated. Truncated after `time_limit` steps, 200 by default.

Arguments
    `rows`, `cols`, `phases`, `min_green`, `amber`, `saturation`, `demand`, `capacity`.

References
    Queues that discharge at a saturation flow and store what there is room for: Daganzo, "The cell transmission model",
    Transportation Research B 28, 1994. Minimum green, amber and fixed-time plans: Webster, "Traffic signal settings",
    Road Research Technical Paper 39, 1958. Lights as agents: Zhang et al., "CityFlow", WWW, 2019.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, fill, random_uniform, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene, agent_ink

SIDES = ("north", "east", "south", "west")
AWAY = ((1, 0), (0, -1), (-1, 0), (0, 1))  # (down, right) to where vehicles from each side drive
PHASES, NUM_PHASES = ("axes", "sides"), (2, 4)
PHASE, AMBER_LEFT, LOCKED = 4, 5, 6  # of an observation, after the queues


def state(values):
    junctions = values["rows"] * values["cols"]
    return state_record(
        queue=(np.int64, (junctions, 4)),
        change=(np.int64, (junctions, 4)),  # of the queues in the last step
        phase=(np.int64, (junctions,)),
        shown=(np.int64, (junctions,)),  # for how many steps the phase has been shown, amber included
    )


@rule
def reset(s, p):
    fill(s["queue"], 0)
    fill(s["change"], 0)
    fill(s["phase"], 0)
    fill(s["shown"], p["amber"])


@rule
def action_mask(s, p, junction, out):
    fill(out, steps_locked(s, p, junction) == 0)
    out[s["phase"][junction]] = True


@rule
def step(s, p, actions, rewards):
    fill(s["change"], 0)
    for junction in range(actions.size):
        if actions[junction] != s["phase"][junction]:
            s["phase"][junction] = actions[junction]
            s["shown"][junction] = 0
        if s["shown"][junction] >= p["amber"]:
            discharge(s, p, junction)
        s["shown"][junction] += 1
    for junction in range(actions.size):
        for side in range(4):
            arrive(s, p, junction, side)
    for junction in range(actions.size):
        for side in range(4):
            s["queue"][junction, side] += s["change"][junction, side]
            rewards[junction] -= s["queue"][junction, side]
    return False


@rule
def observe(s, p, junction, out):
    for side in range(4):
        out[side] = s["queue"][junction, side]
    out[PHASE] = s["phase"][junction]
    out[AMBER_LEFT] = max(0, p["amber"] - s["shown"][junction])
    out[LOCKED] = steps_locked(s, p, junction)


@rule
def steps_locked(s, p, junction):
    """The steps until another phase may be chosen."""
    return max(0, p["amber"] + p["min_green"] - s["shown"][junction])


@rule
def discharge(s, p, junction):
    """Let vehicles of a green phase drive, by the queues at the start of the step."""
    phases = NUM_PHASES[p["phases"]]
    for side in range(4):
        if side % phases == s["phase"][junction]:
            driving = min(s["queue"][junction, side], p["saturation"])
            ahead = neighbour(p, junction, side)
            if ahead >= 0:
                driving = min(driving, p["capacity"] - s["queue"][ahead, side])
                s["change"][ahead, side] += driving
            s["change"][junction, side] -= driving


@rule
def arrive(s, p, junction, side):
    """Let a vehicle arrive from outside, if the side is at the edge of the grid."""
    if neighbour(p, junction, (side + 2) % 4) < 0 and random_uniform(s["rng"], 0.0, 1.0) < p["demand"]:
        if s["queue"][junction, side] < p["capacity"]:
            s["change"][junction, side] += 1


@rule
def neighbour(p, junction, side):
    """The junction to which vehicles from a side drive on; -1 outside of the grid."""
    row, column = junction // p["cols"] + AWAY[side][0], junction % p["cols"] + AWAY[side][1]
    if 0 <= row < p["rows"] and 0 <= column < p["cols"]:
        return row * p["cols"] + column
    return -1


# --- picture: three units a junction; its queues at its sides, and a button for each phase ----------------------------

UNITS = 3
LABELS = {2: ("N-S", "E-W"), 4: ("N", "E", "S", "W")}
BUTTONS = {
    2: ((1.1, 1.12, 0.8, 0.34), (1.1, 1.54, 0.8, 0.34)),
    4: ((1.3, 1.08, 0.4, 0.24), (1.58, 1.38, 0.34, 0.24), (1.3, 1.68, 0.4, 0.24), (1.08, 1.38, 0.34, 0.24)),
}
LINES = ((1.15, 0.84, 0.7, 0.1), (2.06, 1.15, 0.1, 0.7), (1.15, 2.06, 0.7, 0.1), (0.84, 1.15, 0.1, 0.7))  # stop lines
NUMBERS = ((1.25, 0.4), (2.6, 1.25), (1.75, 2.6), (0.4, 1.75))  # where the queue of each side is written


def draw(s, p):
    rows, cols, phases = p["rows"], p["cols"], NUM_PHASES[p["phases"]]
    scene = Scene(UNITS * cols, UNITS * rows, agents=rows * cols)
    scene.players(*map(agent_ink, range(rows * cols)))
    scene.rect(0, 0, UNITS * cols, UNITS * rows, "page")
    for row in range(rows):
        scene.rect(0, UNITS * row + 1, UNITS * cols, 1, "road")
    for column in range(cols):
        scene.rect(UNITS * column + 1, 0, 1, UNITS * rows, "road")
    scene.glyph_rows = []
    for junction in range(rows * cols):
        draw_junction(scene, s, p, junction, phases)
        row, column = divmod(junction, cols)
        queues = " ".join(f"{side[0].upper()}{n}" for side, n in zip(SIDES, s["queue"][junction].tolist(), strict=True))
        light = "amber to" if s["shown"][junction] < p["amber"] else "green"
        scene.glyph_rows.append(f"({row}, {column}) {queues}  {light} {LABELS[phases][s['phase'][junction]]}")
    return scene


def draw_junction(scene, s, p, junction, phases):
    row, column = divmod(junction, p["cols"])
    right, down = UNITS * column, UNITS * row
    phase, is_amber = s["phase"][junction], s["shown"][junction] < p["amber"]
    for side in range(4):
        x, y, width, height = LINES[side]
        served = side % phases == phase
        ink = ("highlight" if is_amber else "good") if served else "bad"
        scene.rect(right + x, down + y, width, height, ink)
        vehicles = int(s["queue"][junction, side])
        x, y = NUMBERS[side]
        scene.text(right + x, down + y, str(vehicles), 0.4, "text" if vehicles else "muted")
    scene.seat(junction, right + 0.9, down + 0.9, 1.2, 1.2)
    for action in range(phases):
        x, y, width, height = BUTTONS[phases][action]
        label = LABELS[phases][action]
        scene.action(action, right + x, down + y, width, height, label, agent=junction, ink=agent_ink(junction))


def num_phases(values):
    return NUM_PHASES[PHASES.index(values["phases"])]


ENV = Declaration(
    id="MaskedTraffic-v0",
    module=__name__,
    play="simultaneous",
    agents=lambda values: tuple(f"junction_{k}" for k in range(values["rows"] * values["cols"])),
    state=state,
    mask=lambda values: MaskSpec.flat(num_phases(values)),
    observation=lambda values: Box(
        0, max(values["capacity"], values["amber"] + values["min_green"], 4), (7,), np.int16
    ),
    parameters={
        "rows": Parameter(2, "rows of junctions", low=1, high=64),
        "cols": Parameter(2, "columns of junctions", low=1, high=64),
        "phases": Parameter("axes", "what a phase serves: an axis, or one side", choices=PHASES),
        "min_green": Parameter(4, "steps for which a phase stays green at least", low=1, high=1000),
        "amber": Parameter(2, "steps of amber before a phase turns green", low=0, high=1000),
        "saturation": Parameter(1, "vehicles that can drive from a queue in a step", low=1, high=100),
        "demand": Parameter(0.25, "probability of an arrival in a step, at each queue at the edge", low=0.0, high=1.0),
        "capacity": Parameter(20, "vehicles that a queue has room for", low=1, high=10_000),
    },
    time_limit=200,
    action_labels=lambda values: LABELS[num_phases(values)],
)  # fmt: skip
