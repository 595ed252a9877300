"""MaskedCVRP from its card."""

import json

import numpy as np

from .tsp import distance

OWN = {
    "points": [[5, 5], [-40, 7.5], [3, 5], [5, 5], [0.25, 100], [6, 1], [-3, 2]],
    "demands": [0, 1_000_000, 1, 400_000, 600_000, 300_000, 300_001],
    "capacity": 1_000_000,
}
PARAMETERS = [
    {"num_customers": 1, "capacity": 1, "most_demand": 1},
    {"num_customers": 33, "capacity": 60, "most_demand": 60, "time_limit": 45},
    {"num_customers": 9, "capacity": 7, "most_demand": 3},
    {"instance": "P-n16-k8"},
    {"instance": OWN},
    {"instance": OWN | {"metric": "CEIL_2D"}},
]

REWARD_TOLERANCE = 1e-12  # of lengths that are no whole numbers

P_N16_K8 = """
    30 40 0   37 52 19  49 49 30  52 64 16  31 62 23  52 33 11  42 41 31  52 41 15
    57 58 28  62 42 8   42 57 8   27 68 7   43 67 14  58 48 6   58 27 19  37 69 11
"""  # of each place its coordinates and the units that it wants


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.parameters = parameters

    def reset_from(self, record):
        self.take_instance(record)
        self.here, self.visited, self.load = 0, set(), self.capacity

    def take_instance(self, record):
        given = self.parameters["instance"]
        self.metric, self.capacity = "exact", self.parameters["capacity"]
        if given == "random":
            self.points, self.demands = record["points"].tolist(), record["demands"].tolist()
            assert len(self.points) == len(self.demands) == self.parameters["num_customers"] + 1
            assert all(0 <= coordinate < 1 for point in self.points for coordinate in point)
            most = self.parameters["most_demand"]
            assert self.demands[0] == 0 and all(1 <= demand <= most for demand in self.demands[1:])
        elif given == "P-n16-k8":
            rows = np.array(P_N16_K8.split(), int).reshape(-1, 3)
            self.points, self.demands = rows[:, :2].tolist(), rows[:, 2].tolist()
            self.metric, self.capacity = "EUC_2D", 35
        else:
            own = json.loads(given)
            self.points, self.demands, self.capacity = own["points"], own["demands"], own["capacity"]
            self.metric = own.get("metric", "exact")

    def is_legal(self, place):
        if place == 0:
            return self.here != 0
        return place not in self.visited and self.demands[place] <= self.load

    def mask(self, agent):
        return np.array([self.is_legal(place) for place in range(len(self.points))], np.int8)

    def observation(self, agent):
        rows = [
            [*self.points[place], self.demands[place], place in self.visited, here, self.load if here else 0]
            for place, here in ((place, place == self.here) for place in range(len(self.points)))
        ]
        return np.array(rows, np.float32)

    def step(self, action, record):
        before, self.here = self.here, int(action)
        if self.here == 0:
            self.load = self.capacity
        else:
            self.visited.add(self.here)
            self.load -= self.demands[self.here]
        length = distance(self.metric, self.points[before], self.points[self.here])
        return [-float(length)], self.here == 0 and len(self.visited) == len(self.points) - 1
