"""Action-masked Knapsack: pack the most valuable items that fit.

Description
    Items of different weights and values can be packed into a knapsack that carries a total weight of `capacity`. What
    has been packed stays packed. With `form="discrete"` the agent packs one item after another, with `form="binary"` a
    set of items at once.

Action space
    | `form` | space | meaning |
    |---|---|---|
    | "discrete" (default) | `Discrete(num_items)` | the item to pack |
    | "binary" | `MultiBinary(num_items)` | 1 for each item to pack |

    A set of items is packed in the order of their numbers; an item for which the earlier ones left too little room is
    skipped. The empty set ends the episode.

Mask
    Kind flat, meaning legal: int8 (num_items,). An item is legal if it is not packed yet and weighs no more than what
    can still be packed. With `form="binary"` the kind is binary: int8 (num_items, 2). Each bit may be 0, and it may be
    1 where the item alone is legal. Two items that fit one by one need not fit together, so the sets that fit are not a
    product of bits. Every set of legal items is still a legal action, because items are packed in order and skipped
    where they do not fit. The mask is a function of the observation, and never empty before the end.

Observation
    `Box (3, num_items) int64`.

    | row | meaning | from | to |
    |---|---|---|---|
    | 0 | the weight of each item | 1 | 20 |
    | 1 | the value of each item | 1 | 20 |
    | 2 | 1 if it is packed | 0 | 1 |

Rewards
    The sum of the values of the items packed in the step.

Start
    Nothing is packed. Each weight is uniform from 1 to 20, or to `capacity` if that is less; each value is uniform from
    1 to 20.

Episode end
    Terminated when no item is legal, or when the empty set is chosen. Never truncated, unless `time_limit` is set.

Arguments
    `form`, `num_items`, `capacity`.

References
    Kellerer, Pferschy and Pisinger, "Knapsack Problems", Springer, 2004; chapter 2 finds the best sum of values by
    dynamic programming over the capacity.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, count_nonzero, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

FORMS = ("discrete", "binary")
LARGEST = 20  # weight, and value
WEIGHTS, VALUES, PACKED = range(3)  # rows of an observation


def state(values):
    return state_record(
        items=(np.int64, (3, values["num_items"])),  # as in the observation
        room=np.int64,  # the weight that can still be packed
    )


@rule
def reset(s, p):
    items = s["items"]
    for item in range(items.shape[1]):
        items[WEIGHTS, item] = 1 + random_below(s["rng"], min(LARGEST, p["capacity"]))
        items[VALUES, item] = 1 + random_below(s["rng"], LARGEST)
    fill(items[PACKED], 0)
    s["room"] = p["capacity"]


@rule
def action_mask(s, p, agent, out):
    for item in range(out.size):
        out[item] = fits(s, item)


@rule
def mask_of_sets(s, p, agent, out):
    for item in range(out.shape[0]):
        out[item, 0] = True
        out[item, 1] = fits(s, item)


@rule
def step(s, p, item, rewards):
    pack(s, item, rewards)
    return not any_fits(s)


@rule
def pack_set(s, p, chosen, rewards):
    for item in range(chosen.size):
        if chosen[item] != 0 and fits(s, item):
            pack(s, item, rewards)
    return count_nonzero(chosen) == 0 or not any_fits(s)


@rule
def observe(s, p, agent, out):
    copy_to(s["items"], out)


@rule
def fits(s, item):
    return s["items"][PACKED, item] == 0 and s["items"][WEIGHTS, item] <= s["room"]


@rule
def pack(s, item, rewards):
    s["items"][PACKED, item] = 1
    s["room"] -= int(s["items"][WEIGHTS, item])
    rewards[0] += s["items"][VALUES, item]


@rule
def any_fits(s):
    for item in range(s["items"].shape[1]):
        if fits(s, item):
            return True
    return False


# --- picture: one unit an item, some more across than down, and under them what the knapsack carries ------------------

BAR = 0.5  # height of the load


def draw(s, p):
    items, binary = s["items"], FORMS[p["form"]] == "binary"
    number = items.shape[1]
    across = int(np.ceil(np.sqrt(1.6 * number)))
    down = -(-number // across)
    scene = Scene(across, down + BAR, kind="binary" if binary else "flat")
    for item in range(number):
        row, column = divmod(item, across)
        draw_item(scene, column + 0.04, row + 0.04, items[:, item], item, binary)
    load = p["capacity"] - s["room"]
    scene.rect(0.04, down + 0.06, across - 0.08, BAR - 0.12, "idle", radius=0.06)
    if load:
        scene.rect(0.04, down + 0.06, (across - 0.08) * load / p["capacity"], BAR - 0.12, "item", radius=0.06)
    scene.text(across / 2, down + BAR / 2, f"{load} of {p['capacity']}", 0.2, "text")
    scene.glyph_rows = [item_row(items[:, item], item) for item in range(number)] + [f"{load} of {p['capacity']}"]
    return scene


def draw_item(scene, x, y, of_item, item, binary):
    side = 0.92
    height = 0.66 if binary else side  # of the place for packing it; below it that for leaving it
    scene.rect(x, y, side, side, "highlight" if of_item[PACKED] else "cell", radius=0.08)
    scene.text(x + side / 2, y + 0.38 * height, f"{of_item[VALUES]}", 0.36 * height, "text")
    scene.text(x + side / 2, y + 0.74 * height, f"weight {of_item[WEIGHTS]}", 0.15)
    name = f"item {item}, value {of_item[VALUES]}, weight {of_item[WEIGHTS]}"
    scene.action((item, 1) if binary else item, x, y, side, height, style="area", name=name)
    if binary:
        place = (x + 0.06, y + height + 0.02, side - 0.12, side - height - 0.06)
        scene.action((item, 0), *place, "leave", name=f"leave item {item}")


def item_row(of_item, item):
    return f"{item}: value {of_item[VALUES]}, weight {of_item[WEIGHTS]}{', packed' if of_item[PACKED] else ''}"


ENV = Declaration(
    id="MaskedKnapsack-v0",
    module=__name__,
    state=state,
    mask=lambda values: (MaskSpec.binary if values["form"] == "binary" else MaskSpec.flat)(values["num_items"]),
    observation=lambda values: Box(0, LARGEST, (3, values["num_items"]), np.int64),
    parameters={
        "form": Parameter("discrete", "an action is one item, or a set of items", choices=FORMS),
        "num_items": Parameter(12, "items to choose from", low=1, high=1000),
        "capacity": Parameter(60, "total weight that the knapsack carries", low=1, high=20000),
    },
    rule_overrides=lambda values: {"action_mask": mask_of_sets, "step": pack_set} if values["form"] == "binary" else {},
)
