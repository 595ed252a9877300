"""Action-masked Pendulum: swing up and balance, with torques that never drive it past a speed limit.

Description
    A rod hangs from a pivot and must be swung up and held there by a torque. The legal torques keep the angular speed
    within `speed_limit` after the step. The physics, costs and start are those of Gymnasium's Pendulum-v1, which clips
    the speed at 8 rad/s. With a lower limit the motor must be able to hold the rod against gravity in any position,
    which takes 5 N m at the horizontal; so `max_torque` must then be at least 6 N m, which leaves some reserve.

    With `speed_limit=8` and `max_torque=2` every torque is legal. States and observations are then those of Gymnasium,
    bit for bit where NumPy's sine is that of the C library. Rewards agree to 1e-9: Gymnasium squares the torque with
    the float32 power function, whose last bit may differ from that of the product. As in Gymnasium with NumPy 2, three
    times the torque, which is its part of the acceleration, is rounded to float32.

Action space
    `Box(-max_torque, max_torque, (1,), float32)`, applied for 0.05 s.

    | index | meaning | from | to |
    |---|---|---|---|
    | 0 | torque (N m) | -max_torque | max_torque |

Mask
    Kind interval, meaning safe: float32 (2, 1), the lowest and the highest torque after which the angular speed is
    within [-speed_limit, speed_limit]. A bound that comes from the speed limit is moved inwards by 1e-5 N m, then
    rounded inwards to float32, so that rounding cannot break the limit. The mask is a function of the observation, and
    never empty: the torque that cancels gravity keeps the speed, and is always within the bounds. With `speed_limit=8`
    it is the whole space.

Observation
    `Box (3,) float32`.

    | index | meaning | from | to |
    |---|---|---|---|
    | 0 | cosine of the angle from upright | -1 | 1 |
    | 1 | sine of the angle | -1 | 1 |
    | 2 | angular speed (rad/s) | -8 | 8 |

Rewards
    -(angle^2 + 0.1 speed^2 + 0.001 torque^2), with the angle in [-pi, pi), all of the state before the step.

Start
    Angle uniform in [-pi, pi), speed uniform in [-1, 1).

Episode end
    Never terminated. Truncated after `time_limit` steps, 200 by default.

Arguments
    `speed_limit`, `max_torque`. `max_torque` is at least 6 where `speed_limit` is below 8.

References
    Gymnasium, classic_control/pendulum.py, 1.2.2. Dalal et al., "Safe exploration in continuous action spaces",
    arXiv:1801.08757, 2018, for actions that are corrected so that a limit holds after the next step.

Versions
    v0: first release.
"""

import math

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, random_uniform, round_down, round_up, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

GRAVITY = 10.0  # m/s^2
MASS = 1.0  # kg
LENGTH = 1.0  # m
TIME_STEP = 0.05  # s
MAX_SPEED = 8.0  # rad/s, where Gymnasium clips
START_SPEED = 1.0  # rad/s
HOLDING_TORQUE = 6.0  # N m: more than gravity's MASS * GRAVITY * LENGTH / 2 = 5 N m at the horizontal
MARGIN = 1e-5  # N m: more than the rounding of a float32 torque and of the step moves the speed by

# The acceleration is FALL * sin(angle) + DRIVE * torque. In Gymnasium the torque is a float32, and what is made of it
# alone is rounded to float32 too.
FALL = 3 * GRAVITY / (2 * LENGTH)
DRIVE = 3.0 / (MASS * LENGTH**2)
TORQUE_COST = float(np.float32(0.001))


def state(values):
    return state_record(angle=np.float64, speed=np.float64, torque=np.float64)


@rule
def reset(s, p):
    s["angle"] = random_uniform(s["rng"], -math.pi, math.pi)
    s["speed"] = random_uniform(s["rng"], -START_SPEED, START_SPEED)
    s["torque"] = 0.0


@rule
def action_mask(s, p, agent, out):
    out[0, 0] = -p["max_torque"]
    out[1, 0] = p["max_torque"]
    if p["speed_limit"] < MAX_SPEED:
        # speed + (FALL sin + DRIVE torque) TIME_STEP within the limit, solved for the torque
        per_torque = DRIVE * TIME_STEP
        coasting = s["speed"] + FALL * math.sin(s["angle"]) * TIME_STEP
        out[0, 0] = max(-p["max_torque"], round_up((-p["speed_limit"] - coasting) / per_torque + MARGIN))
        out[1, 0] = min(p["max_torque"], round_down((p["speed_limit"] - coasting) / per_torque - MARGIN))


@rule
def step(s, p, action, rewards):
    torque = action[0]
    angle, speed = s["angle"], s["speed"]
    off = (angle + math.pi) % (2 * math.pi) - math.pi
    rewards[0] += -(off * off + 0.1 * (speed * speed) + single(TORQUE_COST * single(torque * torque)))
    speed = speed + (FALL * math.sin(angle) + single(DRIVE * torque)) * TIME_STEP
    s["speed"] = min(max(speed, -MAX_SPEED), MAX_SPEED)
    s["angle"] = angle + s["speed"] * TIME_STEP
    s["torque"] = torque
    return False


@rule
def single(number):
    """Rounded to float32, as a float64."""
    return float(np.float32(number))


@rule
def observe(s, p, agent, out):
    out[0] = math.cos(s["angle"])
    out[1] = math.sin(s["angle"])
    out[2] = s["speed"]


def validate(values):
    if values["speed_limit"] < MAX_SPEED and values["max_torque"] < HOLDING_TORQUE:
        raise ValueError(
            f"max_torque={values['max_torque']:g} cannot hold the rod against gravity, so speed_limit="
            f"{values['speed_limit']:g} could not be kept; max_torque must be at least {HOLDING_TORQUE:g}, or "
            f"speed_limit {MAX_SPEED:g}"
        )


# --- picture: metres, y downwards; beside the rod its speed, between the limits ----------------------------------

SIDE = 2.8
PIVOT = SIDE / 2
BESIDE = 1.5  # for the speed
SCALE = (0.3, 2.3)  # top and bottom of the speed's scale: MAX_SPEED and -MAX_SPEED


def draw(s, p):
    scene = Scene(SIDE + BESIDE, SIDE, kind="interval")
    scene.disc(PIVOT, PIVOT, LENGTH + 0.12, "track", outline=0.02)
    tip = (PIVOT + LENGTH * math.sin(s["angle"]), PIVOT - LENGTH * math.cos(s["angle"]))
    scene.line([(PIVOT, PIVOT), tip], 0.16, "pole")
    scene.disc(PIVOT, PIVOT, 0.07, "axle")
    draw_speed(scene, s["speed"], p["speed_limit"])
    scene.range_bars([-p["max_torque"]], [p["max_torque"]], ["torque"], title="torque (N m)", area=(0, 0, SIDE, SIDE))
    scene.glyph_rows = [
        f"angle {math.degrees(s['angle']):+.1f} deg  speed {s['speed']:+.3f} rad/s (limit {p['speed_limit']:g})  "
        f"last torque {s['torque']:+.3f} N m"
    ]
    return scene


def draw_speed(scene, speed, limit):
    """A scale of what Gymnasium allows, dark beyond the limit, and the speed on it."""
    left, wide = SIDE + 0.45, 0.26
    top, bottom = height_of(limit), height_of(-limit)
    scene.rect(left, SCALE[0], wide, SCALE[1] - SCALE[0], "wall")
    scene.rect(left, top, wide, bottom - top, "cell")
    for number, ink in ((limit, "bad"), (0.0, "muted"), (-limit, "bad")):
        scene.line([(left, height_of(number)), (left + wide, height_of(number))], 0.025, ink)
        scene.text(left - 0.06, height_of(number), f"{number:+.3g}" if number else "0", 0.11, align="right")
    at = height_of(speed)
    scene.line([(left, height_of(0.0)), (left, at)], 0.04, "agent")
    scene.polygon([(left + 0.03, at), (left + wide + 0.1, at - 0.07), (left + wide + 0.1, at + 0.07)], "agent")
    scene.text(left + wide + 0.14, at, f"{speed:+.2f}", 0.13, align="left")
    scene.text(SIDE + BESIDE / 2, 0.14, "speed (rad/s)", 0.13)
    scene.text(SIDE + BESIDE / 2, SIDE - 0.26, f"limit {limit:g}" if limit < MAX_SPEED else "no limit", 0.13)


def height_of(speed):
    """Where a speed stands on its scale."""
    share = (1 - min(max(speed / MAX_SPEED, -1.0), 1.0)) / 2
    return SCALE[0] + share * (SCALE[1] - SCALE[0])


ENV = Declaration(
    id="MaskedPendulum-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.interval([-values["max_torque"]], [values["max_torque"]], meaning="safe"),
    observation=lambda values: Box(
        np.array([-1, -1, -MAX_SPEED], np.float32), np.array([1, 1, MAX_SPEED], np.float32), dtype=np.float32
    ),
    parameters={
        "speed_limit": Parameter(4.0, "angular speed (rad/s) that no legal torque leads beyond; 8: no limit",
                                 low=1.0, high=MAX_SPEED),
        "max_torque": Parameter(6.0, "strongest torque (N m) to either side", low=0.1, high=100.0),
    },
    time_limit=200,
    validate=validate,
)  # fmt: skip
