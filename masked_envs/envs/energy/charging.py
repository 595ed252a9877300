"""Action-masked charging: how much power each car gets, while the feeder has little and the price changes.

Description
    Cars come to the chargers of a building, want energy, and leave at a time that is known when they come. Every hour
    the agent sets the power of each charger. Of what a charger draws from the feeder, 0.9 reaches the battery. The
    building has a load of its own; the rest of the feeder's limit is available to the chargers. The price of energy
    depends on the hour. Energy that a car wanted and did not get before it leaves costs `unserved_cost` per kWh.

Action space
    `Box(0, 11, (num_chargers,), float32)`.

    | index | meaning | from | to |
    |---|---|---|---|
    | k | power (kW) that charger k draws in this hour | 0 | 11 |

Mask
    Kind interval, meaning legal: float32 (2, num_chargers), the lowest and the highest power (kW) of each charger. The
    lowest is 0. The highest is 0 without a car; otherwise it is the smallest of 11 kW, the power that would give the
    car all it wants within the hour (want / 0.9), and the charger's fair part of the available power. The fair part is
    the same for all cars, and as large as possible while the highest powers of all chargers together do not exceed the
    available power: a car that cannot use an equal part leaves the rest to the others, equally. It is rounded down to
    float32. So the chargers together never draw more than is available, whatever they choose. The mask is a function of
    the observation, up to its rounding to float32, and never empty.

Observation
    `Box (2 * num_chargers + 3,) float32`, with n = num_chargers.

    | index | meaning | from | to |
    |---|---|---|---|
    | 0 to n - 1 | energy (kWh) that the car at the charger still wants; 0 without a car | 0 | 50 |
    | n to 2n - 1 | hours until the car leaves, 1 in its last hour, even beyond the episode; 0 without a car | 0 | 10 |
    | 2n | hour of the day | 0 | 23 |
    | 2n + 1 | price in this hour (per kWh) | 0 | 0.5 |
    | 2n + 2 | power available to the chargers (kW) | 0 | `feeder_limit` |

Rewards
    Minus the cost: the energy drawn in the hour times its price, and `unserved_cost` for each kWh that cars which leave
    at the end of the hour still want.

Start
    It is hour 0. At the beginning of each hour, and once more after the last, a car comes to each free charger with
    probability `arrival`. It wants energy uniform in [5, 50) kWh and stays for a number of hours uniform from 2 to 10,
    including the present one. A car that would stay beyond the episode leaves with its end. All days have the same
    prices and loads:

    | hours of the day | price | load of the building, as a fraction of the feeder's limit |
    |---|---|---|
    | 0 to 6 | 0.2 | 0.2 |
    | 7 to 16 | 0.3 | 0.5 |
    | 17 to 20 | 0.5 | 0.7 |
    | 21 to 23 | 0.3 | 0.4 |

Episode end
    Terminated after `hours` steps. Never truncated, unless `time_limit` is set.

Arguments
    `num_chargers`, `hours`, `feeder_limit`, `arrival`, `unserved_cost`.

References
    Lee et al., "ACN-Sim: an open-source simulator for data-driven electric vehicle charging research", IEEE
    Transactions on Smart Grid 12(6), 2021: cars with an energy that they want and a time to leave. The fair share is
    max-min fairness: Bertsekas and Gallager, "Data Networks", 1992, section 6.5.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, fill, random_below, random_uniform, round_down, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene, agent_ink

MOST_POWER = 11.0  # kW, of a charger
EFFICIENCY = 0.9  # share of what is drawn that reaches the battery
WANTS = (5.0, 50.0)  # kWh, of a car that comes
STAYS = (2, 10)  # hours
DAY = 24
PRICE = (0.2,) * 7 + (0.3,) * 10 + (0.5,) * 4 + (0.3,) * 3  # per kWh, by the hour
LOAD = (0.2,) * 7 + (0.5,) * 10 + (0.7,) * 4 + (0.4,) * 3  # of the building, as a share of the feeder's limit


def state(values):
    chargers = values["num_chargers"]
    return state_record(
        want=(np.float64, (chargers,)),  # kWh
        stay=(np.int64, (chargers,)),  # hours until the car leaves, 0 without a car
        highest=(np.float64, (chargers,)),  # kW, each charger's highest power
        power=(np.float64, (chargers,)),  # kW, in the last hour; for the picture
        hour=np.int64,
    )


@rule
def reset(s, p):
    fill(s["want"], 0.0)
    fill(s["stay"], 0)
    fill(s["power"], 0.0)
    s["hour"] = 0
    let_cars_come(s, p)
    share_out(s, p)


@rule
def action_mask(s, p, agent, out):
    for charger in range(s["want"].size):
        out[0, charger] = 0.0
        out[1, charger] = round_down(s["highest"][charger])


@rule
def step(s, p, power, rewards):
    cost, price = 0.0, PRICE[s["hour"] % DAY]
    s["hour"] += 1
    over = s["hour"] == p["hours"]
    for charger in range(s["want"].size):
        drawn = float(power[charger])
        cost += price * drawn
        s["power"][charger] = drawn
        s["want"][charger] = max(s["want"][charger] - EFFICIENCY * drawn, 0.0)
        if s["stay"][charger] > 0:
            s["stay"][charger] -= 1
            if s["stay"][charger] == 0 or over:
                cost += p["unserved_cost"] * s["want"][charger]
                s["stay"][charger] = 0
                s["want"][charger] = 0.0
    rewards[0] -= cost
    let_cars_come(s, p)
    share_out(s, p)
    return over


@rule
def observe(s, p, agent, out):
    chargers = s["want"].size
    for charger in range(chargers):
        out[charger] = s["want"][charger]
        out[chargers + charger] = s["stay"][charger]
    out[2 * chargers] = s["hour"] % DAY
    out[2 * chargers + 1] = PRICE[s["hour"] % DAY]
    out[2 * chargers + 2] = left_of_feeder(s, p)


@rule
def let_cars_come(s, p):
    for charger in range(s["want"].size):
        if s["stay"][charger] == 0 and random_uniform(s["rng"], 0.0, 1.0) < p["arrival"]:
            s["want"][charger] = random_uniform(s["rng"], WANTS[0], WANTS[1])
            s["stay"][charger] = STAYS[0] + random_below(s["rng"], STAYS[1] - STAYS[0] + 1)


@rule
def left_of_feeder(s, p):
    """What the building leaves (kW)."""
    return p["feeder_limit"] * (1.0 - LOAD[s["hour"] % DAY])


@rule
def own_limit(s, charger):
    """The power (kW) that a charger could draw if the feeder had enough."""
    return min(MOST_POWER, s["want"][charger] / EFFICIENCY)


@rule
def share_out(s, p):
    """Write the highest powers: each charger's own limit, or an equal share of what those with lower limits leave."""
    level = fair_level(s, left_of_feeder(s, p))
    for charger in range(s["want"].size):
        s["highest"][charger] = min(own_limit(s, charger), level)


@rule
def fair_level(s, left):
    """The power (kW) to which the highest powers are cut off, so that their sum is at most what is left."""
    level = 0.0
    served = -1  # chargers whose own limit is at most the level, in the round before
    while True:
        taken, below = 0.0, 0
        for charger in range(s["want"].size):
            if own_limit(s, charger) <= level:
                taken += own_limit(s, charger)
                below += 1
        if below == s["want"].size or below == served:
            return level if below < s["want"].size else MOST_POWER
        served = below
        level = (left - taken) / (s["want"].size - below)


# --- picture: a column for each charger: what its car wants, and what it drew ----------------------------------------

COLUMN, HEIGHT = 1.6, 4.0


def draw(s, p):
    chargers = p["num_chargers"]
    width = max(COLUMN * chargers, 8.0)
    scene = Scene(width, HEIGHT + 2.2, kind="interval")
    for charger in range(chargers):
        left = COLUMN * charger + 0.15
        scene.rect(left, 0.3, COLUMN - 0.3, HEIGHT, "hole", radius=0.1)
        if s["stay"][charger] > 0:
            height = HEIGHT * s["want"][charger] / WANTS[1]
            scene.rect(left, 0.3 + HEIGHT - height, COLUMN - 0.3, height, agent_ink(charger), radius=0.1)
            scene.text(left + COLUMN / 2 - 0.15, HEIGHT + 0.6, f"{s['stay'][charger]} h", 0.36, "text")
        scene.text(left + COLUMN / 2 - 0.15, 0.7, f"{s['want'][charger]:.1f}", 0.34, "text")
    hour = int(s["hour"])
    words = f"hour {hour % DAY}   price {PRICE[hour % DAY]}   feeder {left_of_feeder(s, p):.1f} kW"
    scene.text(width / 2, HEIGHT + 1.5, words, 0.4, "text")
    names = [f"charger {charger}" for charger in range(chargers)]
    scene.range_bars([0.0] * chargers, [MOST_POWER] * chargers, names, title="power (kW)")
    scene.glyph_rows = [words] + [
        f"{name}: wants {s['want'][k]:.2f} kWh, leaves in {s['stay'][k]} h, drew {s['power'][k]:.2f} kW"
        for k, name in enumerate(names)
    ]
    return scene


ENV = Declaration(
    id="MaskedCharging-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.interval([0.0] * values["num_chargers"], [MOST_POWER] * values["num_chargers"]),
    observation=lambda values: Box(
        0, max(WANTS[1], DAY, values["feeder_limit"]), (2 * values["num_chargers"] + 3,), np.float32
    ),
    parameters={
        "num_chargers": Parameter(6, "chargers, each for one car at a time", low=1, high=200),
        "hours": Parameter(24, "hours of an episode", low=1, high=168),
        "feeder_limit": Parameter(
            60.0, "power (kW) of the feeder, for the building and the chargers", low=1.0, high=1e5
        ),
        "arrival": Parameter(0.2, "chance that a car comes to an empty charger in an hour", low=0.0, high=1.0),
        "unserved_cost": Parameter(1.0, "cost of a kWh that a car wanted and did not get", low=0.0, high=100.0),
    },
)
