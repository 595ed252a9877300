"""MaskedTraffic from its card."""

import numpy as np

PARAMETERS = [
    {"rows": 1, "cols": 1, "amber": 0, "min_green": 1, "saturation": 3, "demand": 1.0, "capacity": 2},
    {"rows": 2, "cols": 3, "phases": "sides", "amber": 1, "min_green": 2, "saturation": 2, "capacity": 3},
    {"rows": 3, "cols": 1, "amber": 3, "min_green": 5, "demand": 0.7, "capacity": 4, "time_limit": 30},
    {"rows": 1, "cols": 4, "demand": 0.0},
]
STEPS = 400

NORTH, EAST, SOUTH, WEST = SIDES = range(4)
ONWARD = {NORTH: (1, 0), SOUTH: (-1, 0), EAST: (0, -1), WEST: (0, 1)}
"""Where those who arrive from a side drive on to: rows and columns further."""


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.p = parameters
        self.served = ((NORTH, SOUTH), (EAST, WEST)) if parameters["phases"] == "axes" else tuple((k,) for k in SIDES)
        self.places = [(row, col) for row in range(parameters["rows"]) for col in range(parameters["cols"])]

    def reset_from(self, record):
        assert not record["queue"].any()
        self.queues = {(place, side): 0 for place in self.places for side in SIDES}
        self.phase = dict.fromkeys(self.places, 0)
        self.amber = dict.fromkeys(self.places, 0)
        self.wait = dict.fromkeys(self.places, self.p["min_green"])

    def mask(self, agent):
        place = self.places[agent]
        return np.array([k == self.phase[place] or not self.wait[place] for k in range(len(self.served))], np.int8)

    def observation(self, agent):
        place = self.places[agent]
        light = (self.phase[place], self.amber[place], self.wait[place])
        return np.array([*(self.queues[place, side] for side in SIDES), *light], np.int16)

    def onward(self, place, side):
        return place[0] + ONWARD[side][0], place[1] + ONWARD[side][1]

    def driving(self, place, side):
        """How many leave a queue of a green phase."""
        ahead = (self.onward(place, side), side)
        room = self.p["capacity"] - self.queues[ahead] if ahead in self.queues else self.p["saturation"]
        return min(self.queues[place, side], self.p["saturation"], room)

    def step(self, actions, record):
        for place, phase in zip(self.places, map(int, actions), strict=True):
            if phase != self.phase[place]:
                self.phase[place], self.amber[place] = phase, self.p["amber"]
                self.wait[place] = self.p["amber"] + self.p["min_green"]
        change = dict.fromkeys(self.queues, 0)
        for place in self.places:
            for side in self.served[self.phase[place]] if not self.amber[place] else ():
                driving, ahead = self.driving(place, side), (self.onward(place, side), side)
                change[place, side] -= driving
                if ahead in change:
                    change[ahead] += driving
            self.amber[place] = max(0, self.amber[place] - 1)
            self.wait[place] = max(0, self.wait[place] - 1)
        before, counts = self.queues, record["queue"].tolist()
        self.queues = {key: number + change[key] for key, number in before.items()}
        for agent, place in enumerate(self.places):
            for side in SIDES:
                arrived = counts[agent][side] - self.queues[place, side]
                came_from = (place[0] - ONWARD[side][0], place[1] - ONWARD[side][1])
                may_arrive = came_from not in self.places and before[place, side] < self.p["capacity"]
                least = 1 if may_arrive and self.p["demand"] == 1 else 0
                most = 1 if may_arrive and self.p["demand"] > 0 else 0
                assert least <= arrived <= most
                self.queues[place, side] += arrived
        return [-float(sum(self.queues[place, side] for side in SIDES)) for place in self.places], False
