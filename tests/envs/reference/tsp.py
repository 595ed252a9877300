"""MaskedTSP from its card."""

import json
import math

import numpy as np

ODD = [[0.5, -3.25], [38.24, 20.42], [-0.5, -100.75], [39.57, 26.15], [40.56, 25.32], [7.0, 7.0], [36.26, 23.12]]
PARAMETERS = [
    {"num_customers": 1},
    {"num_customers": 45, "time_limit": 30},
    {"instance": "burma14"},
    *({"instance": {"points": ODD, "metric": metric}} for metric in ("exact", "EUC_2D", "CEIL_2D", "ATT", "GEO")),
    {"instance": {"points": [[2, 2], [5, 6]]}},
]

REWARD_TOLERANCE = 1e-12  # of lengths that are no whole numbers

BURMA14 = """
    16.47 96.10  16.47 94.44  20.09 92.54  22.39 93.37  25.23 97.24  22.00 96.05  20.47 97.02
    17.20 96.29  16.30 97.38  14.05 98.12  16.53 97.38  21.52 95.59  19.41 97.13  20.09 94.55
"""  # degrees and minutes of latitude and longitude, north and east


def radians(angle):
    """Of degrees with minutes behind the point, with TSPLIB's number for pi."""
    degrees = int(angle)
    return 3.141592 * (degrees + 5 * (angle - degrees) / 3) / 180


def distance(metric, a, b):
    """The distance between two points, for all metrics but the first as the documentation of TSPLIB defines it."""
    if metric == "GEO":
        (lat_a, lon_a), (lat_b, lon_b) = ([radians(angle) for angle in point] for point in (a, b))
        q1, q2, q3 = math.cos(lon_a - lon_b), math.cos(lat_a - lat_b), math.cos(lat_a + lat_b)
        return int(6378.388 * math.acos(0.5 * ((1 + q1) * q2 - (1 - q1) * q3)) + 1)
    straight = math.dist(a, b)
    if metric == "ATT":
        return math.ceil(math.sqrt(straight**2 / 10))  # rounded, and one more where that is too short
    return {"exact": straight, "EUC_2D": int(straight + 0.5), "CEIL_2D": math.ceil(straight)}[metric]


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.instance, self.num_customers = parameters["instance"], parameters["num_customers"]

    def reset_from(self, record):
        self.metric = "exact"
        if self.instance == "random":
            self.points = record["points"].tolist()
            assert len(self.points) == self.num_customers + 1
            assert all(0 <= coordinate < 1 for point in self.points for coordinate in point)
        elif self.instance == "burma14":
            self.points, self.metric = np.array(BURMA14.split(), float).reshape(-1, 2).tolist(), "GEO"
        else:
            own = json.loads(self.instance)
            self.points, self.metric = own["points"], own.get("metric", "exact")
        self.tour = [0]

    def mask(self, agent):
        legal = set(range(len(self.points))) - set(self.tour) or {0}
        return np.array([place in legal for place in range(len(self.points))], np.int8)

    def observation(self, agent):
        rows = [[*point, place in self.tour[1:], place == self.tour[-1]] for place, point in enumerate(self.points)]
        return np.array(rows, np.float32)

    def step(self, action, record):
        self.tour.append(int(action))
        length = distance(self.metric, *(self.points[place] for place in self.tour[-2:]))
        return [-float(length)], action == 0
