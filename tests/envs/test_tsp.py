"""MaskedTSP: shortest tours by Held and Karp's dynamic programming, published optima, and distances of TSPLIB."""

from __future__ import annotations

import math
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tours import shortest_tour, straight_lines

from masked_envs import make, make_vec
from masked_envs.envs.routing.tsp import INSTANCE

ENV_ID = "MaskedTSP-v0"


def play(env: Any, tour: list[int]) -> float:
    """The return of a tour from a start that was reset."""
    total, ended = 0.0, []
    for place in [*tour, 0]:
        _, reward, terminated, _, _ = env.step(place)
        total += reward
        ended.append(terminated)
    assert ended == [False] * len(tour) + [True]
    return total


def points_of(env: Any, seed: int) -> np.ndarray:
    """The places of a random instance, as the agent sees them."""
    points: np.ndarray = env.reset(seed=seed)[0]["observation"][:, :2].astype(float)
    return points


@pytest.mark.parametrize(("name", "optimum"), [("burma14", 3323), ("ulysses16", 6859)])
def test_the_shortest_tour_has_the_published_length_and_can_be_played(name: str, optimum: int) -> None:
    arrays = INSTANCE.arrays(name)
    assert arrays is not None
    length, tour = shortest_tour(arrays["distances"])
    assert length == INSTANCE.raw(name)["optimum"] == optimum
    env = make(ENV_ID, instance=name)
    env.reset(seed=0)
    assert play(env, tour) == -optimum


@pytest.mark.parametrize("customers", [1, 2, 5, 8, 11])
def test_no_play_is_shorter_than_the_shortest_tour(customers: int) -> None:
    env = make(ENV_ID, num_customers=customers)
    rng, lengths = np.random.default_rng(0), []
    for seed in range(3):
        shortest, tour = shortest_tour(straight_lines(points_of(env, seed)))
        assert play(env, tour) == pytest.approx(-shortest, rel=1e-6)
        for _ in range(20):
            env.reset(seed=seed)
            lengths.append(-play(env, (1 + rng.permutation(customers)).tolist()) / shortest)
    assert min(lengths) >= 1 - 1e-6 and (max(lengths) > 1.1 or customers < 3)


def test_held_and_karp_agree_with_brute_force() -> None:
    distances = np.random.default_rng(0).integers(1, 100, (7, 7)).astype(float)  # not even symmetric
    tours = ([0, *order, 0] for order in permutations(range(1, 7)))
    assert shortest_tour(distances)[0] == min(sum(distances[a, b] for a, b in pairwise(tour)) for tour in tours)


def test_random_play_visits_every_place_once() -> None:
    rows = 30
    envs = make_vec(ENV_ID, rows, backend="python", mask_in="info")
    envs.reset(seed=1)
    visits = np.zeros((rows, 21), int)
    for step in range(21):
        actions = envs.sample_legal()
        visits[np.arange(rows), actions] += 1
        _, _, terminated, _, _ = envs.step(actions)
        assert terminated.all() == terminated.any() == (step == 20)
    assert (visits == 1).all()


# --- distances of TSPLIB, by its documentation (Reinelt, 1995) --------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "points", "expected"),
    [
        ("EUC_2D", [[0, 0], [3, 4]], 5),
        ("EUC_2D", [[0, 0], [1.5, 2]], 3),  # 2.5 is rounded up
        ("EUC_2D", [[0, 0], [1, 1]], 1),
        ("CEIL_2D", [[0, 0], [1, 1]], 2),
        ("ATT", [[0, 0], [3, 4]], 2),  # sqrt(25 / 10) = 1.58
        ("ATT", [[0, 0], [3, 3]], 2),  # sqrt(18 / 10) = 1.34, to which 1 is too short
        ("GEO", [[16.47, 96.10], [16.47, 94.44]], 153),  # of burma14
        ("exact", [[0, 0], [1, 1]], math.sqrt(2)),
    ],
)
def test_distances(metric: str, points: list[list[float]], expected: float) -> None:
    env = make(ENV_ID, instance={"points": points, "metric": metric})
    env.reset(seed=0)
    assert env.step(1)[1] == -expected


def test_a_tour_is_as_long_as_its_ways_together() -> None:
    ring = [[100 * math.cos(k), 100 * math.sin(k)] for k in range(40)]
    env = make(ENV_ID, instance={"points": ring, "metric": "EUC_2D"})
    env.reset(seed=0)
    expected = sum(math.floor(math.dist(ring[k], ring[(k + 1) % 40]) + 0.5) for k in range(40))
    assert play(env, list(range(1, 40))) == -expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NAME : x\nEOF", "NODE_COORD_SECTION"),
        ("DIMENSION : 3\nNODE_COORD_SECTION\n1 0 0\n2 1 1\n", "DIMENSION"),
        ("DIMENSION : 2\nEDGE_WEIGHT_TYPE : MAN_2D\nNODE_COORD_SECTION\n1 0 0\n2 1 1\nEOF", "'metric' must be one of"),
        ("DIMENSION : 2\nEDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n1 0 0 0\n2 1 1 1\nEOF", "two numbers"),
        ("1 0 0\n", "neither a heading nor in a section"),
        ("DIMENSION : 2\nNODE_COORD_SECTION\n1 0 0\n2 1 x\n", "a number stands here, and not 'x'"),
        ("DIMENSION : 2\nNODE_COORD_SECTION\n1 0 0\n2 1 1\nDEPOT_SECTION\n2\n-1\n", "the depot is the first place"),
        ("DIMENSION : 2\nNODE_COORD_SECTION\n1 0 0\n1 1 1\n", "a number of its own"),
        ("DIMENSION : 2\nNODE_COORD_SECTION\n1 0 0\n2 1 1\nFIXED_EDGES_SECTION\n1 2\n-1\n", "FIXED_EDGES_SECTION"),
    ],
)
def test_a_file_of_another_form_is_refused_with_words(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "own.tsp"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=words) as refusal:
        make(ENV_ID, instance=path)
    assert str(refusal.value).startswith(f"{ENV_ID}: instance ")
