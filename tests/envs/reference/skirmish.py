"""MaskedSkirmish from its card."""

import numpy as np

PARAMETERS = [
    {"rows": 1, "cols": 4, "team_size": 1, "hit_points": 2, "cooldown": 0},
    {"rows": 3, "cols": 4, "team_size": 4, "hit_points": 1, "attack_range": 4, "cooldown": 2},
    {"rows": 5, "cols": 7, "team_size": 2, "hit_points": 4, "attack_range": 9, "cooldown": 3, "time_limit": 25},
    {"rows": 2, "cols": 5, "team_size": 4, "hit_points": 2, "attack_range": 1, "cooldown": 0},
]
STEPS = 400  # a fight takes some 40 steps of several agents

MOVES = {1: (-1, 0), 2: (0, 1), 3: (1, 0), 4: (0, -1)}  # up, right, down, left
HOLD, FIRST_ATTACK = 0, 5


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.p, self.size = parameters, parameters["team_size"]
        self.units = range(2 * self.size)
        self.teams = (list(self.units[: self.size]), list(self.units[self.size :]))

    def own_team(self, unit):
        return self.teams[unit // self.size]

    def enemies(self, unit):
        return self.teams[1 - unit // self.size]

    def reset_from(self, record):
        self.cells = {
            unit: (int(row), int(col)) for unit, (row, col, _, _) in zip(self.units, record["units"], strict=True)
        }
        red = [self.cells[unit] for unit in self.teams[0]]
        assert len(set(red)) == self.size
        assert all(0 <= row < self.p["rows"] and col in (0, 1) for row, col in red)
        for unit, (row, col) in zip(self.teams[1], red, strict=True):
            assert self.cells[unit] == (row, self.p["cols"] - 1 - col)
        self.hit_points = dict.fromkeys(self.units, self.p["hit_points"])
        self.pause = dict.fromkeys(self.units, 0)

    def has_left(self, unit):
        return self.hit_points[unit] == 0

    def standing(self, team):
        return [unit for unit in team if not self.has_left(unit)]

    def target(self, unit, action):
        """The cell that a move leads to."""
        (row, col), (down, right) = self.cells[unit], MOVES[action]
        return row + down, col + right

    def is_legal(self, unit, action):
        if action == HOLD:
            return True
        if self.has_left(unit):
            return False
        if action in MOVES:
            row, col = cell = self.target(unit, action)
            taken = [self.cells[other] for other in self.standing(self.units)]
            return 0 <= row < self.p["rows"] and 0 <= col < self.p["cols"] and cell not in taken
        enemy = self.enemies(unit)[action - FIRST_ATTACK]
        distance = sum(abs(a - b) for a, b in zip(self.cells[unit], self.cells[enemy], strict=True))
        return not self.has_left(enemy) and distance <= self.p["attack_range"] and self.pause[unit] == 0

    def mask(self, unit):
        return np.array([self.is_legal(unit, action) for action in range(FIRST_ATTACK + self.size)], np.int8)

    def row(self, unit):
        return [0] * 4 if self.has_left(unit) else [*self.cells[unit], self.hit_points[unit], self.pause[unit]]

    def observation(self, unit):
        order = [unit, *(other for other in self.own_team(unit) if other != unit), *self.enemies(unit)]
        return np.array([self.row(each) for each in order], np.int16)

    def step(self, actions, record):
        chosen = {unit: int(actions[unit]) if not self.has_left(unit) else HOLD for unit in self.units}
        rewards = dict.fromkeys(self.units, 0.0)
        attacks = [
            (unit, self.enemies(unit)[action - FIRST_ATTACK])
            for unit, action in chosen.items()
            if action >= FIRST_ATTACK
        ]
        self.pause = {unit: max(0, steps - 1) for unit, steps in self.pause.items()}
        for unit, enemy in attacks:
            rewards[unit] += 1
            rewards[enemy] -= 1
            self.pause[unit] = self.p["cooldown"]
        for _, enemy in attacks:
            self.hit_points[enemy] = max(0, self.hit_points[enemy] - 1)
        entered = set()
        for unit in self.standing(self.units):
            if chosen[unit] in MOVES and (cell := self.target(unit, chosen[unit])) not in entered:
                self.cells[unit] = cell
                entered.add(cell)
        left = [self.standing(team) for team in self.teams]
        is_over = not all(left)
        for unit in sum(left, []) if is_over else []:
            rewards[unit] += 5
        return [rewards[unit] for unit in self.units], is_over
