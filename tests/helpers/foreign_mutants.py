"""Ways to break the mask of an environment as people write them, each for every kind of action that can have it."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from own_envs import OWN, Jobs

Change = Callable[[Any, Any], Any]


class OneWay(OWN["joint"]):
    """Pairs in ascending order, so that a transposed mask is another one."""

    def free(self) -> Any:
        return np.triu(super().free())


class FromTen(Jobs):
    """Jobs that are numbered from 10."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.action_space = spaces.Discrete(self.jobs, start=10)

    def step(self, job: Any) -> Any:
        return super().step(job - 10)

    def free(self) -> Any:
        return self.left.copy()


class Breakdown(Jobs):
    """After each job one that is left breaks down for a step, at random."""

    def reset(self, **arguments: Any) -> Any:
        self.broken = -1
        return super().reset(**arguments)

    def seen(self) -> Any:
        seen = super().seen()
        if self.broken >= 0:
            seen[1, self.broken] = 0.5
        return seen

    def free(self) -> Any:
        allowed = self.left.copy()
        if self.broken >= 0 and allowed.sum() > 1:
            allowed[self.broken] = False
        return allowed

    def step(self, job: Any) -> Any:
        if not 0 <= job < self.jobs or not self.free()[job]:
            return self.wrong(job)
        self.left[job] = False
        self.before = self.free()
        self.broken = int(self.np_random.choice(np.flatnonzero(self.left))) if self.left.any() else -1
        return self.seen(), 0.0, not self.left.any(), False, self.told()


HEALTHY: dict[str, type[Jobs]] = {**OWN, "one way": OneWay, "from ten": FromTen, "breakdown": Breakdown}


def canonical(env: Any) -> Any:
    """The mask as arrays that a change can be made to."""
    mask = env.free()
    if isinstance(mask, dict):
        return {**mask, "job": np.isin(np.arange(env.jobs), mask["job"])}
    return np.isin(np.arange(env.jobs), mask) if isinstance(mask, list) else np.array(mask)


def of_bits(change: Callable[[Any, Any], Any]) -> Change:
    """A change of zeros and ones; of a dict, of its choice."""

    def changed(mask: Any, env: Any) -> Any:
        return {**mask, "job": change(mask["job"], env)} if isinstance(mask, dict) else change(mask, env)

    return changed


def without_first(mask: Any, env: Any) -> Any:
    legal = np.flatnonzero(mask)
    if len(legal) > 1:
        mask = mask.copy()
        mask.flat[legal[0]] = False
    return mask


def one_too_many(mask: Any, env: Any) -> Any:
    """Allows one of the jobs that are done."""
    done = np.flatnonzero(~mask)
    return mask | (np.arange(len(mask)) == (done[0] if len(done) > 1 else -1))


def rarely_lax(mask: Any, env: Any) -> Any:
    """Only where the first two jobs are done and nothing else is."""
    return np.ones_like(mask) if env.left.tolist() == [False, False] + [True] * (env.jobs - 2) else mask


def wide(mask: Any, env: Any) -> Any:
    if isinstance(mask, dict):
        return {**mask, "speed": np.array([[0.0], [1.0]], np.float32)}
    return np.array([[0.0], [10.0]], np.float32)


def crossed(mask: Any, env: Any) -> Any:
    return mask[::-1].copy()


class Foreign(NamedTuple):
    """A broken mask: the kinds of environment that may have it, the law that it breaks, and others beside it."""

    kinds: tuple[str, ...]
    change: Change
    law: str
    also: tuple[str, ...] = ()


DISCRETE = ("flat", "joint", "dict")
CHANGES = {
    "everything allowed": Foreign(("flat", "joint", "dict", "one way"), of_bits(lambda m, env: np.ones_like(m)), "L7"),
    "inverted": Foreign(("flat", "breakdown"), of_bits(lambda m, env: ~m), "L5", ("L1", "L7", "L10")),
    "inverted pairs": Foreign(("joint", "one way"), lambda m, env: ~m, "L7", ("L1", "L5", "L10")),
    "too strict": Foreign(("flat", "joint", "dict", "breakdown"), of_bits(without_first), "L7"),
    "shifted by one": Foreign(("flat", "dict", "from ten"), of_bits(lambda m, env: np.roll(m, 1)), "L7"),
    "empty": Foreign(
        ("flat", "binary", "joint", "dict"), of_bits(lambda m, env: np.zeros_like(m)), "L5", ("L7", "L10")
    ),
    "transposed": Foreign(("one way",), lambda m, env: m.T, "L7"),
    "before the random event": Foreign(
        ("breakdown",), lambda m, env: getattr(env, "before", m), "L7", ("L5", "L6", "L10")
    ),
    "one state in many": Foreign(("flat", "dict"), of_bits(rarely_lax), "L7"),
    "of globally drawn numbers": Foreign(
        ("flat", "joint", "dict"), of_bits(lambda m, env: without_first(m, env) if random.random() < 0.5 else m), "L10",
        ("L7", "L4"),
    ),
    "of another length": Foreign(("flat",), lambda m, env: m[:-1], "L2"),
    "of words": Foreign(("flat", "joint", "binary"), lambda m, env: "garbage", "L2"),
    "of halves": Foreign(("flat", "binary"), of_bits(lambda m, env: m * 0.5), "L2"),
    "of the negative": Foreign(("flat",), of_bits(lambda m, env: -m.astype(np.int8)), "L2"),
    "too wide": Foreign(("interval", "dict"), wide, "L7"),
    "crossed": Foreign(("interval",), crossed, "L5", ("L7", "L10", "L2")),
    "of NaN": Foreign(("interval",), lambda m, env: np.full_like(m, np.nan), "L2", ("L5", "L7", "L10")),
}  # fmt: skip


def broken(kind: str, change: Change) -> type[Jobs]:
    """An environment whose info has the changed mask."""

    def told(self: Any) -> dict[str, Any]:
        return {"action_mask": change(canonical(self), self)}

    return type(f"Broken{kind.title().replace(' ', '')}", (HEALTHY[kind],), {"told": told})


def healthy(kind: str) -> type[Jobs]:
    """The same environment with its mask as it is."""
    return broken(kind, lambda mask, env: mask)


def stale(kind: str) -> type[Jobs]:
    """Tells the mask of the position before."""

    def told(self: Any) -> dict[str, Any]:
        now = canonical(self)
        shown = getattr(self, "last_mask", None)
        self.last_mask = now
        return {"action_mask": now if shown is None else shown}

    def reset(self: Any, **arguments: Any) -> Any:
        self.last_mask = None
        return HEALTHY[kind].reset(self, **arguments)

    return type("Stale", (HEALTHY[kind],), {"told": told, "reset": reset})


def aliased(kind: str) -> type[Jobs]:
    """Hands out one array and writes into it."""

    def told(self: Any) -> dict[str, Any]:
        now = canonical(self)
        if not hasattr(self, "buffer"):
            self.buffer = now
        self.buffer[...] = now
        return {"action_mask": self.buffer}

    return type("Aliased", (HEALTHY[kind],), {"told": told})


def disagreeing(kind: str) -> type[Jobs]:
    """Says something else by its method than in info."""

    def told(self: Any) -> dict[str, Any]:
        return {"action_mask": canonical(self)}

    def action_masks(self: Any) -> Any:
        return np.ones_like(canonical(self))

    return type("Disagreeing", (HEALTHY[kind],), {"told": told, "action_masks": action_masks})


def asked_twice(kind: str) -> type[Jobs]:
    """Gives the mask once, and everything the next time."""

    def action_masks(self: Any) -> Any:
        self.asked = getattr(self, "asked", 0) + 1
        return canonical(self) if self.asked % 2 else np.ones_like(canonical(self))

    return type("AskedTwice", (HEALTHY[kind],), {"action_masks": action_masks})


class Unpickled(Jobs):
    """Forgets in a pickle, and only there, what is done."""

    def told(self) -> dict[str, Any]:
        return {"action_mask": canonical(self)}

    def __deepcopy__(self, memo: Any) -> Any:
        again = object.__new__(type(self))
        again.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return again

    def __getstate__(self) -> Any:
        return {**self.__dict__, "left": np.ones_like(self.left)}


def accepting(kind: str) -> type[Jobs]:
    """Takes -1 for the last job, as an index of Python."""

    def told(self: Any) -> dict[str, Any]:
        return {"action_mask": canonical(self)}

    def step(self: Any, job: Any) -> Any:
        return HEALTHY[kind].step(self, job % self.jobs if job == -1 else job)

    return type("Accepting", (HEALTHY[kind],), {"told": told, "step": step})


MADE = {
    "stale": (("flat", "binary", "joint", "interval", "one way"), stale, "L7"),
    "aliased": (("flat", "binary", "joint", "interval"), aliased, "L4"),
    "disagreeing": (("flat", "binary"), disagreeing, "L3"),
    "forgetful when pickled": (("flat",), lambda kind: Unpickled, "L10"),
    "asked twice": (("flat",), asked_twice, "L4"),
}
