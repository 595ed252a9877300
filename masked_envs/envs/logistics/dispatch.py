"""Action-masked dispatch: which of the free vehicles goes to which of the waiting riders.

Description
    Vehicles and riders are in a square city with sides of 1. A rider waits at one place to be driven to another, and
    leaves if no vehicle is sent in time. The agent sends free vehicles to waiting riders, one pair after another, while
    time stands still. A rider counts as served when a vehicle is sent. The vehicle drives to the rider, then with the
    rider to the goal, in straight lines, and is free again there. When no pair is left, time passes, period by period,
    until there is one. So every possible pair is made sooner or later, and what counts is which comes first.

Action space
    `Discrete(num_vehicles * num_riders)`: an entry of the list of pairs. The list has the pairs of a free vehicle and a
    waiting rider whose distance is at most `reach`, ordered by vehicle, then by rider.

    | action | meaning |
    |---|---|
    | k | send the vehicle of pair k to its rider |

Mask
    Kind candidates, meaning legal: int8 (num_vehicles * num_riders,), ones for the pairs in the list, which come first,
    and zeros for the padding. It is a function of the observation, up to its rounding to float32, and never empty
    before the end.

Observation
    `Dict` of `observation`, Box (3 * v + 5 * r + 1,) float32, and `action_embeddings`, Box (v * r, 6) float32, with
    v = num_vehicles and r = num_riders.

    | part | index | meaning |
    |---|---|---|
    | `observation` | 3k, 3k + 1 | vehicle k: its place (x, y) or, if it is busy, where it will be free |
    |  | 3k + 2 | the periods until it is free, 0 if it is |
    |  | 3v + 5k | rider k: 1 if it waits; if it does not, all five numbers are 0 |
    |  | 3v + 5k + 1, + 2 | its place (x, y) |
    |  | 3v + 5k + 3, + 4 | its goal (x, y) |
    |  | 3v + 5r | the periods to come, including the present one |
    | `action_embeddings` | (pair, 0) | the number of the vehicle, divided by v |
    |  | (pair, 1) | the number of the rider, divided by r |
    |  | (pair, 2) | the distance between them |
    |  | (pair, 3) | the distance from the rider to the goal |
    |  | (pair, 4) | the periods for which the rider has waited, divided by `patience` |
    |  | (pair, 5) | 1; the rows of the padding are 0 |

Rewards
    1 for each rider served, minus the distance between the vehicle and the rider.

Start
    Period 0. All vehicles are free, at places uniform in the city. Each rider waits with probability `arrival`, at a
    place and with a goal that are uniform in the city. Rider 0 always waits, and its place is drawn again until vehicle
    0 is within reach.

Episode end
    Terminated when the last of `periods` periods has no pair left. Never truncated, unless `time_limit` is set. When a
    period passes, except the last, three things happen in this order: busy vehicles get one period nearer to being
    free; waiting riders have waited one period more, and leave if that makes `patience`; each rider who does not wait
    is replaced by a new one with probability `arrival`. A vehicle is busy for the distance to the rider and on to the
    goal, divided by `speed` and rounded up, in periods, and for at least one.

Arguments
    `num_vehicles`, `num_riders`, `periods`, `reach`, `speed`, `patience`, `arrival`.

References
    Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics Quarterly 2, 1955: the best pairs
    of one period. Xu et al., "Large-scale order dispatch in on-demand ride-hailing platforms: a learning and planning
    approach", KDD, 2018.

Versions
    v0: first release.
"""

import math

import numpy as np
from gymnasium.spaces import Box, Dict

from ...core import Declaration, Parameter, fill, random_uniform, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene, agent_ink

VEHICLE, RIDER = range(2)  # of a pair
X, Y, GOAL_X, GOAL_Y = range(4)  # of a rider
FEATURES = 6  # of a pair


def state(values):
    vehicles, riders = values["num_vehicles"], values["num_riders"]
    return state_record(
        vehicles=(np.float64, (vehicles, 2)),
        busy=(np.int64, (vehicles,)),  # periods until a vehicle is free
        riders=(np.float64, (riders, 4)),
        waits=(np.int8, (riders,)),
        waited=(np.int64, (riders,)),  # periods
        pairs=(np.int64, (vehicles * riders, 2)),
        num_pairs=np.int64,
        period=np.int64,
        served=np.int64,
    )


@rule
def reset(s, p):
    fill(s["busy"], 0)
    fill(s["waits"], 0)
    fill(s["waited"], 0)
    fill(s["riders"], 0.0)
    fill(s["pairs"], 0)
    for vehicle in range(s["busy"].size):
        s["vehicles"][vehicle, X] = random_uniform(s["rng"], 0.0, 1.0)
        s["vehicles"][vehicle, Y] = random_uniform(s["rng"], 0.0, 1.0)
    place_rider(s, 0)
    while pickup(s, 0, 0) > p["reach"]:
        place_rider(s, 0)
    s["period"] = 0
    s["served"] = 0
    let_riders_come(s, p)
    list_pairs(s, p)


@rule
def action_mask(s, p, agent, out):
    for pair in range(out.size):
        out[pair] = pair < s["num_pairs"]


@rule
def step(s, p, action, rewards):
    vehicle, rider = int(s["pairs"][action, VEHICLE]), int(s["pairs"][action, RIDER])
    way = pickup(s, vehicle, rider)
    rewards[0] += 1.0 - way
    s["busy"][vehicle] = max(1, int(math.ceil((way + trip(s, rider)) / p["speed"])))
    s["vehicles"][vehicle, X] = s["riders"][rider, GOAL_X]
    s["vehicles"][vehicle, Y] = s["riders"][rider, GOAL_Y]
    forget_rider(s, rider)
    s["served"] += 1
    list_pairs(s, p)
    while s["num_pairs"] == 0 and s["period"] < p["periods"]:
        s["period"] += 1
        if s["period"] < p["periods"]:
            pass_period(s, p)
            list_pairs(s, p)
    return s["num_pairs"] == 0


@rule
def observe(s, p, agent, out):
    flat, place = out["observation"], 0
    for vehicle in range(s["busy"].size):
        flat[place] = s["vehicles"][vehicle, X]
        flat[place + 1] = s["vehicles"][vehicle, Y]
        flat[place + 2] = s["busy"][vehicle]
        place += 3
    for rider in range(s["waits"].size):
        flat[place] = s["waits"][rider]
        for k in range(4):
            flat[place + 1 + k] = s["riders"][rider, k]
        place += 5
    flat[place] = p["periods"] - s["period"]
    embeddings = out["action_embeddings"]
    fill(embeddings, 0.0)
    for pair in range(s["num_pairs"]):
        vehicle, rider = int(s["pairs"][pair, VEHICLE]), int(s["pairs"][pair, RIDER])
        embeddings[pair, 0] = vehicle / p["num_vehicles"]
        embeddings[pair, 1] = rider / p["num_riders"]
        embeddings[pair, 2] = pickup(s, vehicle, rider)
        embeddings[pair, 3] = trip(s, rider)
        embeddings[pair, 4] = s["waited"][rider] / p["patience"]
        embeddings[pair, 5] = 1.0


@rule
def length(right, up):
    return math.sqrt(right * right + up * up)


@rule
def pickup(s, vehicle, rider):
    """The distance between a vehicle and a rider."""
    vehicles, riders = s["vehicles"], s["riders"]
    return length(vehicles[vehicle, X] - riders[rider, X], vehicles[vehicle, Y] - riders[rider, Y])


@rule
def trip(s, rider):
    """The distance from a rider to the goal."""
    riders = s["riders"]
    return length(riders[rider, X] - riders[rider, GOAL_X], riders[rider, Y] - riders[rider, GOAL_Y])


@rule
def list_pairs(s, p):
    s["num_pairs"] = 0
    for vehicle in range(s["busy"].size):
        if s["busy"][vehicle] == 0:
            for rider in range(s["waits"].size):
                if s["waits"][rider] != 0 and pickup(s, vehicle, rider) <= p["reach"]:
                    s["pairs"][s["num_pairs"], VEHICLE] = vehicle
                    s["pairs"][s["num_pairs"], RIDER] = rider
                    s["num_pairs"] += 1


# --- time passes -----------------------------------------------------------------------------------------------------


@rule
def pass_period(s, p):
    for vehicle in range(s["busy"].size):
        s["busy"][vehicle] = max(0, int(s["busy"][vehicle]) - 1)
    for rider in range(s["waits"].size):
        if s["waits"][rider] != 0:
            s["waited"][rider] += 1
            if s["waited"][rider] == p["patience"]:
                forget_rider(s, rider)
    let_riders_come(s, p)


@rule
def let_riders_come(s, p):
    for rider in range(s["waits"].size):
        if s["waits"][rider] == 0 and random_uniform(s["rng"], 0.0, 1.0) < p["arrival"]:
            place_rider(s, rider)


@rule
def place_rider(s, rider):
    for k in range(4):
        s["riders"][rider, k] = random_uniform(s["rng"], 0.0, 1.0)
    s["waits"][rider] = 1
    s["waited"][rider] = 0


@rule
def forget_rider(s, rider):
    fill(s["riders"][rider], 0.0)
    s["waits"][rider] = 0
    s["waited"][rider] = 0


# --- picture: the city; from each rider an arrow to the goal ----------------------------------------------------------

SIDE = 10.0
MOST_LABELS = 36  # more pairs than this are drawn without names


def draw(s, p):
    scene = Scene(SIDE + 1, SIDE + 1.4)
    scene.rect(0.5, 0.5, SIDE, SIDE, "floor")
    riders, vehicles = 0.5 + SIDE * s["riders"], 0.5 + SIDE * s["vehicles"]
    for rider in np.flatnonzero(s["waits"]):
        x, y, goal_x, goal_y = riders[rider].tolist()
        scene.line([(x, y), (goal_x, goal_y)], 0.05, "path")
        scene.rect(goal_x - 0.13, goal_y - 0.13, 0.26, 0.26, "goal")
        scene.disc(x, y, 0.26, "item")
        scene.text(x, y, str(rider), 0.3, "text")
    for vehicle, (x, y) in enumerate(vehicles.tolist()):
        ink = "idle" if s["busy"][vehicle] else agent_ink(vehicle)
        scene.rect(x - 0.3, y - 0.2, 0.6, 0.4, ink, radius=0.1)
        scene.text(x, y, str(vehicle), 0.3, "text" if s["busy"][vehicle] else "inverse")
    words = f"period {s['period']} of {p['periods']}, {s['served']} served"
    scene.text(SIDE / 2, SIDE + 0.95, words, 0.5, "text")
    pairs = len(s["pairs"])
    scene.strip([pair_word(s, k) for k in range(pairs)] if pairs <= MOST_LABELS else pairs, title="vehicle to rider")
    scene.glyph_rows = [words, "vehicles", *vehicle_rows(s), "riders", *rider_rows(s)]
    return scene


def vehicle_rows(s):
    return [f"{k} at {x:.2f} {y:.2f}, free in {s['busy'][k]}" for k, (x, y) in enumerate(s["vehicles"])]


def rider_rows(s):
    waiting = ((k, *s["riders"][k]) for k in np.flatnonzero(s["waits"]))
    return [f"{k} at {x:.2f} {y:.2f}, to {goal_x:.2f} {goal_y:.2f}" for k, x, y, goal_x, goal_y in waiting]


def pair_word(s, pair):
    if pair >= s["num_pairs"]:
        return "- to -"  # as long as the others: the boxes keep their width
    vehicle, rider = s["pairs"][pair]
    return f"{vehicle} to {rider}"


def observation(values):
    vehicles, riders = values["num_vehicles"], values["num_riders"]
    longest = 1 + math.ceil(2 * math.sqrt(2) / values["speed"])
    return Dict(
        observation=Box(0, max(longest, values["periods"]), (3 * vehicles + 5 * riders + 1,), np.float32),
        action_embeddings=Box(0, 2, (vehicles * riders, FEATURES), np.float32),
    )


ENV = Declaration(
    id="MaskedDispatch-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.candidates(values["num_vehicles"] * values["num_riders"]),
    observation=observation,
    parameters={
        "num_vehicles": Parameter(5, "vehicles", low=1, high=50),
        "num_riders": Parameter(6, "riders who can wait at the same time", low=1, high=50),
        "periods": Parameter(20, "periods of an episode", low=1, high=10_000),
        "reach": Parameter(0.4, "distance over which a vehicle can be sent, at most", low=0.05, high=1.5),
        "speed": Parameter(0.2, "distance that a vehicle drives in a period", low=0.01, high=10.0),
        "patience": Parameter(5, "periods after which a rider leaves", low=1, high=10_000),
        "arrival": Parameter(0.3, "chance that a rider comes in a period, of each number", low=0.0, high=1.0),
    },
)
