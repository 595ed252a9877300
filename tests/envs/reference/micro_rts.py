"""MaskedMicroRTS from its card, and UnitTypeTable.java of microRTS, version "original finetuned"."""

from typing import NamedTuple

import numpy as np

PARAMETERS = [
    {"rows": 4, "cols": 4, "resources": 3},
    {"rows": 4, "cols": 5, "resources": 40, "time_limit": 0},
    {"rows": 5, "cols": 7, "resources": 0, "time_limit": 60},
]
STEPS = 150

BASE, BARRACKS, WORKER, LIGHT, HEAVY, RANGED = range(6)
WAIT, MOVE, HARVEST, RETURN, PRODUCE, ATTACK = 0, 1, 2, 3, 4, 10  # 4 to 9: produce a base to a ranged unit


class Kind(NamedTuple):
    cost: int
    hit_points: int
    damage: int
    reach: int
    makes: tuple


KINDS = (
    Kind(10, 10, 0, 0, (WORKER,)),
    Kind(5, 4, 0, 0, (LIGHT, HEAVY, RANGED)),
    Kind(1, 1, 1, 1, (BASE, BARRACKS)),
    Kind(2, 4, 2, 1, ()),
    Kind(3, 8, 4, 1, ()),
    Kind(2, 1, 1, 3, ()),
)
FIGHTERS = (WORKER, LIGHT, HEAVY, RANGED)


class Reference:
    def __init__(self, parameters):
        self.rows, self.cols, self.start_resources = (parameters[name] for name in ("rows", "cols", "resources"))
        self.cells = [(row, col) for row in range(self.rows) for col in range(self.cols)]

    def reset_from(self, record):
        self.resources = {(0, 0): self.start_resources, (self.rows - 1, self.cols - 1): self.start_resources}
        self.units = {}  # cell -> [player, kind, hit points, carried]
        for player in (0, 1):
            for kind, (row, col) in ((BASE, (1, 1)), (WORKER, (0, 1))):
                cell = (self.rows - 1 - row, self.cols - 1 - col) if player else (row, col)
                self.units[cell] = [player, kind, KINDS[kind].hit_points, 0]
        self.stock = [5, 5]
        self.to_move = 0

    def beside(self, cell):
        row, col = cell
        return [c for c in ((row - 1, col), (row, col + 1), (row + 1, col), (row, col - 1)) if c in self.cells]

    def free(self, cell):
        return cell not in self.units and not self.resources.get(cell, 0)

    def targets(self, agent, cell, order):
        """The cells that an order of a unit can be about."""
        if cell not in self.units or self.units[cell][0] != agent:
            return []
        _, kind, _, carried = self.units[cell]
        if order == WAIT:
            return [cell]
        if order == MOVE:
            return [c for c in self.beside(cell) if kind in FIGHTERS and self.free(c)]
        if order == HARVEST:
            return [c for c in self.beside(cell) if kind == WORKER and not carried and self.resources.get(c, 0)]
        if order == RETURN:
            return [c for c in self.beside(cell) if carried and self.units.get(c, [None, None])[:2] == [agent, BASE]]
        if order == ATTACK:
            return [
                c for c, (owner, *_) in self.units.items()
                if owner != agent and (c[0] - cell[0]) ** 2 + (c[1] - cell[1]) ** 2 <= KINDS[kind].reach ** 2
            ]  # fmt: skip
        made = order - PRODUCE
        able = made in KINDS[kind].makes and self.stock[agent] >= KINDS[made].cost
        return [c for c in self.beside(cell) if able and self.free(c)]

    def mask(self, agent):
        mask = np.zeros((len(self.cells), 11), np.int8)
        for cell in self.units:
            mask[self.cells.index(cell)] = [bool(self.targets(agent, cell, order)) for order in range(11)]
        return mask

    def allowed(self, agent, k, prefix):
        """The mask of the third head."""
        assert k == 2
        targets = self.targets(agent, self.cells[prefix[0]], prefix[1])
        return np.array([cell in targets for cell in self.cells], np.int8)

    def observation(self, agent):
        planes = np.zeros((18, self.rows, self.cols), np.float32)
        for cell, amount in self.resources.items():
            planes[0][cell] = amount
        for cell, (owner, kind, hit_points, carried) in self.units.items():
            planes[1 + kind + (0 if owner == agent else 6)][cell] = 1
            planes[13][cell], planes[14][cell] = hit_points, carried
        planes[15], planes[16], planes[17] = self.stock[agent], self.stock[1 - agent], agent
        return planes

    def step(self, action, record):
        agent = self.to_move
        cell, order, target = self.cells[action[0]], int(action[1]), self.cells[action[2]]
        unit = self.units[cell]
        if order == MOVE:
            self.units[target] = self.units.pop(cell)
        elif order == HARVEST:
            self.resources[target] -= 1
            unit[3] = 1
        elif order == RETURN:
            self.stock[agent] += 1
            unit[3] = 0
        elif order == ATTACK:
            self.units[target][2] -= KINDS[unit[1]].damage
            if self.units[target][2] <= 0:
                del self.units[target]
        elif order != WAIT:
            made = order - PRODUCE
            self.stock[agent] -= KINDS[made].cost
            self.units[target] = [agent, made, KINDS[made].hit_points, 0]
        self.to_move = 1 - agent
        if all(owner == agent for owner, *_ in self.units.values()):
            return [1.0 if player == agent else -1.0 for player in (0, 1)], True
        return [0.0, 0.0], False
