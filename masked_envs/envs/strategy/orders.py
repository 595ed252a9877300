"""The units of a real-time strategy game, and the orders that they can carry out.

The state has the fields `unit`, `owner`, `carried`, `resources` and `stock` of `micro_rts.py`, whose card says what
they mean.
"""

from ...core import rule

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


@rule
def can_order(s, player, cell, order):
    """Whether a unit of the player can carry an order out, if there is a cell for it."""
    if not takes(s["unit"][cell], order):
        return False
    if order == HARVEST:
        return s["carried"][cell] == 0
    if order == RETURN:
        return s["carried"][cell] > 0
    if PRODUCE <= order < ATTACK:
        return s["stock"][player] >= COST[order - PRODUCE]
    return True


@rule
def takes(kind, order):
    """Whether a kind of unit is ever given an order."""
    if order == WAIT:
        return True
    if order == MOVE:
        return MOVES[kind]
    if order == HARVEST or order == RETURN:
        return kind == WORKER
    if order == ATTACK:
        return DAMAGE[kind] > 0
    return PRODUCER[order - PRODUCE] == kind


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
