"""Action-masked inventory: how much to order in each period, with a shelf that is small and cash that is short.

Description
    A shop orders goods at the beginning of each period; they arrive at once. Then customers ask for a random number of
    units, which are sold as far as they are in stock. An order is paid in cash before the sales: a fixed part and a
    part per unit. The sales add to the cash. Units left on the shelf at the end of a period cost something, and so does
    each unit asked for and not sold; these two costs reduce the reward, not the cash.

    |  | amount | per |
    |---|---|---|
    | order, fixed part | 4 | order of at least 1 |
    | order, part per unit | 2 | unit |
    | price | 5 | unit sold |
    | holding | 0.25 | unit left at the end of a period |
    | unmet demand | 1 | unit asked for and not sold |

Action space
    `Discrete(capacity + 1)`.

    | action | meaning |
    |---|---|
    | k, 0 to capacity | order k units |

Mask
    Kind flat, meaning legal: int8 (capacity + 1,). A number is legal if that many units fit on the shelf beside the
    stock, and the cash pays for the order. Ordering nothing is always legal. The mask is a function of the observation,
    and never empty.

Observation
    `Box (3,) int64`.

    | index | meaning |
    |---|---|
    | 0 | units on the shelf |
    | 1 | cash |
    | 2 | periods to come, including the present one |

Rewards
    The profit of the period: sales minus the order, the holding cost and the cost of unmet demand.

Start
    The shelf is empty, and the cash is `budget`.

Episode end
    Terminated after `periods` steps. Never truncated, unless `time_limit` is set.

Arguments
    `capacity`, `budget`, `most_demand`, `periods`. The demand of a period is uniform from 0 to `most_demand`, drawn
    after the order.

References
    Arrow, Harris and Marschak, "Optimal inventory policy", Econometrica 19(3), 1951: orders with a fixed part. Chao,
    Chen and Wang, "Dynamic inventory management with cash flow constraints", Naval Research Logistics 55(8), 2008.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

FIXED_COST = 4  # of an order
UNIT_COST = 2
PRICE = 5
HOLDING_COST = 0.25  # of a unit left at the end of a period
EMPTY_HANDED = 1.0  # of a unit asked for and not sold


def state(values):
    return state_record(stock=np.int64, cash=np.int64, period=np.int64, demand=np.int64)  # demand of the last period


@rule
def reset(s, p):
    s["stock"] = 0
    s["cash"] = p["budget"]
    s["period"] = 0
    s["demand"] = 0


@rule
def action_mask(s, p, agent, out):
    for units in range(out.size):
        out[units] = s["stock"] + units <= p["capacity"] and order_cost(units) <= s["cash"]


@rule
def step(s, p, units, rewards):
    demand = random_below(s["rng"], p["most_demand"] + 1)
    stock = s["stock"] + int(units)
    sold = min(stock, demand)
    earned = PRICE * sold - order_cost(int(units))
    s["cash"] += earned
    s["stock"] = stock - sold
    s["demand"] = demand
    s["period"] += 1
    rewards[0] += earned - HOLDING_COST * (stock - sold) - EMPTY_HANDED * (demand - sold)
    return s["period"] == p["periods"]


@rule
def observe(s, p, agent, out):
    out[0] = s["stock"]
    out[1] = s["cash"]
    out[2] = p["periods"] - s["period"]


@rule
def order_cost(units):
    return FIXED_COST + UNIT_COST * units if units > 0 else 0


# --- picture: the shelf, and above each place on it the order that would fill it --------------------------------------

WIDTH = 12.0


def draw(s, p):
    capacity = p["capacity"]
    scene = Scene(WIDTH, 3.2)
    unit = WIDTH / capacity
    scene.rect(0, 1.2, WIDTH, 1.0, "hole")
    if s["stock"] > 0:
        scene.rect(0, 1.25, unit * s["stock"], 0.9, "item")
    scene.text(0.35 * WIDTH, 0.55, f"{s['stock']} of {capacity} on the shelf", 0.42, "text")
    scene.text(0.8 * WIDTH, 0.55, f"cash {s['cash']}", 0.42, "text")
    left = p["periods"] - s["period"]
    scene.text(WIDTH / 2, 2.7, f"asked for last: {s['demand']}    periods to come: {left}", 0.36, "muted")
    scene.strip(capacity + 1, title="units to order")
    scene.glyph_rows = [
        f"stock {s['stock']} of {capacity}, cash {s['cash']}, last demand {s['demand']}, {left} to come"
    ]
    return scene


def observation(values):
    most_cash = values["budget"] + PRICE * min(values["most_demand"], values["capacity"]) * values["periods"]
    return Box(0, max(values["capacity"], values["periods"], most_cash), (3,), np.int64)


ENV = Declaration(
    id="MaskedInventory-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(values["capacity"] + 1),
    observation=observation,
    parameters={
        "capacity": Parameter(20, "units that the shelf holds", low=1, high=10_000),
        "budget": Parameter(30, "cash at the start", low=0, high=1_000_000),
        "most_demand": Parameter(10, "units that customers ask for in a period, at most", low=0, high=10_000),
        "periods": Parameter(50, "periods of an episode", low=1, high=100_000),
    },
)
