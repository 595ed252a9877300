"""Action-masked CartPole: many copies of left and right, few of them legal.

Description
    A pole stands on a cart; pushing the cart left or right must keep it upright. Of `num_actions` actions, the even
    ones push left and the odd ones push right, but only `num_available` are legal at a time. The physics are those of
    Gymnasium's CartPole-v1: with `num_actions=2` the trajectories are the same bits. This is the environment on which
    agents of many libraries kept choosing illegal actions.

Action space
    `Discrete(num_actions)`: a push for 0.02 s.

    | action | meaning |
    |---|---|
    | even | push left, -10 N |
    | odd | push right, +10 N |

Mask
    Kind flat, meaning legal: int8 (num_actions,) with exactly `num_available` ones, at least one of each direction, a
    uniformly random such subset. `availability` sets when it is drawn.

    | `availability` | the mask is drawn | function of the observation |
    |---|---|---|
    | "fixed" | once, from `layout_seed`: the same in every process | constant |
    | "episode" | at each reset | no |
    | "step" | at each reset and after each step | no |
    | "context" | as "step", but one of the blocks of `num_available` successive actions | yes, of the block in it |

Observation
    `Box (4,) float32`. The bounds of position and angle are those of Gymnasium, twice the limits of the episode. With
    `availability="context"` there are `num_actions / num_available` more numbers, which show the legal block.

    | index | meaning | from | to |
    |---|---|---|---|
    | 0 | cart position (m) | -4.8 | 4.8 |
    | 1 | cart velocity (m/s) | -inf | inf |
    | 2 | pole angle (rad) | -0.419 | 0.419 |
    | 3 | pole angular velocity (rad/s) | -inf | inf |
    | 4 on | with "context": 1 for the legal block, 0 for the others | 0 | 1 |

Rewards
    1 for every step, including the last.

Start
    Each of the four numbers uniform in [-0.05, 0.05).

Episode end
    Terminated when the cart leaves [-2.4, 2.4] m or the pole leaves [-12, 12] degrees. Truncated after `time_limit`
    steps, 500 by default.

Arguments
    `num_actions`, `num_available`, `availability`, `layout_seed`. `num_available` is at most `num_actions`; with
    `availability="context"` it is even, so that each block has both directions, and divides `num_actions`.

References
    Barto, Sutton and Anderson, "Neuronlike adaptive elements that can solve difficult learning control problems",
    IEEE Transactions on Systems, Man, and Cybernetics 13, 1983. Florian, "Correct equations for the dynamics of the
    cart-pole system", 2007. Gymnasium, classic_control/cartpole.py, 1.2.2.

Versions
    v0: first release.
"""

import math

import numpy as np
from gymnasium.spaces import Box

from ...core import (
    Declaration,
    Parameter,
    copy_to,
    count_nonzero,
    random_below,
    random_subset,
    random_uniform,
    restore_stream,
    rule,
    seed_stream,
    state_record,
    stream_words,
)
from ...mask_spec import MaskSpec
from ...render import Scene

GRAVITY = 9.8  # m/s^2
CART_MASS = 1.0  # kg
POLE_MASS = 0.1  # kg
TOTAL_MASS = CART_MASS + POLE_MASS
POLE_HALF_LENGTH = 0.5  # m
POLE_MASS_LENGTH = POLE_MASS * POLE_HALF_LENGTH
FORCE = 10.0  # N
TIME_STEP = 0.02  # s
POSITION_LIMIT = 2.4  # m
ANGLE_LIMIT = 12 * 2 * math.pi / 360  # rad
START_RANGE = 0.05

AVAILABILITY = ("fixed", "episode", "step")
FIXED, EPISODE, STEP, CONTEXT = range(4)

BODY = {"x": np.float64, "x_dot": np.float64, "theta": np.float64, "theta_dot": np.float64}


BODY_SIZE = 4  # numbers of an observation that tell the state of cart and pole

# Twice the limits at which the episode ends, so that the last observation is within them.
OBSERVATION_BOUNDS = np.array([2 * POSITION_LIMIT, np.inf, 2 * ANGLE_LIMIT, np.inf], np.float32)


def fields(values):
    return {**BODY, "available": (np.int8, (values["num_actions"],))}


def state(values):
    return state_record(**fields(values))


@rule
def reset(s, p):
    start_body(s)
    if p["availability"] == CONTEXT:
        draw_context(s["rng"], p["num_available"], s["available"])
    elif p["availability"] != FIXED:
        draw_available(s["rng"], p["num_available"], s["available"])
    elif count_nonzero(s["available"]) == 0:  # the first episode of this row
        draw_layout(s["rng"], p, s["available"])


@rule
def action_mask(s, p, agent, out):
    copy_to(s["available"], out)


@rule
def step(s, p, action, rewards):
    move_body(s, pushes_right(action))
    if p["availability"] == STEP:
        draw_available(s["rng"], p["num_available"], s["available"])
    elif p["availability"] == CONTEXT:
        draw_context(s["rng"], p["num_available"], s["available"])
    rewards[0] += 1.0
    return has_fallen(s)


@rule
def observe(s, p, agent, out):
    out[0] = s["x"]
    out[1] = s["x_dot"]
    out[2] = s["theta"]
    out[3] = s["theta_dot"]
    for context in range(out.size - BODY_SIZE):
        out[BODY_SIZE + context] = s["available"][context * p["num_available"]]


@rule
def pushes_right(action):
    return action % 2 == 1


@rule
def draw_layout(rng, p, available):
    """Draw what is legal from a stream of its own, the same for the same seed."""
    a, b, c, counter = stream_words(rng)
    seed_stream(rng, p["layout_seed"])
    draw_available(rng, p["num_available"], available)
    restore_stream(rng, a, b, c, counter)


@rule
def draw_available(rng, size, available):
    """Mark a uniformly random subset with both directions in it: draw until it has them."""
    left, right = 0, 0
    while left == 0 or right == 0:
        random_subset(rng, size, available)
        left, right = 0, 0
        for action in range(available.size):
            if available[action] != 0:
                if pushes_right(action):
                    right += 1
                else:
                    left += 1


@rule
def draw_context(rng, size, available):
    """Mark one block of `size` actions."""
    first = random_below(rng, available.size // size) * size
    for action in range(available.size):
        available[action] = 1 if first <= action < first + size else 0


@rule
def start_body(s):
    s["x"] = random_uniform(s["rng"], -START_RANGE, START_RANGE)
    s["x_dot"] = random_uniform(s["rng"], -START_RANGE, START_RANGE)
    s["theta"] = random_uniform(s["rng"], -START_RANGE, START_RANGE)
    s["theta_dot"] = random_uniform(s["rng"], -START_RANGE, START_RANGE)


@rule
def move_body(s, right):
    """One Euler step of Florian's equations (23) and (24), in the order of operations of Gymnasium's CartPole."""
    force = FORCE if right else -FORCE
    theta, theta_dot = s["theta"], s["theta_dot"]
    sine, cosine = math.sin(theta), math.cos(theta)
    push = (force + POLE_MASS_LENGTH * (theta_dot * theta_dot) * sine) / TOTAL_MASS
    theta_acceleration = (GRAVITY * sine - cosine * push) / (
        POLE_HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * (cosine * cosine) / TOTAL_MASS)
    )
    x_acceleration = push - POLE_MASS_LENGTH * theta_acceleration * cosine / TOTAL_MASS
    s["x"] = s["x"] + TIME_STEP * s["x_dot"]
    s["x_dot"] = s["x_dot"] + TIME_STEP * x_acceleration
    s["theta"] = theta + TIME_STEP * theta_dot
    s["theta_dot"] = theta_dot + TIME_STEP * theta_acceleration


@rule
def has_fallen(s):
    return abs(s["x"]) > POSITION_LIMIT or abs(s["theta"]) > ANGLE_LIMIT


# --- picture: metres, y downwards, the track at TRACK_HEIGHT -------------------------------------------------------

VIEW_WIDTH, VIEW_HEIGHT, TRACK_HEIGHT = 2 * POSITION_LIMIT + 0.8, 2.2, 1.75
CART_WIDTH, CART_HEIGHT = 0.5, 0.26


def draw(s, p):
    scene = draw_body(s)
    labels = action_labels(p)
    scene.strip(labels if p["num_actions"] <= MOST_LABELS else p["num_actions"], title="actions")
    return scene


def draw_body(s):
    """The cart, the pole and the limits of both, without the actions."""
    scene = Scene(VIEW_WIDTH, VIEW_HEIGHT)
    centre = VIEW_WIDTH / 2
    scene.line([(0, TRACK_HEIGHT), (VIEW_WIDTH, TRACK_HEIGHT)], 0.03, "track")
    for limit in (-POSITION_LIMIT, POSITION_LIMIT):
        scene.line([(centre + limit, TRACK_HEIGHT - 0.2), (centre + limit, TRACK_HEIGHT + 0.2)], 0.03, "hazard")
    x, top = centre + s["x"], TRACK_HEIGHT - CART_HEIGHT
    reach = 2 * POLE_HALF_LENGTH
    for angle in (-ANGLE_LIMIT, ANGLE_LIMIT):
        scene.line([(x, top), (x + reach * math.sin(angle), top - reach * math.cos(angle))], 0.015, "muted", fade=0.5)
    scene.rect(x - CART_WIDTH / 2, top, CART_WIDTH, CART_HEIGHT, "cart", radius=0.05)
    tip = (x + reach * math.sin(s["theta"]), top - reach * math.cos(s["theta"]))
    scene.line([(x, top), tip], 0.09, "pole")
    scene.disc(x, top, 0.06, "axle")
    scene.glyph_rows = [
        f"cart {s['x']:+.3f} m  {s['x_dot']:+.3f} m/s   pole {math.degrees(s['theta']):+.2f} deg  "
        f"{math.degrees(s['theta_dot']):+.2f} deg/s"
    ]
    return scene


def action_labels(values):
    return tuple("right" if pushes_right(action) else "left" for action in range(values["num_actions"]))


MOST_LABELS = 16  # more actions than this are drawn as a grid without names

AVAILABILITY_PARAMETERS = {
    "num_actions": Parameter(6, "actions in all; even ones push left, odd ones right", low=2, high=2**20),
    "num_available": Parameter(2, "legal actions at a time, one of each direction at least", low=2, high=2**20),
}


def validate(values):
    if values["num_available"] > values["num_actions"]:
        raise ValueError(
            f"num_available={values['num_available']} legal actions cannot be chosen from "
            f"num_actions={values['num_actions']}; num_available must be at most num_actions"
        )


def validate_availability(values):
    validate(values)
    actions, available = values["num_actions"], values["num_available"]
    if values["availability"] == "context" and (available % 2 or actions % available):
        raise ValueError(
            f'availability="context" needs an even num_available that divides num_actions, '
            f"not num_available={available} of num_actions={actions}"
        )


def observation(values):
    contexts = values["num_actions"] // values["num_available"] if values["availability"] == "context" else 0
    low, high = np.zeros(contexts, np.float32), np.ones(contexts, np.float32)
    return Box(np.append(-OBSERVATION_BOUNDS, low), np.append(OBSERVATION_BOUNDS, high), dtype=np.float32)


ENV = Declaration(
    id="MaskedCartPole-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(values["num_actions"]),
    observation=observation,
    parameters={
        **AVAILABILITY_PARAMETERS,
        "availability": Parameter("fixed", "when the legal subset is drawn", choices=(*AVAILABILITY, "context")),
        "layout_seed": Parameter(0, 'seed of the legal subset with availability="fixed"', low=0, high=2**31 - 1),
    },
    time_limit=500,
    validate=validate_availability,
    action_labels=action_labels,
)
