"""Action-masked travelling salesman: visit every place once and return, on a short tour.

Description
    A tour begins at place 0, the depot, visits every other place once, and returns to the depot. The agent chooses one
    place after another. An instance is drawn at random in each episode, is taken from the literature (burma14,
    ulysses16), or is supplied by the user.

Action space
    `Discrete(n + 1)` for n places beside the depot: the place to go to.

    | action | meaning |
    |---|---|
    | 0 | the depot |
    | k, 1 to n | place k |

Mask
    Kind flat, meaning legal: int8 (n + 1,). A place is legal if it has not been visited; the depot is legal once all
    others have been. It is a function of the observation, and never empty before the end.

Observation
    `Box (n + 1, 4) float32`, a row for each place. The bounds are the smallest and the largest possible numbers.

    | column | meaning |
    |---|---|
    | 0, 1 | the coordinates |
    | 2 | 1 if it has been visited; for the depot, once the salesman is back |
    | 3 | 1 if the salesman is there |

Rewards
    Minus the length of the way, so that the return is minus the length of the tour. In random instances, and in custom
    ones without a metric, that is the length of the straight line. In those of the literature it is a whole number that
    TSPLIB defines; for these two, it is the distance on the globe in km.

Start
    The salesman is at the depot and has visited nothing. In a random instance the coordinates of all places are uniform
    in [0, 1).

Episode end
    Terminated when the salesman is back at the depot. Never truncated, unless `time_limit` is set.

Arguments
    `instance`, `num_customers`. The last is n, and only used by random instances. A custom instance is a dict of
    "points", with a row of two coordinates between -10^9 and 10^9 for each of 2 to 500 places, the depot first, and,
    optionally, "metric": "exact" for straight lines, which is the default, or "EUC_2D", "CEIL_2D", "ATT" or "GEO" for
    whole numbers as in TSPLIB. It can also be a TSPLIB file with coordinates.

References
    Reinelt, "TSPLIB: a traveling salesman problem library", ORSA Journal on Computing 3(4), 1991, and its documentation
    of 1995, which defines the distances. Held and Karp, "A dynamic programming approach to sequencing problems", SIAM
    Journal 10(1), 1962, find the shortest tour of few places.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Instance, Parameter, equal_to, fill, rule, state_record
from ...mask_spec import MaskSpec
from .maps import FIELDS, MOST, bounds_of, complete_map, distance, draw_map, num_places, place_points, read_tsplib

DEPOT = 0
X, Y, VISITED, HERE = range(4)  # columns of an observation

INSTANCE = Instance(
    "random",
    "the places",
    beside=__file__,
    folder="instances/tsp",
    read=read_tsplib,
    complete=complete_map,
    most=4 * MOST,
    fields=FIELDS,
)


def state(values):
    places = num_places(values, INSTANCE)
    return state_record(
        points=(np.float64, (places, 2)),
        visited=(np.int8, (places,)),
        tour=(np.int64, (places,)),  # the places visited, in order; for the picture
        num_visited=np.int64,
        here=np.int64,
    )


@rule
def reset(s, p):
    place_points(s["rng"], p, s["points"])
    fill(s["visited"], 0)
    fill(s["tour"], DEPOT)
    s["num_visited"] = 0
    s["here"] = DEPOT


@rule
def action_mask(s, p, agent, out):
    equal_to(s["visited"], 0, out)
    out[DEPOT] = s["num_visited"] == s["visited"].size - 1


@rule
def step(s, p, place, rewards):
    rewards[0] -= distance(s["points"], p, s["here"], place)
    s["tour"][s["num_visited"]] = place
    s["visited"][place] = 1
    s["num_visited"] += 1
    s["here"] = place
    return place == DEPOT


@rule
def observe(s, p, agent, out):
    for place in range(s["visited"].size):
        out[place, X] = s["points"][place, 0]
        out[place, Y] = s["points"][place, 1]
        out[place, VISITED] = s["visited"][place]
        out[place, HERE] = place == s["here"]


def draw(s, p):
    route = [DEPOT, *s["tour"][: s["num_visited"]].tolist()]
    scene = draw_map(s["points"], route, ["depot", *map(str, range(1, len(s["visited"])))], s["visited"], s["here"])
    scene.glyph_rows = [f"at {s['here']}", "tour " + " ".join(map(str, route))]
    scene.glyph_rows += [f"{place}: {x:.4g} {y:.4g}" for place, (x, y) in enumerate(s["points"])]
    return scene


def observation(values):
    low, high = bounds_of(values, INSTANCE)
    return Box(min(0.0, low), max(1.0, high), (num_places(values, INSTANCE), 4), np.float32)


ENV = Declaration(
    id="MaskedTSP-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(num_places(values, INSTANCE)),
    observation=observation,
    parameters={
        "instance": INSTANCE,
        "num_customers": Parameter(20, "places beside the depot of a random instance", low=1, high=499),
    },
)
