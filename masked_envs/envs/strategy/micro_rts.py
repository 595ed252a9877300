"""Action-masked MicroRTS: a real-time strategy game in small, played in turns, one order at a time.

Description
    Two players gather resources, build, make units and fight. In its turn a player gives one unit one order, which is
    carried out at once. Whoever has no unit left has lost; bases and barracks count as units. The units, what they
    cost and what they can do are those of microRTS, where all units act at once and every order takes its time:

    | unit | base | barracks | worker | light | heavy | ranged |
    |---|---|---|---|---|---|---|
    | number | 0 | 1 | 2 | 3 | 4 | 5 |
    | cost | 10 | 5 | 1 | 2 | 3 | 2 |
    | hit points | 10 | 4 | 1 | 4 | 8 | 1 |
    | damage | - | - | 1 | 2 | 4 | 1 |
    | range | - | - | 1 | 1 | 1 | 3 |

    An attack takes the damage from the hit points of its target, a harvest moves one resource from the map to the
    worker, a return one from the worker to the stock. A unit without hit points left is removed, and what it carries is
    lost. A unit that is produced is paid from the stock, has all its hit points and can be given an order in the next
    turn of its player.

Action space
    `MultiDiscrete([cells, 11, cells])` with cells = rows * cols, counted row by row.

    | head | value | meaning |
    |---|---|---|
    | 0 | cell | the unit, by its cell |
    | 1 | 0 | wait |
    |  | 1 | move |
    |  | 2 | harvest |
    |  | 3 | return |
    |  | 4 to 9 | produce a base, barracks, worker, light, heavy, ranged unit |
    |  | 10 | attack |
    | 2 | cell | the target cell of the order |

Mask
    Kind conditional, meaning legal: int8 (cells, 11), units of the player by orders that have a target cell;
    `head_mask(2, (unit, order))` gives the target cells.

    | order | units that can | target cells |
    |---|---|---|
    | wait | all | the unit's own cell |
    | move | all but bases and barracks | adjacent, without a unit and without resources |
    | harvest | workers that carry nothing | adjacent, with resources |
    | return | workers that carry a resource | adjacent, with a base of the player |
    | produce | bases, workers and barracks | adjacent, without a unit and without resources |
    | attack | all but bases and barracks | with an enemy at most the range away (Euclidean, in cells) |

    Adjacent cells are the four beside the unit. A base produces workers, a worker bases and barracks, barracks the
    other units, if the player's stock pays for it. The mask is a function of the observation, and never empty before
    the end.

Observation
    `Box (18, rows, cols) float32`, seen by one player.

    | plane | holds |
    |---|---|
    | 0 | resources on the map |
    | 1 to 6 | 1 for each base, barracks, worker, light, heavy, ranged unit of the player |
    | 7 to 12 | the same of the opponent |
    | 13 | hit points |
    | 14 | resources carried |
    | 15 | everywhere the player's stock |
    | 16 | everywhere the opponent's stock |
    | 17 | everywhere 1 for player_1, 0 for player_0 |

Rewards
    1 for the winner and -1 for the loser, at the end.

Start
    player_0 has a base in (row 1, column 1), a worker in (0, 1) and a stock of 5; the corner cell (0, 0) holds
    `resources`. player_1 has the same, rotated by 180 degrees around the centre of the map. player_0 moves first.
    Nothing is random.

Episode end
    Terminated when a player has no unit. Truncated after `time_limit` steps, 300 by default.

Arguments
    `rows`, `cols`, `resources`.

References
    Ontanon, "The combinatorial multi-armed bandit problem and its application to real-time strategy games", AIIDE 2013,
    and the microRTS repository, UnitTypeTable.java, version "original finetuned". Huang et al., "Gym-microRTS",
    arXiv:2105.13807, 2021, for the order as a vector of unit, type and parameters.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene
from .orders import (
    ATTACK,
    BASE,
    COST,
    DAMAGE,
    HARVEST,
    HIT_POINTS,
    MOVE,
    MOVES,
    NONE,
    ORDERS,
    PRODUCE,
    RANGE,
    RETURN,
    UNIT_NAMES,
    WAIT,
    WORKER,
    can_order,
    has_target,
    is_target,
    takes,
)

FIRST_STOCK = 5
NUM_PLANES = 18


def state(values):
    cells = values["rows"] * values["cols"]
    return state_record(
        unit=(np.int8, (cells,)),  # its kind
        owner=(np.int8, (cells,)),
        hit_points=(np.int8, (cells,)),
        carried=(np.int8, (cells,)),
        resources=(np.int64, (cells,)),
        stock=(np.int64, (2,)),
    )


@rule
def reset(s, p):
    fill(s["unit"], NONE)
    fill(s["owner"], NONE)
    fill(s["hit_points"], 0)
    fill(s["carried"], 0)
    fill(s["resources"], 0)
    cells = s["unit"].size
    for player in range(2):  # the second player's half is the first's, turned by half a turn
        corner, base, worker = 0, p["cols"] + 1, 1
        if player == 1:
            corner, base, worker = cells - 1 - corner, cells - 1 - base, cells - 1 - worker
        s["resources"][corner] = p["resources"]
        s["stock"][player] = FIRST_STOCK
        place(s, base, BASE, player)
        place(s, worker, WORKER, player)


@rule
def action_mask(s, p, agent, out):
    fill(out, 0)
    for cell in range(s["unit"].size):
        if s["owner"][cell] == agent:
            for order in range(len(ORDERS)):
                out[cell, order] = can_order(s, agent, cell, order) and has_target(s, p, agent, cell, order)


@rule
def head_mask(s, p, agent, k, prefix, out):
    for target in range(out.size):
        out[target] = is_target(s, p, agent, prefix[0], prefix[1], target)


@rule
def step(s, p, action, rewards):
    player, cell, order, target = s["to_move"], action[0], action[1], action[2]
    if order == MOVE:
        place(s, target, s["unit"][cell], player)
        s["hit_points"][target] = s["hit_points"][cell]
        s["carried"][target] = s["carried"][cell]
        remove(s, cell)
    elif order == HARVEST:
        s["resources"][target] -= 1
        s["carried"][cell] = 1
    elif order == RETURN:
        s["carried"][cell] = 0
        s["stock"][player] += 1
    elif order == ATTACK:
        damage = DAMAGE[s["unit"][cell]]
        if s["hit_points"][target] > damage:
            s["hit_points"][target] -= damage
        else:
            remove(s, target)
    elif order != WAIT:
        kind = order - PRODUCE
        s["stock"][player] -= COST[kind]
        place(s, target, kind, player)
    s["to_move"] = 1 - player
    if has_unit(s, 1 - player):
        return False
    rewards[player] += 1.0
    rewards[1 - player] -= 1.0
    return True


@rule
def observe(s, p, agent, out):
    fill(out, 0.0)
    for cell in range(s["unit"].size):
        row, col = cell // p["cols"], cell % p["cols"]
        out[0, row, col] = s["resources"][cell]
        if s["unit"][cell] != NONE:
            others = 0 if s["owner"][cell] == agent else len(COST)
            out[1 + others + s["unit"][cell], row, col] = 1
            out[13, row, col] = s["hit_points"][cell]
            out[14, row, col] = s["carried"][cell]
    fill(out[15], s["stock"][agent])
    fill(out[16], s["stock"][1 - agent])
    fill(out[17], agent)


@rule
def place(s, cell, kind, player):
    s["unit"][cell] = kind
    s["owner"][cell] = player
    s["hit_points"][cell] = HIT_POINTS[kind]


@rule
def remove(s, cell):
    s["unit"][cell] = NONE
    s["owner"][cell] = NONE
    s["hit_points"][cell] = 0
    s["carried"][cell] = 0


@rule
def has_unit(s, player):
    for cell in range(s["owner"].size):
        if s["owner"][cell] == player:
            return True
    return False


# --- picture: one unit a cell; in it the orders of its kind, and on the cells around, what each is about --------------

LETTERS = "BAWLHR"
LETTER_INKS = ("piece_light", "piece_dark")  # on the ink of each player
ORDER_LETTERS = "-mhrBAWLHRx"
KEY = 30.0  # the width of the map over the height of the line that explains the letters
ACROSS, CHIP, PITCH = 4, 0.22, 0.245  # orders in a line at the top and one at the bottom of a cell


def draw(s, p):
    rows, cols = p["rows"], p["cols"]
    scene = Scene(cols, rows + cols / KEY, kind="conditional", in_picture=True)
    scene.players("player_0", "player_1")
    scene.rect(0, 0, cols, rows, "floor")
    glyphs = [["." for _ in range(cols)] for _ in range(rows)]
    for cell, kind in enumerate(s["unit"]):
        row, col = divmod(cell, cols)
        scene.rect(col + 0.02, row + 0.02, 0.96, 0.96, "cell", radius=0.05)
        if s["resources"][cell] > 0:
            scene.disc(col + 0.5, row + 0.5, 0.24, "item")
            scene.text(col + 0.5, row + 0.5, str(s["resources"][cell]), 0.24, "piece_light")
            glyphs[row][col] = "$"
        if kind != NONE:
            draw_unit(scene, s, cell, row, col)
            letter = LETTERS[kind]
            glyphs[row][col] = letter if s["owner"][cell] == 0 else letter.lower()
    cells = [divmod(cell, cols) for cell in range(rows * cols)]
    scene.choices(
        2, [f"target {cell}" for cell in cells], title="target", boxes=[(col, row, 1, 1) for row, col in cells]
    )
    for cell in np.flatnonzero(s["owner"] == s["to_move"]).tolist():
        draw_orders(scene, s, p, cell)
    words = "- wait   m move   h harvest   r return   x attack   B A W L H R produce"
    scene.text(cols / 2, rows + cols / KEY / 2, words, cols / 50)
    scene.glyph_rows = ["".join(line) for line in glyphs]
    scene.glyph_rows.append(f"stock {s['stock'][0]}, {s['stock'][1]}; player_{s['to_move']} to move")
    return scene


def draw_unit(scene, s, cell, row, col):
    """Buildings are squares, units discs; a dot is a resource carried, a bar the hit points that are left."""
    kind, ink = s["unit"][cell], f"player_{s['owner'][cell]}"
    if MOVES[kind]:
        scene.disc(col + 0.5, row + 0.5, 0.2, ink)
    else:
        scene.rect(col + 0.3, row + 0.3, 0.4, 0.4, ink, radius=0.05)
    scene.text(col + 0.5, row + 0.5, LETTERS[kind], 0.26, LETTER_INKS[s["owner"][cell]])
    if s["carried"][cell]:
        scene.disc(col + 0.7, row + 0.36, 0.07, "item")
    scene.rect(col + 0.3, row + 0.705, 0.4 * s["hit_points"][cell] / HIT_POINTS[kind], 0.04, ink)


def draw_orders(scene, s, p, cell):
    """The orders of a unit in its cell, and the letters of the legal ones on the cells that they are about."""
    row, col = divmod(cell, p["cols"])
    kind, player = s["unit"][cell], s["to_move"]
    known = [order for order in range(len(ORDERS)) if takes(kind, order)]
    about = {}
    for place, order in enumerate(known):
        y, x = divmod(place, ACROSS)
        corner = (col + 0.02 + PITCH * x, row + 0.03 + 0.72 * y)
        name = f"{UNIT_NAMES[kind]} in ({row}, {col}): {ORDERS[order]}"
        scene.action((cell, order), *corner, CHIP, CHIP, ORDER_LETTERS[order], name=name)
        if order != WAIT and can_order(s, player, cell, order):
            for target in near(p, cell, RANGE[kind] if order == ATTACK else 1):
                if is_target(s, p, player, cell, order, target):
                    about[target] = about.get(target, "") + ORDER_LETTERS[order]
    for target, letters in about.items():
        down, right = target // p["cols"] - row, target % p["cols"] - col
        length = max(abs(down), abs(right))
        aside = 0.3 if right == 0 else 0.0  # where a base that is above or below has no orders
        x, y = (
            target % p["cols"] + 0.5 + aside - 0.36 * right / length,
            target // p["cols"] + 0.5 - 0.36 * down / length,
        )
        scene.text(x, y, letters, 0.15, "legal")


def near(p, cell, reach):
    """The cells no further than `reach` down and across."""
    row, col = divmod(cell, p["cols"])
    for i in range(max(0, row - reach), min(p["rows"], row + reach + 1)):
        for j in range(max(0, col - reach), min(p["cols"], col + reach + 1)):
            yield i * p["cols"] + j


ENV = Declaration(
    id="MaskedMicroRTS-v0",
    module=__name__,
    play="turns",
    agents=lambda values: ("player_0", "player_1"),
    state=state,
    mask=lambda values: MaskSpec.conditional(
        (values["rows"] * values["cols"], len(ORDERS), values["rows"] * values["cols"])
    ),
    observation=lambda values: Box(
        0, max(HIT_POINTS[BASE], FIRST_STOCK + 2 * values["resources"]), (NUM_PLANES, values["rows"], values["cols"]),
        np.float32,
    ),
    parameters={
        "rows": Parameter(6, "rows of the map", low=4, high=32),
        "cols": Parameter(6, "columns of the map", low=4, high=32),
        "resources": Parameter(20, "resources in each of two corners", low=0, high=1000),
    },
    time_limit=300,
    zero_sum=True,
)  # fmt: skip
