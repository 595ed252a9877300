"""MaskedSkirmish from its card."""

import numpy as np

PARAMETERS = [
    {"rows": 1, "cols": 4, "team_size": 1, "hit_points": 2, "cooldown": 0},
    {"rows": 3, "cols": 4, "team_size": 4, "hit_points": 1, "attack_range": 4, "cooldown": 2},
    {"rows": 5, "cols": 7, "team_size": 2, "hit_points": 4, "attack_range": 9, "cooldown": 3, "time_limit": 25},
    {"rows": 2, "cols": 5, "team_size": 4, "hit_points": 2, "attack_range": 1, "cooldown": 0},
]
STEPS = 400  # a fight takes some 40 steps of several agents

STEPS_OF = {1: (-1, 0), 2: (0, 1), 3: (1, 0), 4: (0, -1)}  # up, right, down, left


class Unit:
    def __init__(self, cell, hit_points):
        self.cell, self.hit_points, self.pause = cell, hit_points, 0

    @property
    def stands(self):
        return self.hit_points > 0

    def row(self):
        return [*self.cell, self.hit_points, self.pause] if self.stands else [0, 0, 0, 0]


class Reference:
    to_move = 0

    def __init__(self, parameters):
        for name in ("rows", "cols", "team_size", "hit_points", "attack_range", "cooldown"):
            setattr(self, name, parameters[name])

    def reset_from(self, record):
        cells = [(int(row), int(column)) for row, column, _, _ in record["units"]]
        red, other = cells[: self.team_size], cells[self.team_size :]
        assert len(set(red)) == self.team_size and all(0 <= row < self.rows and column in (0, 1) for row, column in red)
        assert other == [(row, self.cols - 1 - column) for row, column in red]
        self.units = [Unit(cell, self.hit_points) for cell in cells]

    def team(self, agent):
        """The numbers of its own team and those of the other."""
        red, yellow = list(range(self.team_size)), list(range(self.team_size, 2 * self.team_size))
        return (red, yellow) if agent in red else (yellow, red)

    def has_left(self, agent):
        return not self.units[agent].stands

    def target(self, unit, action):
        return unit.cell[0] + STEPS_OF[action][0], unit.cell[1] + STEPS_OF[action][1]

    def is_on_grid(self, cell):
        return 0 <= cell[0] < self.rows and 0 <= cell[1] < self.cols

    def mask(self, agent):
        me, taken = self.units[agent], {unit.cell for unit in self.units if unit.stands}
        legal = {0}
        if me.stands:
            for action in STEPS_OF:
                cell = self.target(me, action)
                if self.is_on_grid(cell) and cell not in taken:
                    legal.add(action)
            for k, enemy in enumerate(self.units[number] for number in self.team(agent)[1]):
                away = sum(abs(mine - its) for mine, its in zip(me.cell, enemy.cell, strict=True))
                if enemy.stands and not me.pause and away <= self.attack_range:
                    legal.add(5 + k)
        return np.array([action in legal for action in range(5 + self.team_size)], np.int8)

    def observation(self, agent):
        mates, enemies = self.team(agent)
        order = [agent, *(mate for mate in mates if mate != agent), *enemies]
        return np.array([self.units[number].row() for number in order], np.int16)

    def step(self, actions, record):
        rewards, start = [0.0] * len(self.units), {unit.cell for unit in self.units if unit.stands}
        hit = [self.team(agent)[1][action - 5] for agent, action in enumerate(actions) if action >= 5]
        for agent, unit in enumerate(self.units):
            if actions[agent] >= 5:
                rewards[agent] += 1
                unit.pause = self.cooldown
            else:
                unit.pause = max(0, unit.pause - 1)
        for agent in hit:
            rewards[agent] -= 1
        for agent, unit in enumerate(self.units):
            unit.hit_points = max(0, unit.hit_points - hit.count(agent))
        entered = set()
        for unit, action in zip(self.units, actions, strict=True):
            if unit.stands and action in STEPS_OF and self.target(unit, action) not in entered:
                assert self.target(unit, action) not in start
                unit.cell = self.target(unit, action)
                entered.add(unit.cell)
        standing = [{agent for agent in team if self.units[agent].stands} for team in self.team(0)]
        over = not all(standing)
        for agent in set().union(*standing) if over else ():
            rewards[agent] += 5
        return rewards, over
