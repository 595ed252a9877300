"""Action-masked choice among up to a million actions, of which a handful are legal.

Description
    A bandit with `num_legal` arms that change in every step, hidden among `num_actions` numbers: every step draws that
    many numbers at random and gives each a payoff. Choosing one of them earns its payoff. Apart from arm numbering, it
    equals the bandit with `num_actions=num_legal`, where every arm is legal: the same seed and the same arms, counted
    in ascending order, give the same payoffs. So only the size of the action space, and what a library does with a mask
    of that size, can make it harder.

Action space
    `Discrete(num_actions)`.

    | action | meaning |
    |---|---|
    | k, 0 to num_actions - 1 | take arm k |

Mask
    Kind flat, meaning legal: int8 (num_actions,) with exactly `num_legal` ones. It is a function of the observation.
    Cost: a step writes 2 * num_legal entries of the mask, clearing the old arms and setting the new ones. All
    num_actions entries are written by a reset, at the end of an episode (all ones) and when `on_invalid="resample"`
    draws a legal action. Every observation gets a copy, so that its mask stays valid after later steps; the copy takes
    most of the time of a step. Memory: num_actions bytes for each environment, for each observation that the caller
    keeps, and once in common. A saved position contains no mask, and the arms in the observation determine the mask: to
    store many steps, store the observations without it.

Observation
    `Box (2, num_legal) int64`.

    | row | meaning | from | to |
    |---|---|---|---|
    | 0 | the numbers of the legal arms, ascending | 0 | num_actions - 1 |
    | 1 | their payoffs | 0 | 9 |

Rewards
    The payoff of the arm, 0 to 9.

Start
    Arms are drawn as in every step: each payoff uniform from 0 to 9, then the set of numbers uniform among all of its
    size.

Episode end
    Terminated after `num_steps` steps. Never truncated, unless `time_limit` is set.

Arguments
    `num_actions`, `num_legal`, `num_steps`. `num_legal` is at most `num_actions`.

References
    Dulac-Arnold et al., "Deep Reinforcement Learning in Large Discrete Action Spaces", 2015 (arXiv 1512.07679), on why
    a million actions are a matter of their own. The numbers are drawn by Floyd's algorithm (Bentley and Floyd,
    "Programming Pearls: A Sample of Brilliance", CACM 30(9), 1987), which does not look at those that it does not draw.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

LARGEST_PAYOFF = 9
NUMBERS, PAYOFFS = range(2)  # rows of an observation


def state(values):
    arms = values["num_legal"]
    return state_record(
        arms=(np.int64, (2, arms)),  # as in the observation
        before=(np.int64, (arms,)),  # the numbers of the arms before the last step
        steps=np.int64,
    )


@rule
def reset(s, p):
    deal_arms(s, p)
    copy_to(s["arms"][NUMBERS], s["before"])
    s["steps"] = 0


@rule
def action_mask(s, p, agent, out):
    fill(out, 0)
    set_entries(s["arms"][NUMBERS], 1, out)


@rule
def update_mask(s, p, agent, out):
    set_entries(s["before"], 0, out)
    set_entries(s["arms"][NUMBERS], 1, out)


@rule
def step(s, p, number, rewards):
    arms = s["arms"]
    rewards[0] += arms[PAYOFFS, place_of(number, arms[NUMBERS], p["num_legal"])]
    copy_to(arms[NUMBERS], s["before"])
    deal_arms(s, p)
    s["steps"] += 1
    return s["steps"] >= p["num_steps"]


@rule
def observe(s, p, agent, out):
    copy_to(s["arms"], out)


@rule
def set_entries(numbers, value, out):
    for k in range(numbers.size):
        out[numbers[k]] = value


@rule
def deal_arms(s, p):
    payoffs = s["arms"][PAYOFFS]
    for arm in range(payoffs.size):
        payoffs[arm] = random_below(s["rng"], LARGEST_PAYOFF + 1)
    draw_numbers(s["rng"], p["num_actions"], s["arms"][NUMBERS])


@rule
def draw_numbers(rng, below, out):
    """A uniformly random set of out.size numbers, ascending: Floyd's algorithm."""
    for size in range(out.size):
        last = below - out.size + size
        number = random_below(rng, last + 1)
        place = place_of(number, out, size)
        if place < size and out[place] == number:
            number, place = last, size  # larger than all before
        for k in range(size, place, -1):
            out[k] = out[k - 1]
        out[place] = number


@rule
def place_of(number, ascending, size):
    """Where a number is among the first `size` of an array, or would have to be."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if ascending[middle] < number:
            low = middle + 1
        else:
            high = middle
    return low


def validate(values):
    if values["num_legal"] > values["num_actions"]:
        raise ValueError(
            f"num_legal={values['num_legal']} is more than there are actions: "
            f"num_legal must be at most num_actions={values['num_actions']}"
        )


# --- picture: one unit an arm, with its payoff and its number, and under them all actions in a strip ------------------

MOST_WITH_WORDS = 60  # arms; of more, the cells are too small for numbers


def draw(s, p):
    arms = s["arms"]
    number = arms.shape[1]
    across = int(np.ceil(np.sqrt(2.5 * number)))
    scene = Scene(across, -(-number // across))
    for arm in range(number):
        y, x = divmod(arm, across)
        action, payoff = int(arms[NUMBERS, arm]), int(arms[PAYOFFS, arm])
        scene.rect(x + 0.04, y + 0.04, 0.92, 0.92, f"value_{payoff // 2}", radius=0.08)
        if number <= MOST_WITH_WORDS:
            scene.text(x + 0.5, y + 0.4, f"{payoff}", 0.4, "text")
            scene.text(x + 0.5, y + 0.78, f"{action}", 0.15, "text")
        scene.action(action, x + 0.04, y + 0.04, 0.92, 0.92, style="area")
    scene.strip(p["num_actions"], title="actions")
    scene.glyph_rows = [f"{action}: {payoff}" for action, payoff in arms.T]
    return scene


ENV = Declaration(
    id="MaskedHuge-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(values["num_actions"]),
    observation=lambda values: Box(
        0, max(LARGEST_PAYOFF, values["num_actions"] - 1), (2, values["num_legal"]), np.int64
    ),
    parameters={
        "num_actions": Parameter(10_000, "actions, of which most are never legal together", low=1, high=10**6),
        "num_legal": Parameter(10, "arms, the legal actions of every step", low=1, high=1000),
        "num_steps": Parameter(50, "steps of an episode", low=1, high=10**6),
    },
    validate=validate,
)
