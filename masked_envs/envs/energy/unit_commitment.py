"""Action-masked unit commitment: which power units run in each hour of a day, and how much each of them gives.

Description
    Thermal units serve a demand that is known for the whole day. Every hour the agent says which units are on and
    what power each of them gives. A unit that was started stays on for its minimum up time, one that was stopped
    stays off for its minimum down time, and its power changes by at most its ramp from hour to hour: `ramp` times its
    capacity. There is no spinning reserve. The units, of which the first `num_units` are taken:

    | unit | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |
    |---|---|---|---|---|---|---|---|---|---|---|
    | capacity (MW) | 455 | 455 | 130 | 130 | 162 | 80 | 85 | 55 | 55 | 55 |
    | least power (MW) | 150 | 150 | 20 | 20 | 25 | 20 | 25 | 10 | 10 | 10 |
    | fixed cost ($/h) | 1000 | 970 | 700 | 680 | 450 | 370 | 480 | 660 | 665 | 670 |
    | cost of power ($/MWh) | 16.19 | 17.26 | 16.60 | 16.50 | 19.70 | 22.26 | 27.74 | 25.92 | 27.27 | 27.79 |
    | cost of a start ($) | 4500 | 5000 | 550 | 560 | 900 | 170 | 260 | 30 | 30 | 30 |
    | minimum up and down time (h) | 8 | 8 | 5 | 5 | 6 | 3 | 3 | 1 | 1 | 1 |

Action space
    `Dict(on: MultiBinary(num_units), power: Box(0, capacities, (num_units,), float32))`, for this hour.

    | part | index | meaning | from | to |
    |---|---|---|---|---|
    | `on` | k | 1 if unit k is on | 0 | 1 |
    | `power` | k | the power (MW) of unit k; that of a unit that is off counts as 0 | 0 | its capacity |

Mask
    Kind dict, meaning legal: `on`, int8 (num_units, 2), whether off and on are legal; `power`, float32 (2, num_units),
    the lowest and the highest power (MW). The starting power of a unit is its ramp, or its least power where that is
    more. The bounds are rounded inwards to float32. The mask is a function of the observation, and never empty.

    |  | legal |
    |---|---|
    | going off | after the minimum up time, if the last power was at most the starting power |
    | going on | after the minimum down time |
    | power of a unit that was on | within a ramp of the last power, and between the least power and the capacity |
    | power of a unit that was off | between the least power and the starting power |
    | power of a unit that must stay off | 0 |

Observation
    `Box (3 * num_units + hours,) float32`, with n = num_units. In the hour after a start or stop the hours since it
    are 1.

    | index | meaning | from | to |
    |---|---|---|---|
    | 0 to n - 1 | 1 if the unit was on in the last hour | 0 | 1 |
    | n to 2n - 1 | hours since its last start or stop, divided by its minimum time, at most 1 | 0 | 1 |
    | 2n to 3n - 1 | its power in the last hour, divided by its capacity | 0 | 1 |
    | 3n to 3n + hours - 1 | demand from this hour on, divided by the total capacity; 0 after the last | 0 | 1 |

Rewards
    Minus the cost of the hour in units of 10,000 $: for each unit that is on, its fixed cost and its cost per MWh; for
    each unit that is started, its cost of a start; for demand that is not met, 200 $ per MWh. Power beyond the demand
    is lost.

Start
    Each unit is on or off with equal probability, since a number of hours uniform from 1 to its minimum up or down
    time. The power of a unit that is on is uniform between its least power and its capacity. The demand of an hour is
    that of the reference / 1500 * 0.9 * the total capacity, times a number uniform in [0.9, 1.1). The reference has,
    from the first hour of a day to the last: 700, 750, 850, 950, 1000, 1100, 1150, 1200, 1300, 1400, 1450, 1500, 1400,
    1300, 1200, 1050, 1000, 1100, 1200, 1400, 1300, 1100, 900, 800 (MW), and from the 25th hour on the same again.

Episode end
    Terminated after `hours` steps. Never truncated, unless `time_limit` is set.

Arguments
    `num_units`, `hours`, `ramp`.

References
    Kazarlis, Bakirtzis and Petridis, "A genetic algorithm solution to the unit commitment problem", IEEE Transactions
    on Power Systems 11(1), 1996: its ten units, with hot starts and without the quadratic part of the cost, and its
    demand, without its reserve. It has no ramps.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import (
    Declaration,
    Parameter,
    fill,
    random_below,
    random_uniform,
    round_down,
    round_up,
    rule,
    state_record,
)
from ...mask_spec import MaskSpec
from ...render import Scene

# Of each unit of the reference:
CAPACITY = (455.0, 455.0, 130.0, 130.0, 162.0, 80.0, 85.0, 55.0, 55.0, 55.0)  # MW
LEAST_POWER = (150.0, 150.0, 20.0, 20.0, 25.0, 20.0, 25.0, 10.0, 10.0, 10.0)  # MW, of a unit that is on
FIXED_COST = (1000.0, 970.0, 700.0, 680.0, 450.0, 370.0, 480.0, 660.0, 665.0, 670.0)  # $ per hour
POWER_COST = (16.19, 17.26, 16.60, 16.50, 19.70, 22.26, 27.74, 25.92, 27.27, 27.79)  # $ per MWh
START_COST = (4500.0, 5000.0, 550.0, 560.0, 900.0, 170.0, 260.0, 30.0, 30.0, 30.0)  # $
MIN_TIME = (8, 8, 5, 5, 6, 3, 3, 1, 1, 1)  # hours up, and down
DEMAND = (700, 750, 850, 950, 1000, 1100, 1150, 1200, 1300, 1400, 1450, 1500,
          1400, 1300, 1200, 1050, 1000, 1100, 1200, 1400, 1300, 1100, 900, 800)  # MW, of ten units  # fmt: skip

PEAK = 0.9 / max(DEMAND)  # what makes of DEMAND a share of the capacity
NOISE = 0.1  # of an hour's demand, to either side
UNSERVED_COST = 200.0  # $ per MWh
MONEY = 10_000.0  # $ in a reward of 1
OFF, ON = 0, 1


def state(values):
    units = values["num_units"]
    return state_record(
        on=(np.int8, (units,)),  # in the last hour, as all that follows
        since=(np.int64, (units,)),  # hours since the last start or stop
        power=(np.float64, (units,)),  # MW
        demand=(np.float64, (values["hours"],)),  # MW
        hour=np.int64,
    )


@rule
def reset(s, p):
    capacity = 0.0
    for unit in range(p["num_units"]):
        capacity += CAPACITY[unit]
        s["on"][unit] = random_below(s["rng"], 2)
        s["since"][unit] = 1 + random_below(s["rng"], MIN_TIME[unit])
        power = random_uniform(s["rng"], LEAST_POWER[unit], CAPACITY[unit])
        s["power"][unit] = power if s["on"][unit] == ON else 0.0
    for hour in range(p["hours"]):
        share = PEAK * DEMAND[hour % len(DEMAND)] * random_uniform(s["rng"], 1 - NOISE, 1 + NOISE)
        s["demand"][hour] = share * capacity
    s["hour"] = 0


@rule
def action_mask(s, p, agent, out):
    for unit in range(p["num_units"]):
        out["on"][unit, OFF] = can_be_off(s, p, unit)
        out["on"][unit, ON] = can_be_on(s, unit)
        out["power"][0, unit] = round_up(lowest_power(s, p, unit))
        out["power"][1, unit] = round_down(highest_power(s, p, unit))


@rule
def step(s, p, action, rewards):
    cost, unserved = 0.0, s["demand"][s["hour"]]
    for unit in range(p["num_units"]):
        on = int(action["on"][unit])
        power = float(action["power"][unit]) if on == ON else 0.0
        if on != s["on"][unit]:
            s["since"][unit] = 0
            cost += START_COST[unit] * on
        cost += FIXED_COST[unit] * on + POWER_COST[unit] * power
        unserved -= power
        s["on"][unit] = on
        s["since"][unit] += 1
        s["power"][unit] = power
    cost += UNSERVED_COST * max(unserved, 0.0)
    rewards[0] += -cost / MONEY
    s["hour"] += 1
    return s["hour"] == p["hours"]


@rule
def observe(s, p, agent, out):
    units, hours, capacity = p["num_units"], p["hours"], 0.0
    fill(out, 0.0)
    for unit in range(units):
        capacity += CAPACITY[unit]
        out[unit] = s["on"][unit]
        out[units + unit] = min(s["since"][unit], MIN_TIME[unit]) / MIN_TIME[unit]
        out[2 * units + unit] = s["power"][unit] / CAPACITY[unit]
    for hour in range(s["hour"], hours):
        out[3 * units + hour - s["hour"]] = s["demand"][hour] / capacity


@rule
def can_be_on(s, unit):
    return s["on"][unit] == ON or s["since"][unit] >= MIN_TIME[unit]


@rule
def can_be_off(s, p, unit):
    if s["on"][unit] == OFF:
        return True
    return s["since"][unit] >= MIN_TIME[unit] and s["power"][unit] <= starting_power(p, unit)


@rule
def lowest_power(s, p, unit):
    if not can_be_on(s, unit):
        return 0.0
    if s["on"][unit] == OFF:
        return LEAST_POWER[unit]
    return max(LEAST_POWER[unit], s["power"][unit] - ramp_of(p, unit))


@rule
def highest_power(s, p, unit):
    if not can_be_on(s, unit):
        return 0.0
    if s["on"][unit] == OFF:
        return starting_power(p, unit)
    return min(CAPACITY[unit], s["power"][unit] + ramp_of(p, unit))


@rule
def ramp_of(p, unit):
    """The most that the power of a unit changes by in an hour (MW)."""
    return p["ramp"] * CAPACITY[unit]


@rule
def starting_power(p, unit):
    """The most power (MW) of a unit in its first hour, and in its last."""
    return max(LEAST_POWER[unit], ramp_of(p, unit))


# --- picture: a column is an hour; the power of the last one, the demand of those to come, and below it the units -----

HOURS_SHOWN = 24
CHART = 9.0  # height at full capacity
LEFT, TOP, BOTTOM, UNITS = 2.4, 1.3, 1.2, 2.4  # of the megawatts, the heading, the hours and the units
TICKS = 4  # of the axis of power, above 0
INKS = ("agent_0", "agent_1", "agent_2", "agent_3", "agent_4")


def draw(s, p):
    units, capacity = p["num_units"], sum(CAPACITY[: p["num_units"]])
    scene = Scene(LEFT + 1 + HOURS_SHOWN + 0.4, TOP + CHART + BOTTOM + UNITS, kind="dict")
    coming = s["demand"][s["hour"] :][:HOURS_SHOWN]
    draw_axes(scene, capacity, s["hour"], len(coming))
    draw_power(scene, s, capacity)
    for k, demand in enumerate(coming):
        height = CHART * min(demand / capacity, 1.0)
        scene.rect(LEFT + 1.1 + k, TOP + CHART - height, 0.8, height, "machine" if k else "frame", fade=0.4 * (k > 0))
    draw_units(scene, s, units)
    names = [f"unit {unit}" for unit in range(units)]
    scene.strip(
        [f"{name} {word}" for name in names for word in ("off", "on")],
        shape=(units, 2),
        key="on",
        title="on in this hour",
    )
    scene.range_bars([0.0] * units, CAPACITY[:units], names, key="power", title="power (MW)")
    scene.glyph_rows = [f"hour {s['hour']}  demand {coming[0]:.0f} MW" if len(coming) else "the day is over"]
    scene.glyph_rows += [f"{name}: {', '.join(unit_words(s, unit))}" for unit, name in enumerate(names)]
    return scene


def draw_axes(scene, capacity, hour, hours):
    """Megawatts at the left, hours below, and in words what the columns are."""
    for tick in range(TICKS + 1):
        y = TOP + CHART * (1 - tick / TICKS)
        scene.line([(LEFT, y), (scene.width - 0.2, y)], 0.04, "grid" if tick else "outline")
        scene.text(LEFT - 0.2, y, f"{capacity * tick / TICKS:.0f}", 0.6, "muted", align="right")
    for k in range(hours):
        if (hour + k) % 3 == 0:
            scene.text(LEFT + 1.5 + k, TOP + CHART + 0.45, str(hour + k), 0.6, "muted")
    scene.text(LEFT + 0.5, TOP + CHART + 0.45, "last", 0.6, "muted")
    scene.text(scene.width - 0.2, TOP + CHART + 0.98, "hour", 0.6, "muted", align="right")
    scene.text(0.2, 0.55, "MW", 0.6, "muted", align="left")
    now = f"demand of hour {hour}" if hours else "the last hour is over"
    scene.rect(LEFT, 0.25, 0.6, 0.6, "frame")
    scene.text(LEFT + 0.8, 0.55, now, 0.6, align="left")
    scene.rect(LEFT + 8.6, 0.25, 0.6, 0.6, "machine", fade=0.4)
    scene.text(LEFT + 9.4, 0.55, "of the hours to come", 0.6, align="left")


def draw_power(scene, s, capacity):
    """What the units gave in the last hour, one over the other."""
    base = TOP + CHART
    for unit, power in enumerate(s["power"].tolist()):
        base -= CHART * power / capacity
        if power > 0:
            scene.rect(LEFT + 0.1, base, 0.8, CHART * power / capacity, INKS[unit % len(INKS)])


def draw_units(scene, s, units):
    wide = scene.width / units
    size = min(0.6, wide / 8)
    for unit in range(units):
        x, y = wide * unit, TOP + CHART + BOTTOM
        ink = INKS[unit % len(INKS)] if s["on"][unit] == ON else "idle"
        scene.rect(x + 0.1, y + 0.2, wide - 0.2, UNITS - 0.3, ink, radius=0.2)
        for line, words in enumerate((f"unit {unit}", *unit_words(s, unit))):
            scene.text(x + wide / 2, y + 0.6 + 0.62 * line, words, size)


def unit_words(s, unit):
    """Since when a unit is on or off, and what it gave in the last hour."""
    return f"{'on' if s['on'][unit] else 'off'} for {s['since'][unit]} h", f"{s['power'][unit]:.0f} MW"


def spec(values):
    units = values["num_units"]
    return MaskSpec.dict({"on": MaskSpec.binary(units), "power": MaskSpec.interval([0.0] * units, CAPACITY[:units])})


ENV = Declaration(
    id="MaskedUnitCommitment-v0",
    module=__name__,
    state=state,
    mask=spec,
    observation=lambda values: Box(0, 1, (3 * values["num_units"] + values["hours"],), np.float32),
    parameters={
        "num_units": Parameter(3, "power units, the first of the reference", low=1, high=len(CAPACITY)),
        "hours": Parameter(24, "hours of an episode; the demand of a day repeats", low=1, high=168),
        "ramp": Parameter(0.3, "change of a unit's power in an hour, as a share of its capacity", low=0.01, high=1.0),
    },
)
