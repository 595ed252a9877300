"""Action-masked trading: buy or sell one good at changing prices, within limits of cash, position and order.

Description
    A trader has cash and a position: units of one good, which can be traded in fractions. In each period it holds, buys
    or sells at the price of the period, and pays the fraction `fee` of what is bought or sold. It can neither borrow
    cash nor sell short, holds at most `position_limit` units, and an order has at least `smallest_order` and at most
    `largest_order` units. Where rounding would take cash or position below 0, or the position above its limit, they are
    set to 0, or to the limit. Then the price changes. Prices are drawn in each episode, or supplied by the user.

Action space
    `Dict(side: Discrete(3), size: Box(0, 1, (1,), float32))`.

    | part | value | meaning |
    |---|---|---|
    | `side` | 0 | hold |
    |  | 1 | buy |
    |  | 2 | sell |
    | `size` | 0 to 1 | the size of the order, as a fraction of the largest that the side allows; ignored when holding |

Mask
    Kind dict, meaning legal: `side`, int8 (3,), and `size`, float32 (2, 1), the smallest and the largest fraction. The
    most that can be bought is the smallest of `largest_order`, `position_limit` minus the position, and what the cash
    pays, including the fee. The most that can be sold is the smaller of `largest_order` and the position. Holding is
    always legal; buying or selling is if the most is above 0 and at least `smallest_order`.

    The smallest fraction is `smallest_order` divided by the most. Where both buying and selling are legal it is the
    larger of the two such fractions; where neither is, 0. It is rounded up to float32. The largest fraction is 1. So
    the number of units that a fraction means depends on the side. The mask is a function of the observation, up to its
    rounding to float32, and never empty.

Observation
    `Box (5,) float32`.

    | index | meaning |
    |---|---|
    | 0 | cash |
    | 1 | position |
    | 2 | the price |
    | 3 | the price of the previous period; in the first period, the price |
    | 4 | the periods to come, including the present one |

Rewards
    The change of the trader's worth, from before the order to after the change of the price. Worth is cash plus
    position times price. So the return is the profit.

Start
    The cash is 1000, the position 0. The price is uniform in [80, 120). From period to period its distance from 100 is
    multiplied by 0.9, and a number uniform in [-`volatility`, `volatility`) is added.

Episode end
    Terminated after `periods` steps, or with custom prices after as many as there are changes of price. Never
    truncated, unless `time_limit` is set.

Arguments
    `instance`, `periods`, `volatility`, `fee`, `position_limit`, `smallest_order`, `largest_order`. `periods` and
    `volatility` are only used by random prices; `smallest_order` is at most `largest_order`. Custom prices are a dict
    of "prices", 2 to 100,000 numbers from 0.01 to 1,000,000, or a file with one number after another.

References
    Cash, position and fees as in the linear programs of Dantzig and Infanger, "Multi-stage stochastic linear programs
    for portfolio optimization", Annals of Operations Research 45, 1993. The prices are a discrete Ornstein-Uhlenbeck
    process with uniform noise: Uhlenbeck and Ornstein, Physical Review 36, 1930.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import (
    Declaration,
    Instance,
    Parameter,
    copy_to,
    number_in,
    numbers,
    random_uniform,
    round_up,
    rule,
    state_record,
)
from ...mask_spec import MaskSpec
from ...render import Scene

RANDOM = 0  # p["instance"] of prices that are drawn
HOLD, BUY, SELL = range(3)
SIDES = ("hold", "buy", "sell")
START_CASH = 1000.0
START_PRICE = (80.0, 120.0)
MEAN_PRICE, MEMORY = 100.0, 0.9  # what the price returns to, and the share of its distance that stays
HIGHEST_PRICE = 1e6
MOST_PRICES = 100_000


def read_prices(text):
    """The prices in a file: numbers with blanks, commas or lines between them.

    Raises:
        ValueError: a word that is no number.
    """
    return {"prices": list(map(number_in, text.replace(",", " ").split()))}


def complete_prices(raw):
    prices = numbers("prices", raw["prices"], 1)
    if not 2 <= len(prices) <= MOST_PRICES or prices.min() < 0.01 or prices.max() > HIGHEST_PRICE:
        raise ValueError(f"'prices' are 2 to {MOST_PRICES} numbers from 0.01 to {HIGHEST_PRICE:g}")
    return {"prices": prices}


INSTANCE = Instance(
    "random",
    "the prices",
    read=read_prices,
    complete=complete_prices,
    most=MOST_PRICES,
    fields=(("prices", np.float64, 1),),
)


def num_prices(values):
    arrays = INSTANCE.arrays(values["instance"])
    return values["periods"] + 1 if arrays is None else len(arrays["prices"])


def state(values):
    return state_record(
        prices=(np.float64, (num_prices(values),)), cash=np.float64, position=np.float64, period=np.int64
    )


@rule
def reset(s, p):
    prices = s["prices"]
    if p["instance"] == RANDOM:
        prices[0] = random_uniform(s["rng"], START_PRICE[0], START_PRICE[1])
        for period in range(1, prices.size):
            noise = random_uniform(s["rng"], -p["volatility"], p["volatility"])
            prices[period] = MEAN_PRICE + MEMORY * (prices[period - 1] - MEAN_PRICE) + noise
    else:
        copy_to(p["prices"], prices)
    s["cash"] = START_CASH
    s["position"] = 0.0
    s["period"] = 0


@rule
def action_mask(s, p, agent, out):
    smallest = 0.0
    out["side"][HOLD] = True
    for side in range(BUY, SELL + 1):
        most = most_of(s, p, side)
        legal = most > 0.0 and most >= p["smallest_order"]
        out["side"][side] = legal
        if legal:
            smallest = max(smallest, p["smallest_order"] / most)
    out["size"][0, 0] = round_up(smallest)
    out["size"][1, 0] = 1.0


@rule
def step(s, p, action, rewards):
    price, side = s["prices"][s["period"]], int(action["side"])
    before = s["cash"] + s["position"] * price
    if side != HOLD:
        units = float(action["size"][0]) * most_of(s, p, side)
        trade(s, p, side, units, price)
    s["period"] += 1
    rewards[0] += s["cash"] + s["position"] * s["prices"][s["period"]] - before
    return s["period"] == s["prices"].size - 1


@rule
def observe(s, p, agent, out):
    period = s["period"]
    out[0] = s["cash"]
    out[1] = s["position"]
    out[2] = s["prices"][period]
    out[3] = s["prices"][max(period - 1, 0)]
    out[4] = s["prices"].size - 1 - period


@rule
def most_of(s, p, side):
    """The most units that can be bought or sold."""
    if side == SELL:
        return min(p["largest_order"], s["position"])
    paid = s["cash"] / (s["prices"][s["period"]] * (1.0 + p["fee"]))
    return min(p["largest_order"], min(p["position_limit"] - s["position"], paid))


@rule
def trade(s, p, side, units, price):
    """Buy or sell; what rounding takes below 0 is 0."""
    if side == BUY:
        s["cash"] = max(s["cash"] - units * price * (1.0 + p["fee"]), 0.0)
        s["position"] = min(s["position"] + units, p["position_limit"])
    else:
        s["cash"] += units * price * (1.0 - p["fee"])
        s["position"] = max(s["position"] - units, 0.0)


def validate(values):
    if values["smallest_order"] > values["largest_order"]:
        raise ValueError(
            f"smallest_order={values['smallest_order']} is more than largest_order={values['largest_order']}: no order "
            f"would be legal"
        )


# --- picture: the prices so far, cash and position --------------------------------------------------------------------

WIDTH, HEIGHT = 12.0, 4.0


def draw(s, p):
    scene = Scene(WIDTH, HEIGHT + 1.2, kind="dict")
    scene.rect(0, 0, WIDTH, HEIGHT, "hole")
    period, prices = int(s["period"]), s["prices"]
    seen = prices[: period + 1]
    low, high = min(seen.min(), 0.9 * seen[0]), max(seen.max(), 1.1 * seen[0])
    points = [
        (0.2 + (WIDTH - 0.4) * k / (len(prices) - 1), 0.2 + (HEIGHT - 0.4) * (high - price) / (high - low))
        for k, price in enumerate(seen)
    ]
    if len(points) > 1:
        scene.line(points, 0.06, "path")
    scene.disc(*points[-1], 0.14, "agent")
    words = f"price {prices[period]:.2f}    cash {s['cash']:.2f}    position {s['position']:.2f}"
    scene.text(WIDTH / 2, HEIGHT + 0.6, words, 0.4, "text")
    scene.strip(SIDES, key="side", title="side")
    most = [f"{most_of(s, p, side):.2f}" for side in (BUY, SELL)]
    scene.range_bars([0.0], [1.0], ["share"], key="size", title=f"size; most: buy {most[0]}, sell {most[1]}")
    scene.glyph_rows = [f"period {period} of {len(prices) - 1}", words]
    return scene


ENV = Declaration(
    id="MaskedTrading-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.dict({"side": MaskSpec.flat(3), "size": MaskSpec.interval([0.0], [1.0])}),
    observation=lambda values: Box(0, np.inf, (5,), np.float32),
    parameters={
        "instance": INSTANCE,
        "periods": Parameter(50, "steps of an episode with random prices", low=1, high=10_000),
        "volatility": Parameter(4.0, "largest random change of a price in a period", low=0.0, high=5.0),
        "fee": Parameter(0.002, "share of what is bought or sold", low=0.0, high=0.5),
        "position_limit": Parameter(20.0, "units held at most", low=0.01, high=1e6),
        "smallest_order": Parameter(0.5, "units of an order at least", low=0.0, high=1e6),
        "largest_order": Parameter(5.0, "units of an order at most", low=0.01, high=1e6),
    },
    validate=validate,
)
