"""MaskedTraffic from its card."""

import numpy as np

PARAMETERS = [
    {"rows": 1, "cols": 1, "amber": 0, "min_green": 1, "saturation": 3, "demand": 1.0, "capacity": 2},
    {"rows": 2, "cols": 3, "phases": "sides", "amber": 1, "min_green": 2, "saturation": 2, "capacity": 3},
    {"rows": 3, "cols": 1, "amber": 3, "min_green": 5, "demand": 0.7, "capacity": 4, "time_limit": 30},
    {"rows": 1, "cols": 4, "demand": 0.0},
]
STEPS = 400

NORTH, EAST, SOUTH, WEST = range(4)
AHEAD = {NORTH: (1, 0), EAST: (0, -1), SOUTH: (-1, 0), WEST: (0, 1)}  # (rows, columns) further; from the north, south


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.p = parameters
        self.served = [(NORTH, SOUTH), (EAST, WEST)] if parameters["phases"] == "axes" else [(s,) for s in range(4)]
        self.places = [(row, column) for row in range(parameters["rows"]) for column in range(parameters["cols"])]

    def reset_from(self, record):
        self.queues = {(place, side): 0 for place in self.places for side in range(4)}
        self.phase = dict.fromkeys(self.places, 0)
        self.amber = dict.fromkeys(self.places, 0)  # steps that are left
        self.green = dict.fromkeys(self.places, 0)  # steps that the green has been shown
        assert not record["queue"].any() and not record["phase"].any()

    def locked(self, place):
        return self.amber[place] + max(0, self.p["min_green"] - self.green[place])

    def mask(self, agent):
        place = self.places[agent]
        phases = range(len(self.served))
        return np.array([phase == self.phase[place] or not self.locked(place) for phase in phases], np.int8)

    def observation(self, agent):
        place = self.places[agent]
        queues = [self.queues[place, side] for side in range(4)]
        return np.array([*queues, self.phase[place], self.amber[place], self.locked(place)], np.int16)

    def step(self, actions, record):
        before, after = dict(self.queues), dict(self.queues)
        for place, action in zip(self.places, actions, strict=True):
            if action != self.phase[place]:
                self.phase[place], self.amber[place], self.green[place] = action, self.p["amber"], 0
            if self.amber[place]:
                self.amber[place] -= 1
                continue
            self.green[place] += 1
            for side in self.served[action]:
                ahead = ((place[0] + AHEAD[side][0], place[1] + AHEAD[side][1]), side)
                room = self.p["capacity"] - before[ahead] if ahead in before else 10**9
                driving = min(before[place, side], self.p["saturation"], room)
                after[place, side] -= driving
                if ahead in after:
                    after[ahead] += driving
        found = {(place, side): int(n) for place, row in zip(self.places, record["queue"], strict=True)
                 for side, n in enumerate(row)}  # fmt: skip
        for place, side in after:
            behind = (place[0] - AHEAD[side][0], place[1] - AHEAD[side][1])
            arrived = found[place, side] - after[place, side]
            may_arrive = behind not in self.places and before[place, side] < self.p["capacity"] and self.p["demand"] > 0
            assert arrived in ((0, 1) if may_arrive else (0,))
            assert arrived or not may_arrive or self.p["demand"] < 1
        self.queues = found
        return [-float(sum(found[place, side] for side in range(4))) for place in self.places], False
