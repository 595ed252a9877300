"""What is legal in the toy environments, written down a second time in other words; and every action of a space."""

from __future__ import annotations

import importlib
import itertools
import pkgutil

import numpy as np
import toys
from gymnasium import spaces

NAMES = [name for _, name, _ in pkgutil.iter_modules(toys.__path__)]
TOYS = {name: importlib.import_module(f"toys.{name}").ENV for name in NAMES}


def per_head(s, agent, a):
    return a[0] in {0, 1, 2} - {int(s["last"])} and int(s["floor"]) <= a[1] <= 3


def joint(s, agent, a):
    return (int(s["t"]) + sum(a)) % 3 in (1, 2)


def conditional_two(s, agent, a):
    return tuple(a) == (0, 0) or (a[0] * a[1]) % 2 == s["t"] % 2


def conditional_three(s, agent, a):
    i, j, k = a
    return (i + 2 * j + s["t"]) % 3 > 0 and (i + j + k) % 2 == (s["t"] + agent) % 2


def binary(s, agent, a):
    locks = {0: (0,), 1: (1,), 2: (0, 1)}
    return all(bit in locks[int(lock)] for bit, lock in zip(a, s["lock"], strict=True))


def interval(s, agent, a):
    low, high = (
        np.float32([max(-1, s["position"] - 0.5), -1]),
        np.float32([min(1, s["position"] + 0.25), s["position"]]),
    )
    return bool((low <= a).all() and (a <= high).all())


def candidates(s, agent, a):
    return bool(s["card"][a] > 0)


def hybrid(s, agent, a):
    stuck = a["flags"][0] == int(s["t"]) % 2
    return (
        a["gear"] != s["t"] % 3
        and stuck
        and bool((a["power"] <= np.float32(s["heat"])).all() and a["power"].min() >= 0)
    )


def hybrid_tuple(s, agent, a):
    t, (pair, heads, choice) = int(s["t"]), a
    return sum(pair) % 2 == t % 2 and heads[0] == t % 2 and choice - 1 <= t % 4


def race(s, agent, a):
    return s["place"][agent] + a <= 39 and (a < 3 or not s["wind"])


def convoy(s, agent, a):
    i, j, k = a
    return (i + 2 * j + s["t"] + agent) % 3 > 0 and (i + j + k) % 2 == (s["t"] + agent) % 2


def crew(s, agent, a):
    return a["tool"] != (s["t"] + agent) % 3 and 0 <= a["force"][0] <= np.float32(s["strength"][agent])


def duel(s, agent, a):
    return s["cell"][tuple(a)] == 0


def elimination(s, agent, a):
    alive = {int(k) for k in np.flatnonzero(s["lives"])}
    return a == 0 or (agent in alive and not s["hot"][agent] and a - 1 in alive - {agent})


def knockout(s, agent, a):
    return a - 1 != s["said"]


LEGAL = {name: globals()[name] for name in NAMES}


def all_actions(space):
    """Every action of a space; of a Box a grid with its corners."""
    if isinstance(space, spaces.Discrete):
        return list(range(int(space.start), int(space.start + space.n)))
    if isinstance(space, spaces.MultiDiscrete):
        return [np.array(choice) for choice in itertools.product(*map(range, space.nvec))]
    if isinstance(space, spaces.MultiBinary):
        return [np.array(bits, np.int8) for bits in itertools.product((0, 1), repeat=space.n)]
    if isinstance(space, spaces.Box):
        axes = [np.linspace(low, high, 9, dtype=np.float32) for low, high in zip(space.low, space.high, strict=True)]
        return [np.array(point, np.float32) for point in itertools.product(*axes)]
    if isinstance(space, spaces.Tuple):
        return list(itertools.product(*map(all_actions, space.spaces)))
    keys = list(space.spaces)
    return [
        dict(zip(keys, values, strict=True)) for values in itertools.product(*map(all_actions, space.spaces.values()))
    ]
