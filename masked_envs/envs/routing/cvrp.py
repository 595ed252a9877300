"""Action-masked capacitated vehicle routing: serve every customer by routes of one vehicle that has to return to load.

Description
    A vehicle that carries `capacity` units begins at the depot, place 0. Each customer, at one of the other places,
    wants a number of units and is visited once. At the depot the vehicle is loaded again, so each round trip is one
    route. An instance is drawn at random in each episode, is taken from the literature (P-n16-k8, P-n20-k2,
    P-n22-k2), or is supplied by the user.

Action space
    `Discrete(n + 1)` for n customers: the place to go to.

    | action | meaning |
    |---|---|
    | 0 | the depot |
    | k, 1 to n | customer k |

Mask
    Kind flat, meaning legal: int8 (n + 1,). A customer is legal if it has not been visited and wants no more than the
    vehicle carries. The depot is legal unless the vehicle is there. The mask is a function of the observation, and
    never empty before the end.

Observation
    `Box (n + 1, 6) float32`, a row for each place. The bounds are the smallest and the largest possible numbers.

    | column | meaning |
    |---|---|
    | 0, 1 | the coordinates |
    | 2 | the units that the place wants; 0 for the depot |
    | 3 | 1 if it has been visited; always 0 for the depot |
    | 4 | 1 if the vehicle is there |
    | 5 | the units on the vehicle if it is there, otherwise 0 |

Rewards
    Minus the length of the way, so that the return is minus the length of all routes. In random instances, and in
    custom ones without a metric, that is the length of the straight line. In those of the literature it is rounded to
    the nearest whole number.

Start
    The vehicle is at the depot, fully loaded. In a random instance the coordinates of all places are uniform in [0, 1),
    and each customer wants a number of units uniform from 1 to `most_demand`.

Episode end
    Terminated when the vehicle is back at the depot and every customer has been visited. Never truncated, unless
    `time_limit` is set.

Arguments
    `instance`, `num_customers`, `capacity`, `most_demand`. The last three are only used by random instances;
    `most_demand` is at most `capacity`. A custom instance is a dict of "points" and, optionally, "metric", as in
    MaskedTSP, "demands" (a number for each place: 0 for the depot, 1 to the capacity for customers), and "capacity", at
    most 1,000,000, all whole numbers. It can also be a CVRPLIB file with coordinates.

References
    Toth and Vigo (eds.), "Vehicle Routing: Problems, Methods, and Applications", SIAM, 2014. The sizes of the defaults
    are those of Kool, van Hoof and Welling, "Attention, learn to solve routing problems!", ICLR, 2019.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Instance, Parameter, copy_to, fill, random_below, rule, state_record, whole
from ...mask_spec import MaskSpec
from .maps import (
    FIELDS,
    MOST,
    RANDOM,
    bounds_of,
    complete_map,
    distance,
    draw_map,
    num_places,
    place_points,
    read_tsplib,
)

DEPOT = 0
X, Y, DEMAND, VISITED, HERE, LOAD = range(6)  # columns of an observation
LARGEST = 10**6  # capacity of an instance


def complete_cvrp(raw):
    complete = complete_map(raw)
    capacity = whole("capacity", [raw["capacity"]], 1, 1, LARGEST)
    demands = whole("demands", raw["demands"], 1, 0, int(capacity[0]))
    if len(demands) != len(complete["points"]) or demands[0] != 0 or demands[1:].min() < 1:
        raise ValueError("'demands' has a number for each place, 0 for the depot and at least 1 for each customer")
    return {**complete, "demands": demands, "capacity_of_vehicle": capacity}


INSTANCE = Instance(
    "random",
    "the places, what they want, and what a vehicle carries",
    beside=__file__,
    folder="instances/cvrp",
    read=read_tsplib,
    complete=complete_cvrp,
    most=4 * MOST,
    fields=(*FIELDS, ("demands", np.int64, 1), ("capacity_of_vehicle", np.int64, 1)),
)


def capacity_of(values):
    arrays = INSTANCE.arrays(values["instance"])
    return values["capacity"] if arrays is None else int(arrays["capacity_of_vehicle"][0])


def state(values):
    places = num_places(values, INSTANCE)
    return state_record(
        points=(np.float64, (places, 2)),
        demands=(np.int64, (places,)),
        visited=(np.int8, (places,)),
        route=(np.int64, (2 * places,)),  # the places that the vehicle has gone to, in order; for the picture
        moves=np.int64,
        customers_left=np.int64,
        here=np.int64,
        load=np.int64,
    )


@rule
def reset(s, p):
    place_points(s["rng"], p, s["points"])
    if p["instance"] == RANDOM:
        s["demands"][DEPOT] = 0
        for place in range(1, s["demands"].size):
            s["demands"][place] = 1 + random_below(s["rng"], p["most_demand"])
    else:
        copy_to(p["demands"], s["demands"])
    fill(s["visited"], 0)
    fill(s["route"], DEPOT)
    s["moves"] = 0
    s["customers_left"] = s["visited"].size - 1
    s["here"] = DEPOT
    s["load"] = full_load(p)


@rule
def action_mask(s, p, agent, out):
    out[DEPOT] = s["here"] != DEPOT
    for place in range(1, out.size):
        out[place] = s["visited"][place] == 0 and s["demands"][place] <= s["load"]


@rule
def step(s, p, place, rewards):
    rewards[0] -= distance(s["points"], p, s["here"], place)
    s["route"][s["moves"]] = place
    s["moves"] += 1
    s["here"] = place
    if place == DEPOT:
        s["load"] = full_load(p)
        return s["customers_left"] == 0
    s["visited"][place] = 1
    s["load"] -= int(s["demands"][place])
    s["customers_left"] -= 1
    return False


@rule
def observe(s, p, agent, out):
    for place in range(s["visited"].size):
        here = place == s["here"]
        out[place, X] = s["points"][place, 0]
        out[place, Y] = s["points"][place, 1]
        out[place, DEMAND] = s["demands"][place]
        out[place, VISITED] = s["visited"][place]
        out[place, HERE] = here
        out[place, LOAD] = s["load"] if here else 0


@rule
def full_load(p):
    if p["instance"] == RANDOM:
        return int(p["capacity"])
    return int(p["capacity_of_vehicle"][0])


def validate(values):
    if values["most_demand"] > values["capacity"]:
        raise ValueError(
            f"most_demand={values['most_demand']} is more than the vehicle carries, which is "
            f"capacity={values['capacity']}: a customer is visited once"
        )


def draw(s, p):
    route = [DEPOT, *s["route"][: s["moves"]].tolist()]
    names = ["depot"] + [f"{place}: {demand}" for place, demand in enumerate(s["demands"]) if place != DEPOT]
    scene = draw_map(s["points"], route, names, s["visited"], s["here"])
    scene.glyph_rows = [f"at {s['here']}, carries {s['load']}", "route " + " ".join(map(str, route))]
    scene.glyph_rows += [
        f"{place}: {x:.4g} {y:.4g} wants {demand}"
        for place, ((x, y), demand) in enumerate(zip(s["points"], s["demands"], strict=True))
    ]
    return scene


def observation(values):
    low, high = bounds_of(values, INSTANCE)
    return Box(min(0.0, low), max(1.0, high, capacity_of(values)), (num_places(values, INSTANCE), 6), np.float32)


ENV = Declaration(
    id="MaskedCVRP-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(num_places(values, INSTANCE)),
    observation=observation,
    parameters={
        "instance": INSTANCE,
        "num_customers": Parameter(20, "customers of a random instance", low=1, high=499),
        "capacity": Parameter(30, "units that the vehicle of a random instance carries", low=1, high=1000),
        "most_demand": Parameter(9, "units that a customer of a random instance wants at most", low=1, high=1000),
    },
    validate=validate,
)
