"""Action-masked Seeker: move to a goal between obstacles, with moves that can touch none of them.

Description
    A point moves in a square arena of side 10 m with rectangular obstacles. Each step it is displaced by up to
    `max_step` in both directions. The legal displacements form a box that contains no obstacle and no wall.

    The box grows from the point: first to the left, then to the right, downwards and upwards, each time by `max_step`,
    or to 1e-5 m before the wall or the first obstacle in that direction. An obstacle is in that direction if it comes
    nearer than 0.5e-5 m to the box, at its present width, across the direction. Each bound is rounded to float32
    towards the point, and never past it. So no side could be moved outwards by more than this margin. Displacements
    outside the box may also be free of obstacles, since the free region is not a box.

Action space
    `Box(-max_step, max_step, (2,), float32)`.

    | index | meaning | from | to |
    |---|---|---|---|
    | 0 | displacement to the right (m) | -max_step | max_step |
    | 1 | displacement upwards (m) | -max_step | max_step |

Mask
    Kind interval, meaning safe: float32 (2, 2), the lowest and the highest displacement in each direction. It is a
    function of the observation, and never empty: staying in place is always legal.

Observation
    `Box (4 + 4 * num_obstacles,) float32`, all in m, from 0 to 10.

    | index | meaning |
    |---|---|
    | 0, 1 | the position (x, y) |
    | 2, 3 | the goal (x, y) |
    | 4 + 4k to 7 + 4k | left, bottom, right and top of obstacle k |

Rewards
    The decrease of the distance to the goal (m), and 10 for arriving.

Start
    The position is uniform in the arena, the goal uniform at least 4 m away. Obstacles are 0.5 to 3 m long and high,
    uniform among the places wholly inside the arena, and may overlap. An obstacle is drawn again while it comes nearer
    than 0.6 m to the position or the goal in both directions.

Episode end
    Terminated at a distance of 0.5 m from the goal or less. Truncated after `time_limit` steps, 100 by default.

Arguments
    `num_obstacles`, `max_step`.

References
    None: the environment is of this package's own making.

Versions
    v0: first release.
"""

import math

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, random_uniform, round_down, round_up, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

SIDE = 10.0  # m
GOAL_RADIUS = 0.5  # m
FARTHEST_START = 4.0  # m between start and goal, at least
CLEARANCE = 0.6  # m around start and goal
SMALLEST, LARGEST = 0.5, 3.0  # m, sides of an obstacle
ARRIVAL = 10.0
MARGIN = 1e-5  # m kept from obstacles and walls, in the direction in which the box grows
# Across that direction, half of it: an obstacle beside the box, from which it keeps MARGIN but for rounding, is not
# taken for one ahead.
MARGIN_ACROSS = MARGIN / 2

LEFT, BOTTOM, RIGHT, TOP = range(4)
LOW, HIGH = range(2)


def state(values):
    return state_record(
        position=(np.float64, (2,)), goal=(np.float64, (2,)), obstacles=(np.float64, (values["num_obstacles"], 4))
    )


@rule
def reset(s, p):
    place(s, s["position"])
    place(s, s["goal"])
    while distance(s) < FARTHEST_START:
        place(s, s["goal"])
    for i in range(s["obstacles"].shape[0]):
        obstacle = s["obstacles"][i]
        draw_obstacle(s, obstacle)
        while too_near(obstacle, s["position"]) or too_near(obstacle, s["goal"]):
            draw_obstacle(s, obstacle)


@rule
def action_mask(s, p, agent, out):
    """Grow the box from the point itself, one side after the other; x first, so that corridors along x stay open."""
    for axis in range(2):
        out[LOW, axis] = 0.0
        out[HIGH, axis] = 0.0
    for axis in range(2):
        out[LOW, axis] = round_up(reach(s, p["max_step"], out, axis, LOW))
        out[HIGH, axis] = round_down(reach(s, p["max_step"], out, axis, HIGH))


@rule
def step(s, p, action, rewards):
    before = distance(s)
    for axis in range(2):
        s["position"][axis] += action[axis]
    after = distance(s)
    rewards[0] += before - after
    if after <= GOAL_RADIUS:
        rewards[0] += ARRIVAL
        return True
    return False


@rule
def observe(s, p, agent, out):
    for axis in range(2):
        out[axis] = s["position"][axis]
        out[2 + axis] = s["goal"][axis]
    for i in range(s["obstacles"].shape[0]):
        for k in range(4):
            out[4 + 4 * i + k] = s["obstacles"][i, k]


@rule
def distance(s):
    x, y = s["goal"][0] - s["position"][0], s["goal"][1] - s["position"][1]
    return math.sqrt(x * x + y * y)


@rule
def place(s, point):
    for axis in range(2):
        point[axis] = random_uniform(s["rng"], 0.0, SIDE)


@rule
def draw_obstacle(s, obstacle):
    for axis in range(2):
        length = random_uniform(s["rng"], SMALLEST, LARGEST)
        obstacle[axis] = random_uniform(s["rng"], 0.0, SIDE - length)
        obstacle[2 + axis] = obstacle[axis] + length


@rule
def too_near(obstacle, point):
    for axis in range(2):
        if point[axis] <= obstacle[axis] - CLEARANCE or point[axis] >= obstacle[2 + axis] + CLEARANCE:
            return False
    return True


@rule
def reach(s, most, box, axis, side):
    """How far the box, as it is across this axis, can extend along it to this side: a displacement, 0 or beyond."""
    here, other = s["position"][axis], 1 - axis
    across_low = s["position"][other] + box[LOW, other] - MARGIN_ACROSS
    across_high = s["position"][other] + box[HIGH, other] + MARGIN_ACROSS
    low, high = max(-most, min(MARGIN - here, 0.0)), min(most, max(SIDE - here - MARGIN, 0.0))
    for i in range(s["obstacles"].shape[0]):
        obstacle = s["obstacles"][i]
        if obstacle[2 + other] > across_low and obstacle[other] < across_high:
            if obstacle[2 + axis] <= here:
                low = max(low, min(obstacle[2 + axis] - here + MARGIN, 0.0))
            else:
                high = min(high, max(obstacle[axis] - here - MARGIN, 0.0))
    return low if side == LOW else high


# --- picture: metres, y upwards, with a wall of GOAL_RADIUS around the arena -----------------------------------------


def draw(s, p):
    scene = Scene(SIDE + 2 * GOAL_RADIUS, SIDE + 2 * GOAL_RADIUS, kind="interval")
    scene.rect(0, 0, SIDE + 2 * GOAL_RADIUS, SIDE + 2 * GOAL_RADIUS, "wall")
    draw_area(scene, (0.0, 0.0), (SIDE, SIDE), "floor")
    for obstacle in s["obstacles"]:
        draw_area(scene, obstacle[:2], obstacle[2:], "wall")
    box = np.zeros((2, 2))
    action_mask(s, p, 0, box)
    here = s["position"]
    draw_legal(scene, here + box[LOW], np.maximum(here + box[HIGH], here + box[LOW] + 0.04))
    scene.disc(*on_page(s["goal"]), GOAL_RADIUS, "agent_3")
    scene.text(*on_page(s["goal"]), "goal", 0.36)
    scene.disc(*on_page(here), 0.16, "agent")
    reaches = [p["max_step"]] * 2
    left, top = on_page((here[0] - reaches[0], here[1] + reaches[1]))
    around = (left, top, 2 * reaches[0], 2 * reaches[1])
    scene.range_bars([-reach for reach in reaches], reaches, ["right", "up"], title="displacement (m)", area=around)
    scene.glyph_rows = [f"at {in_words(here)}, {distance(s):.2f} m from the goal {in_words(s['goal'])}"]
    return scene


def on_page(point):
    """Coordinates of the picture, whose y runs downwards."""
    return point[0] + GOAL_RADIUS, SIDE - point[1] + GOAL_RADIUS


def draw_area(scene, low, high, ink, fade=0.0):
    left, top = on_page((low[0], high[1]))
    scene.rect(left, top, high[0] - low[0], high[1] - low[1], ink, fade=fade)


def draw_legal(scene, low, high):
    """The places that legal displacements lead to, in the colours of everything legal."""
    draw_area(scene, low, high, "legal_fill")
    left, top = on_page((low[0], high[1]))
    scene.rect(left, top, high[0] - low[0], high[1] - low[1], "legal", outline=0.05)


def in_words(point):
    return f"({point[0]:.2f}, {point[1]:.2f})"


ENV = Declaration(
    id="MaskedSeeker-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.interval([-values["max_step"]] * 2, [values["max_step"]] * 2, meaning="safe"),
    observation=lambda values: Box(0, SIDE, (4 + 4 * values["num_obstacles"],), np.float32),
    parameters={
        "num_obstacles": Parameter(6, "rectangles in the arena", low=0, high=50),
        "max_step": Parameter(1.0, "longest displacement in each direction (m)", low=0.01, high=SIDE),
    },
    time_limit=100,
)
