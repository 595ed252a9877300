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
    `MultiDiscrete([cells, 11, cells])` with cells = rows * cols, counted row by row: the unit, by its cell; the order,
    of 0 wait, 1 move, 2 harvest, 3 return, 4 to 9 produce a base, barracks, worker, light, heavy or ranged unit, and 10
    attack; and the cell that the order is about.

Mask
    Kind conditional, meaning legal: int8 (cells, 11), the units of the player by the orders for which there is a cell;
    `head_mask(2, (unit, order))` gives the cells. The cell of "wait" is the unit's own; that of "attack" one with an
    enemy not further away than the range of the unit, from middle to middle (Euclidean, in cells); that of all others
    is one of the four beside the unit: free to move or to produce there, that is, without a unit and without resources;
    one with resources to harvest; one with a base of the player to return what the unit carries.
    Every unit can wait; workers, light, heavy and ranged units can move and attack; workers harvest one resource at a
    time. A base produces workers, workers bases and barracks, barracks the other units, if the player has the
    resources. It is a function of the observation, and never empty before the end.

Observation
    `Box (18, rows, cols) float32`, planes: resources; of the player who observes base, barracks, worker, light, heavy
    and ranged units, then the same of the other player, each 1 where there is one; hit points; resources carried; and
    three planes of one number each, the stocks of the player and of the other, and 1 if the player is the second.

Rewards
    1 for the winner and -1 for the loser, at the end.

Start
    player_0 has a base in (row 1, column 1), a worker in (0, 1) and a stock of 5; the corner cell (0, 0) holds
    `resources`. player_1 has the same, turned by half a turn around the middle of the map. player_0 begins. Nothing is
    random.

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

BASE, BARRACKS, WORKER, LIGHT, HEAVY, RANGED = range(6)
UNIT_NAMES = ("base", "barracks", "worker", "light", "heavy", "ranged")
NONE = -1  # no unit, no owner
COST = (10, 5, 1, 2, 3, 2)
HIT_POINTS = (10, 4, 1, 4, 8, 1)
DAMAGE = (0, 0, 1, 2, 4, 1)  # 0: does not attack
RANGE = (0, 0, 1, 1, 1, 3)  # cells, as the crow flies
MOVES = (False, False, True, True, True, True)
PRODUCER = (WORKER, WORKER, BASE, BARRACKS, BARRACKS, BARRACKS)  # what each kind of unit is produced by

WAIT, MOVE, HARVEST, RETURN, PRODUCE, ATTACK = 0, 1, 2, 3, 4, 10  # PRODUCE + kind of unit
ORDERS = ("wait", "move", "harvest", "return", *(f"produce {name}" for name in UNIT_NAMES), "attack")

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
def can_order(s, player, cell, order):
    """Whether a unit of the player can carry an order out, if there is a cell for it."""
    kind = s["unit"][cell]
    if order == WAIT:
        return True
    if order == MOVE:
        return MOVES[kind]
    if order == HARVEST:
        return kind == WORKER and s["carried"][cell] == 0
    if order == RETURN:
        return s["carried"][cell] > 0
    if order == ATTACK:
        return DAMAGE[kind] > 0
    return PRODUCER[order - PRODUCE] == kind and s["stock"][player] >= COST[order - PRODUCE]


@rule
def is_target(s, p, player, cell, order, target):
    """Whether a cell is one that an order to a unit of the player can be about."""
    distance = squared_distance(p, cell, target)
    if order == WAIT:
        return distance == 0
    if order == ATTACK:
        return s["owner"][target] == 1 - player and distance <= RANGE[s["unit"][cell]] ** 2
    if distance != 1:
        return False
    if order == HARVEST:
        return s["resources"][target] > 0
    if order == RETURN:
        return s["unit"][target] == BASE and s["owner"][target] == player
    return s["unit"][target] == NONE and s["resources"][target] == 0


@rule
def has_target(s, p, player, cell, order):
    reach = RANGE[s["unit"][cell]] if order == ATTACK else 1
    row, col = cell // p["cols"], cell % p["cols"]
    for i in range(max(0, row - reach), min(p["rows"], row + reach + 1)):
        for j in range(max(0, col - reach), min(p["cols"], col + reach + 1)):
            if is_target(s, p, player, cell, order, i * p["cols"] + j):
                return True
    return False


@rule
def squared_distance(p, cell, other):
    down, right = other // p["cols"] - cell // p["cols"], other % p["cols"] - cell % p["cols"]
    return down * down + right * right


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


# --- picture: one unit a cell; the table of units and orders below ----------------------------------------------------

LETTERS = "BAWLHR"
LETTER_INKS = ("piece_light", "piece_dark")  # on the ink of each player


def draw(s, p):
    rows, cols = p["rows"], p["cols"]
    scene = Scene(cols, rows, kind="conditional")
    scene.rect(0, 0, cols, rows, "floor")
    glyphs = [["." for _ in range(cols)] for _ in range(rows)]
    for cell, kind in enumerate(s["unit"]):
        row, col = divmod(cell, cols)
        scene.rect(col + 0.02, row + 0.02, 0.96, 0.96, "cell", radius=0.05)
        if s["resources"][cell] > 0:
            scene.disc(col + 0.5, row + 0.5, 0.36, "item")
            scene.text(col + 0.5, row + 0.5, str(s["resources"][cell]), 0.34, "piece_light")
            glyphs[row][col] = "$"
        if kind != NONE:
            draw_unit(scene, s, cell, row, col)
            letter = LETTERS[kind]
            glyphs[row][col] = letter if s["owner"][cell] == 0 else letter.lower()
    table = (rows * cols, len(ORDERS))
    scene.strip(rows * cols * len(ORDERS), shape=table, title="orders, a row each, for the unit on each cell")
    scene.glyph_rows = ["".join(line) for line in glyphs]
    scene.glyph_rows.append(f"stock {s['stock'][0]}, {s['stock'][1]}; player_{s['to_move']} to move")
    return scene


def draw_unit(scene, s, cell, row, col):
    """Buildings are squares, units discs; a dot is a resource carried, a bar the hit points that are left."""
    kind, ink = s["unit"][cell], f"player_{s['owner'][cell]}"
    if MOVES[kind]:
        scene.disc(col + 0.5, row + 0.5, 0.36, ink)
    else:
        scene.rect(col + 0.12, row + 0.12, 0.76, 0.76, ink, radius=0.08)
    scene.text(col + 0.5, row + 0.5, LETTERS[kind], 0.4, LETTER_INKS[s["owner"][cell]])
    if s["carried"][cell]:
        scene.disc(col + 0.78, row + 0.24, 0.1, "item")
    scene.rect(col + 0.2, row + 0.88, 0.6 * s["hit_points"][cell] / HIT_POINTS[kind], 0.06, ink)


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
