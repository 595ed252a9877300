"""What routing problems share: places on a map, distances, files of TSPLIB and CVRPLIB, and the picture of the map.

Place 0 is where a tour begins and ends, the depot.
"""

import math

import numpy as np

from ...core import copy_to, number_in, numbers, random_uniform, rule
from ...render import Scene

RANDOM = 0  # p["instance"] of an instance that is drawn anew in each episode
MOST = 500  # places of an instance, whose distances are a table
FARTHEST = 10**9  # coordinate of an instance, up or down
FIELDS = (("points", np.float64, 2), ("distances", np.float64, 2))  # what rules get of an instance


@rule
def place_points(rng, p, points):
    """Write the places (places, 2): those of the instance, or random ones in the unit square."""
    if p["instance"] != RANDOM:
        copy_to(p["points"], points)
        return
    for place in range(points.shape[0]):
        for axis in range(2):
            points[place, axis] = random_uniform(rng, 0.0, 1.0)


@rule
def distance(points, p, a, b):
    """The length of the way between two places: that of the instance, or of the straight line."""
    if p["instance"] != RANDOM:
        return float(p["distances"][a, b])
    right, down = points[a, 0] - points[b, 0], points[a, 1] - points[b, 1]
    return math.sqrt(right * right + down * down)


# --- instances --------------------------------------------------------------------------------------------------------


def nearest(length):
    return math.floor(length + 0.5)


def straight(a, b):
    return math.hypot(a[0] - b[0], a[1] - b[1])


def pseudo_euclidean(a, b):
    length = math.sqrt(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) / 10)
    return nearest(length) + (nearest(length) < length)


def geographical(a, b):
    """On an ellipsoid of the earth (km), as TSPLIB has it; 16.47 means 16 degrees and 47 minutes."""
    (north_a, east_a), (north_b, east_b) = (map(radians, point) for point in (a, b))
    one, two, three = math.cos(east_a - east_b), math.cos(north_a - north_b), math.cos(north_a + north_b)
    return int(6378.388 * math.acos(0.5 * ((1 + one) * two - (1 - one) * three)) + 1)


def radians(degrees):
    whole = int(degrees)
    return 3.141592 * (whole + 5 * (degrees - whole) / 3) / 180


METRICS = {
    "EUC_2D": lambda a, b: nearest(straight(a, b)),
    "CEIL_2D": lambda a, b: math.ceil(straight(a, b)),
    "ATT": pseudo_euclidean,
    "GEO": geographical,
    "exact": straight,
}


SECTIONS = {"NODE_COORD_SECTION", "DEMAND_SECTION", "DEPOT_SECTION", "DISPLAY_DATA_SECTION"}
CONSTRAINTS = {"DISTANCE", "SERVICE_TIME", "VEHICLES"}


def read_tsplib(text):
    """The instance in a file of TSPLIB or CVRPLIB: points, metric, demands, capacity, and a stated optimum.

    Raises:
        ValueError: no coordinates, a metric that needs none, numbers of lines that differ from DIMENSION, places that
            are not told apart, or a constraint beyond the capacity.
    """
    head, sections = parts_of(text)
    unread = sorted((head.keys() & CONSTRAINTS) | (sections.keys() - SECTIONS))
    if unread:
        raise ValueError(f"{', '.join(unread)}: this is not part of the problem, and not read")
    places = sections.get("NODE_COORD_SECTION")
    if places is None or str(len(places)) != head.get("DIMENSION"):
        raise ValueError("a NODE_COORD_SECTION holds one line for each of DIMENSION places; other forms are not read")
    order = [place[0] for place in places]
    if len(set(order)) < len(order):
        raise ValueError("each place of the NODE_COORD_SECTION has a number of its own")
    found = {"points": [place[1:] for place in places], "metric": head.get("EDGE_WEIGHT_TYPE", "")}
    if "DEMAND_SECTION" in sections:
        demands = sections["DEMAND_SECTION"]
        if [row[:-1] for row in demands] != [[number] for number in order]:
            raise ValueError("the DEMAND_SECTION has the number and the demand of each place, in the same order")
        found["demands"] = [demand for _, demand in demands]
    if "CAPACITY" in head:
        found["capacity"] = number_in(head["CAPACITY"])
    depot = [[order[0]], [-1]]
    if sections.get("DEPOT_SECTION", depot) != depot:
        raise ValueError("the depot is the first place")
    optimum = head.get("COMMENT", "").partition("Optimal value: ")[2].strip(" )")
    return found | ({"optimum": int(optimum)} if optimum.isdecimal() else {})


def parts_of(text):
    """The words behind each heading of a file, and the numbers in each section, by line."""
    head, sections, section = {}, {}, None
    for line in text.splitlines():
        words = line.replace(":", " : ", 1).split() if section is None else line.split()
        if not words or words[0] == "EOF":
            continue
        if words[0].endswith("_SECTION"):
            section = sections.setdefault(words[0], [])
        elif words[0].isupper():
            head[words[0]], section = " ".join(words[2:]), None
        elif section is None:
            raise ValueError(f"this is neither a heading nor in a section: {line[:60]!r}")
        else:
            section.append(list(map(number_in, words)))
    return head, sections


def complete_map(raw):
    """The points and all distances of an instance; the metric is "exact" where it has none."""
    points, metric = numbers("points", raw["points"], 2), raw.get("metric", "exact")
    if points.shape[1] != 2 or not 2 <= len(points) <= MOST:
        raise ValueError(f"'points' has a row of two numbers for each of 2 to {MOST} places, not {points.shape}")
    if np.abs(points).max() > FARTHEST:
        raise ValueError(f"'points' are numbers from -{FARTHEST} to {FARTHEST}")
    if metric not in METRICS:
        raise ValueError(f"'metric' must be one of {', '.join(map(repr, METRICS))}, not {metric!s:.60}")
    places = points.tolist()
    distances = [[0.0 if a is b else float(METRICS[metric](a, b)) for b in places] for a in places]
    return {"points": points, "distances": distances}


def num_places(values, instance):
    """The depot and all customers."""
    arrays = instance.arrays(values["instance"])
    return values["num_customers"] + 1 if arrays is None else len(arrays["points"])


def bounds_of(values, instance):
    """The lowest and the highest coordinate."""
    arrays = instance.arrays(values["instance"])
    return (0.0, 1.0) if arrays is None else (float(arrays["points"].min()), float(arrays["points"].max()))


# --- picture: a square map --------------------------------------------------------------------------------------------

SIDE, MARGIN = 10.0, 0.5
MOST_NAMES = 60  # more actions than this are drawn without names


def draw_map(points, route, names, visited, here):
    """A scene with the places and a route through some of them, and below it an action for each.

    Args:
        points: (places, 2).
        route: the places that it goes through, in order.
        names: of the actions, one for each place.
        visited: of each place, whether it needs no visit any more.
        here: the place where the vehicle is.
    """
    scene = Scene(SIDE + 2 * MARGIN, SIDE + 2 * MARGIN)
    low, span = points.min(axis=0), max(np.ptp(points, axis=0).max(), 1e-9)
    spots = [(MARGIN + x, MARGIN + SIDE - y) for x, y in (SIDE * (points - low) / span).tolist()]
    for a, b in zip(route, route[1:], strict=False):
        scene.line([spots[a], spots[b]], 0.07, "path")
    size = min(0.6, 3.2 / math.sqrt(len(spots)))
    for place, (x, y) in enumerate(spots):
        if place == here:
            scene.disc(x, y, 0.66 * size, "agent")
        ink = "start" if place == 0 else "idle" if visited[place] else "station"
        scene.disc(x, y, 0.5 * size, ink)
        scene.text(x, y, str(place), 0.5 * size, "text")
    scene.strip(names if len(names) <= MOST_NAMES else len(names), title="go to")
    return scene
