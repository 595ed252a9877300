"""MaskedCVRP: shortest routes by dynamic programming over sets of customers, and a published optimum."""

from __future__ import annotations

from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tours import shortest_paths, shortest_routes, straight_lines

from masked_envs import make, make_vec
from masked_envs.envs.routing.cvrp import INSTANCE

ENV_ID = "MaskedCVRP-v0"


def play(env: Any, routes: list[list[int]]) -> float:
    """The return of routes from a start that was reset."""
    total, ended = 0.0, []
    for place in [place for route in routes for place in [*route, 0]]:
        _, reward, terminated, _, _ = env.step(place)
        total += reward
        ended.append(terminated)
    assert ended == [False] * (len(ended) - 1) + [True]
    return total


def test_the_shortest_routes_of_an_instance_have_the_published_length_and_can_be_played() -> None:
    arrays = INSTANCE.arrays("P-n16-k8")
    assert arrays is not None and arrays["capacity_of_vehicle"].tolist() == [35]
    length, routes = shortest_routes(arrays["distances"], arrays["demands"], 35)
    assert length == INSTANCE.raw("P-n16-k8")["optimum"] == 450 and len(routes) == 8
    env = make(ENV_ID, instance="P-n16-k8")
    env.reset(seed=0)
    assert play(env, routes) == -450


TWO_ROUTES = {
    "P-n20-k2": [[6, 13, 8, 17, 18, 3, 12, 15, 11, 4], [19, 5, 14, 16, 9, 7, 2, 10, 1]],
    "P-n22-k2": [[16, 1, 10, 8, 18, 19, 3, 12, 15, 11, 4], [20, 5, 14, 17, 21, 7, 9, 13, 2, 6]],
}
"""As `test_no_two_routes_are_shorter_than_published` finds them."""


@pytest.mark.parametrize("name", TWO_ROUTES)
def test_two_routes_of_the_published_length_can_be_played(name: str) -> None:
    env = make(ENV_ID, instance=name)
    env.reset(seed=0)
    assert play(env, TWO_ROUTES[name]) == -INSTANCE.raw(name)["optimum"] == -216


@pytest.mark.long
def test_no_two_routes_are_shorter_than_published() -> None:
    """By the shortest tours through every set of customers and through the others."""
    arrays = INSTANCE.arrays("P-n20-k2")
    assert arrays is not None
    distances, demands = arrays["distances"], arrays["demands"]
    lengths = (shortest_paths(distances) + distances[1:, 0]).min(axis=1)
    sets = np.arange(len(lengths))
    carried = sum(demands[i + 1] * (sets >> i & 1) for i in range(len(demands) - 1))
    fits = (carried <= 160) & (carried[::-1] <= 160)
    assert (lengths + lengths[::-1])[fits].min() == 216


def test_no_play_is_shorter_than_the_shortest_routes() -> None:
    env, rng, worse = make(ENV_ID, num_customers=7, capacity=12), np.random.default_rng(0), 0
    for seed in range(4):
        seen = env.reset(seed=seed)[0]["observation"]
        shortest, routes = shortest_routes(straight_lines(seen[:, :2].astype(float)), seen[:, 2].astype(int), 12)
        start = env.get_state()
        assert play(env, routes) == pytest.approx(-shortest, rel=1e-6)
        for _ in range(30):
            env.set_state(start)
            total, terminated = 0.0, False
            while not terminated:
                _, reward, terminated, _, _ = env.step(env.mask_spec.sample(env.action_mask, rng))
                total += reward
            assert -total >= shortest * (1 - 1e-6)
            worse += -total > 1.05 * shortest
    assert worse > 60


def test_dynamic_programming_agrees_with_brute_force() -> None:
    """Every order of the customers, cut in every way into routes that can be carried."""
    rng = np.random.default_rng(1)
    for _ in range(3):
        distances, demands = rng.integers(1, 50, (6, 6)).astype(float), np.array([0, *rng.integers(1, 6, 5)])
        best = np.inf
        for order in permutations(range(1, 6)):
            for cuts in range(2**4):
                routes = [[order[0]]]
                for k, customer in enumerate(order[1:]):
                    if cuts >> k & 1:
                        routes.append([])
                    routes[-1].append(customer)
                if all(demands[route].sum() <= 8 for route in routes):
                    ways = ([0, *route, 0] for route in routes)
                    best = min(best, sum(distances[a, b] for way in ways for a, b in pairwise(way)))
        assert shortest_routes(distances, demands, 8)[0] == best


def test_no_random_play_carries_too_much_or_visits_twice() -> None:
    rows = 30
    envs = make_vec(ENV_ID, rows, backend="python", autoreset_mode="Disabled")
    seen, _ = envs.reset(seed=1)
    demands = seen["observation"][:, :, 2]
    carried, visits, over, before = np.zeros(rows), np.zeros((rows, 21), int), np.zeros(rows, bool), np.zeros(rows, int)
    while not over.all():
        actions = envs.sample_legal()
        assert not ((actions == 0) & (before == 0) & ~over).any(), "the depot twice running"
        carried = np.where(actions == 0, 0, carried + demands[np.arange(rows), actions])
        assert (carried[~over] <= 30).all()
        visits[np.flatnonzero(~over), actions[~over]] += 1
        seen, _, terminated, _, _ = envs.step(actions, where=~over)
        before, over = actions, over | terminated
    assert (visits[:, 1:] == 1).all() and (visits[:, 0] >= np.ceil(demands.sum(axis=1) / 30)).all()


OWN: dict[str, Any] = {"points": [[0, 0], [1, 0], [2, 0]], "demands": [0, 3, 4], "capacity": 5}


def test_an_own_instance_is_played() -> None:
    env = make(ENV_ID, instance=OWN)
    env.reset(seed=0)
    assert play(env, [[1], [2]]) == -6.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"demands": [0, 3, 6]}, "whole numbers from 0 to 5"),
        ({"demands": [1, 3, 4]}, "0 for the depot"),
        ({"demands": [0, 0, 4]}, "0 for the depot"),
        ({"demands": [0, 3]}, "a number for each place"),
        ({"capacity": 0}, "whole numbers from 1 to"),
        ({"points": [[0, 0]]}, "2 to 500 places"),
    ],
)
def test_what_is_no_instance_is_refused_with_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make(ENV_ID, instance={**OWN, **change})


FILE = """NAME : own
DIMENSION : 3
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 5
NODE_COORD_SECTION
7 0 0
8 1 0
9 2 0
DEMAND_SECTION
7 0
8 3
9 4
DEPOT_SECTION
7
-1
EOF
"""


def test_an_own_file_is_played(tmp_path: Path) -> None:
    path = tmp_path / "own.vrp"
    path.write_text(FILE, encoding="utf-8")
    env = make(ENV_ID, instance=path)
    env.reset(seed=0)
    assert play(env, [[1], [2]]) == -6.0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("CAPACITY : 5", "CAPACITY : 5\nDISTANCE : 200\nSERVICE_TIME : 10", "DISTANCE, SERVICE_TIME: this is not part"),
        ("8 3", "9 3", "the DEMAND_SECTION has the number and the demand of each place"),
        ("9 4\n", "", "the DEMAND_SECTION has the number and the demand of each place"),
        ("DEPOT_SECTION\n7", "DEPOT_SECTION\n8", "the depot is the first place"),
    ],
)
def test_a_file_with_more_or_less_than_the_problem_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "own.vrp"
    path.write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        make(ENV_ID, instance=path)


def test_more_than_a_vehicle_carries_is_refused() -> None:
    with pytest.raises(
        ValueError, match="^MaskedCVRP-v0: most_demand=9 is more than the vehicle carries, which is capacity=8"
    ):
        make(ENV_ID, capacity=8)
