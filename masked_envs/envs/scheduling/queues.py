"""Action-masked queues: one server, several classes of customers that wait at different costs; whom to serve next.

Description
    Customers of several classes wait for one server, each class in its own queue. In each period the server works on
    the first customer of one queue, and completes the service with a probability that depends on the class. If it does
    not, the customer stays in place; nothing is lost by that, since the service time is memoryless. After that, in each
    class, a customer may arrive. Waiting costs the class's cost per customer and period. Costs and probabilities are
    drawn at the start of an episode, and observed by the agent.

Action space
    `Discrete(num_queues)`.

    | action | meaning |
    |---|---|
    | k, 0 to num_queues - 1 | serve queue k |

Mask
    Kind flat, meaning legal: int8 (num_queues,). A queue is legal if it is not empty. The mask is a function of the
    observation, and never empty before the end: while all queues are empty, periods pass without a decision.

Observation
    `Box (num_queues, 4) float32`, a row for each queue.

    | column | meaning |
    |---|---|
    | 0 | the customers in it |
    | 1 | the cost of each per period |
    | 2 | the probability that a period of service completes it |
    | 3 | the probability of an arrival in a period |

Rewards
    Minus the waiting cost of all periods that pass in the step, divided by 10. The cost of a period is the sum, over
    the queues in their order, of the class's cost times the customers in the queue at its beginning, including the one
    who is served in it.

Start
    For each class in turn these are drawn: the cost, a whole number uniform from 1 to 9; the probability of service,
    uniform in [0.2, 0.9); a factor uniform in [0.5, 1.5); and the customers waiting, uniform from 1 to 5. The
    probability of an arrival is `load` * factor * probability of service / `num_queues`, at most 1.

Episode end
    Terminated when `periods` periods have passed. Never truncated, unless `time_limit` is set.

Arguments
    `num_queues`, `periods`, `load`. With `load` 1, as many customers arrive as the server can serve on average.

References
    Cox and Smith, "Queues", Methuen, 1961: it is best to serve the queue with the highest product of cost and chance of
    service (the c-mu rule). Buyukkoc, Varaiya and Walrand, "The c-mu rule revisited", Advances in Applied Probability
    17(1), 1985, prove it for periods, whatever the arrivals.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, count_nonzero, random_below, random_uniform, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene, agent_ink

LONGEST_START = 5  # customers who wait at the start, at most
HIGHEST_COST = 9
SERVICE = (0.2, 0.9)  # chance that a period of service is the last
SHARE = (0.5, 1.5)  # arrivals in a class, as a share of the average
SCALE = 10.0  # cost in a reward of 1
LENGTH, COST, SERVED, ARRIVES = range(4)  # columns of an observation


def state(values):
    queues = values["num_queues"]
    return state_record(
        length=(np.int64, (queues,)),
        cost=(np.float64, (queues,)),
        service=(np.float64, (queues,)),
        arrival=(np.float64, (queues,)),
        period=np.int64,
    )


@rule
def reset(s, p):
    for queue in range(p["num_queues"]):
        s["cost"][queue] = 1 + random_below(s["rng"], HIGHEST_COST)
        service = random_uniform(s["rng"], SERVICE[0], SERVICE[1])
        share = random_uniform(s["rng"], SHARE[0], SHARE[1])
        s["service"][queue] = service
        s["arrival"][queue] = min(share * p["load"] * service / p["num_queues"], 1.0)
        s["length"][queue] = 1 + random_below(s["rng"], LONGEST_START)
    s["period"] = 0


@rule
def action_mask(s, p, agent, out):
    for queue in range(out.size):
        out[queue] = s["length"][queue] > 0


@rule
def step(s, p, queue, rewards):
    cost = waiting_cost(s)
    if random_uniform(s["rng"], 0.0, 1.0) < s["service"][queue]:
        s["length"][queue] -= 1
    pass_period(s)
    while s["period"] < p["periods"] and count_nonzero(s["length"]) == 0:
        pass_period(s)
    rewards[0] -= cost / SCALE
    return s["period"] == p["periods"]


@rule
def observe(s, p, agent, out):
    for queue in range(s["length"].size):
        out[queue, LENGTH] = s["length"][queue]
        out[queue, COST] = s["cost"][queue]
        out[queue, SERVED] = s["service"][queue]
        out[queue, ARRIVES] = s["arrival"][queue]


@rule
def waiting_cost(s):
    total = 0.0
    for queue in range(s["length"].size):
        total += s["cost"][queue] * s["length"][queue]
    return total


@rule
def pass_period(s):
    """Let customers arrive."""
    for queue in range(s["length"].size):
        if random_uniform(s["rng"], 0.0, 1.0) < s["arrival"][queue]:
            s["length"][queue] += 1
    s["period"] += 1


# --- picture: a row for each queue, its customers from the left, the server at the right ------------------------------

SHOWN = 20  # customers of a queue that are drawn one by one
SIZE = 0.5


def draw(s, p):
    queues = p["num_queues"]
    scene = Scene(SHOWN * SIZE + 5.2, queues)
    for queue in range(queues):
        length = int(s["length"][queue])
        scene.rect(0.1, queue + 0.15, SHOWN * SIZE + 1.4, 0.7, "hole", radius=0.08)
        for place in range(min(length, SHOWN)):
            scene.disc((SHOWN - place - 0.5) * SIZE + 0.15, queue + 0.5, 0.21, agent_ink(queue))
        scene.text(SHOWN * SIZE + 0.85, queue + 0.5, str(length), 0.34, "text")
        words = f"{s['cost'][queue]:.0f} x {s['service'][queue]:.2f} = {s['cost'][queue] * s['service'][queue]:.2f}"
        scene.text(SHOWN * SIZE + 2.8, queue + 0.5, words, 0.32, "text")
        scene.action(queue, SHOWN * SIZE + 4.1, queue + 0.12, 1.0, 0.76, f"{queue}")
    scene.glyph_rows = [
        f"{queue}: {s['length'][queue]} wait, cost {s['cost'][queue]:.0f}, service {s['service'][queue]:.3f}, "
        f"arrival {s['arrival'][queue]:.3f}"
        for queue in range(queues)
    ]
    return scene


ENV = Declaration(
    id="MaskedQueues-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(values["num_queues"]),
    observation=lambda values: Box(
        0, max(HIGHEST_COST, LONGEST_START + values["periods"]), (values["num_queues"], 4), np.float32
    ),
    parameters={
        "num_queues": Parameter(4, "classes of customers, with a queue each", low=1, high=100),
        "periods": Parameter(100, "periods of an episode", low=1, high=100_000),
        "load": Parameter(0.8, "share of the time that the server needs for those who arrive", low=0.0, high=2.0),
    },
)
