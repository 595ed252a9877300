"""Shortest tours and routes by dynamic programming over sets of places (Held and Karp, 1962)."""

from __future__ import annotations

import numpy as np


def shortest_paths(distances: np.ndarray) -> np.ndarray:
    """The length of the shortest way from place 0 through a set of others, by the set and its last place.

    Returns:
        (2 ** n, n), infinity where the last place is not in the set; bit i of a set is place i + 1.
    """
    n = len(distances) - 1
    between = distances[1:, 1:]
    lengths = np.full((2**n, n), np.inf)
    for place in range(n):
        lengths[1 << place, place] = distances[0, place + 1]
    for chosen in range(1, 2**n):
        arrivals = (lengths[chosen][:, None] + between).min(axis=0)
        for place in range(n):
            if not chosen >> place & 1:
                lengths[chosen | 1 << place, place] = min(lengths[chosen | 1 << place, place], arrivals[place])
    return lengths


def shortest_tour(distances: np.ndarray) -> tuple[float, list[int]]:
    """The length of the shortest tour, and the places after the first, which is place 0."""
    lengths = shortest_paths(distances)
    return tour_of(distances, lengths, len(lengths) - 1)


def tour_of(distances: np.ndarray, lengths: np.ndarray, chosen: int) -> tuple[float, list[int]]:
    """The shortest tour through place 0 and a set of places, from what `shortest_paths` gave."""
    back = lengths[chosen] + distances[1:, 0]
    last = int(back.argmin())
    total, tour = float(back[last]), [last + 1]
    while chosen & (chosen - 1):
        chosen ^= 1 << last
        last = int((lengths[chosen] + distances[1:, last + 1]).argmin())
        tour.append(last + 1)
    return total, tour[::-1]


def shortest_routes(distances: np.ndarray, demands: np.ndarray, capacity: int) -> tuple[float, list[list[int]]]:
    """The least total length of routes that serve every customer, none above the capacity, and the routes."""
    n = len(distances) - 1
    lengths = shortest_paths(distances)
    sizes = np.array([sum(int(demands[i + 1]) for i in range(n) if chosen >> i & 1) for chosen in range(2**n)])
    one_route = (lengths + distances[1:, 0]).min(axis=1)
    routes = [chosen for chosen in range(1, 2**n) if sizes[chosen] <= capacity]
    by_lowest = {i: [r for r in routes if r & -r == 1 << i] for i in range(n)}
    best, choice = np.full(2**n, np.inf), np.zeros(2**n, np.int64)
    best[0] = 0.0
    for served in range(2**n - 1):
        if best[served] < np.inf:
            first = (~served & (served + 1)).bit_length() - 1  # of those not yet served
            for route in by_lowest[first]:
                if not route & served and best[served] + one_route[route] < best[served | route]:
                    best[served | route], choice[served | route] = best[served] + one_route[route], route
    found, left = [], 2**n - 1
    while left:
        found.append(tour_of(distances, lengths, int(choice[left]))[1])
        left ^= int(choice[left])
    return float(best[-1]), found


def straight_lines(points: np.ndarray) -> np.ndarray:
    """The distances between points (n, 2)."""
    lines: np.ndarray = np.linalg.norm(points[:, None] - points[None], axis=-1)
    return lines
