"""Action-masked Pairs: pick the best ordered pairs of different items, none of them twice.

Description
    Every ordered pair (i, j) of different items has a value. The agent picks one pair after another and never the same
    pair twice. The legal pairs, without the diagonal and without those picked, are not a product of one set per head:
    this is the smallest environment in which a mask for each head is wrong.

Action space
    `MultiDiscrete([num_items, num_items])`.

    | head | meaning | from | to |
    |---|---|---|---|
    | 0 | the first item i of the pair | 0 | num_items - 1 |
    | 1 | the second item j | 0 | num_items - 1 |

Mask
    Kind joint, meaning legal: int8 (num_items, num_items); a pair is legal if i and j differ and it has not been
    picked. At first num_items * (num_items - 1) pairs are legal, and one fewer after every step. The mask is a function
    of the observation, and never empty before the end.

Observation
    `Box (2, num_items, num_items) int8`.

    | plane | holds |
    |---|---|
    | 0 | 1 for each pair that has been picked |
    | 1 | the value of every pair, 0 to 9, and 0 on the diagonal |

Rewards
    The value of the pair picked.

Start
    Nothing is picked; the value of each pair is drawn uniformly from 0 to 9.

Episode end
    Terminated after `num_picks` steps. Never truncated, unless `time_limit` is set.

Arguments
    `num_items`, `num_picks`. `num_picks` is at most `num_items * (num_items - 1)`.

References
    None: the environment is of this package's own making.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

LARGEST_VALUE = 9
PICKED, VALUES = range(2)  # planes of an observation


def state(values):
    shape = (values["num_items"], values["num_items"])
    return state_record(picked=(np.int8, shape), values=(np.int8, shape), picks=np.int64)


@rule
def reset(s, p):
    fill(s["picked"], 0)
    s["picks"] = 0
    values = s["values"]
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            values[i, j] = 0 if i == j else random_below(s["rng"], LARGEST_VALUE + 1)


@rule
def action_mask(s, p, agent, out):
    picked = s["picked"]
    for i in range(picked.shape[0]):
        for j in range(picked.shape[1]):
            out[i, j] = i != j and picked[i, j] == 0


@rule
def step(s, p, pair, rewards):
    s["picked"][pair[0], pair[1]] = 1
    rewards[0] += s["values"][pair[0], pair[1]]
    s["picks"] += 1
    return s["picks"] >= p["num_picks"]


@rule
def observe(s, p, agent, out):
    copy_to(s["picked"], out[PICKED])
    copy_to(s["values"], out[VALUES])


def validate(values):
    items, picks = values["num_items"], values["num_picks"]
    if picks > items * (items - 1):
        raise ValueError(
            f"num_picks={picks} is more than there are pairs: num_items={items} have {items * (items - 1)}; "
            f"num_picks must be at most that"
        )


# --- picture: one unit a pair, i downwards and j to the right, with a border for their numbers ------------------------

BORDER = 0.6


def draw(s, p):
    items = len(s["picked"])
    scene = Scene(items + BORDER, items + BORDER, kind="joint")
    for i in range(items):
        scene.text(BORDER / 2, BORDER + i + 0.5, f"{i}", 0.3, "muted")
        scene.text(BORDER + i + 0.5, BORDER / 2, f"{i}", 0.3, "muted")
    for (i, j), picked in np.ndenumerate(s["picked"]):
        place = (BORDER + j + 0.04, BORDER + i + 0.04, 0.92, 0.92)
        scene.rect(*place, "highlight" if picked else f"value_{s['values'][i, j] // 2}", radius=0.08)
        if i != j:
            scene.text(BORDER + j + 0.5, BORDER + i + 0.5, f"{s['values'][i, j]}", 0.4, "text")
        scene.action((i, j), *place, style="area", name=f"({i}, {j})")
    scene.glyph_rows = [pairs_row(s, i) for i in range(items)]
    return scene


def pairs_row(s, i):
    """The values of the pairs that begin with item i, in brackets when picked, and a dash on the diagonal."""
    cells = [("-" if i == j else f"{value}") for j, value in enumerate(s["values"][i])]
    return "".join(f"[{cell}]" if s["picked"][i, j] else f" {cell} " for j, cell in enumerate(cells))


ENV = Declaration(
    id="MaskedPairs-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.joint((values["num_items"], values["num_items"])),
    observation=lambda values: Box(0, LARGEST_VALUE, (2, values["num_items"], values["num_items"]), np.int8),
    parameters={
        "num_items": Parameter(5, "items that pairs are made of", low=2, high=100),
        "num_picks": Parameter(10, "pairs to pick", low=1, high=9900),
    },
    validate=validate,
)
