"""Small environments that resemble real code, each with the verdict that its mask deserves.

Most pick items 0 to 5, each once, some of them gone at the start; a case changes what it is about. What a checker
cannot know from outside, such as whether an action without an effect was refused or is a way to wait, is "not judged".
"""

from __future__ import annotations

import itertools
import random
import socket
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from pettingzoo import ParallelEnv

from masked_envs.adaptation import adapt
from masked_envs.wrappers import ActionMask, VectorActionMask

N = 6


class Items(gym.Env):
    """Pick items, each once; what is not allowed raises."""

    metadata = {"render_modes": ["human"]}  # noqa: RUF012
    n = N
    start = 0

    def __init__(self) -> None:
        self.action_space: Any = spaces.Discrete(self.n, start=self.start)
        self.observation_space: Any = spaces.Box(-1e6, 1e6, (self.n,), np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.free = np.ones(self.n, bool)
        self.free[self.np_random.integers(self.n)] = False
        self.begin()
        return self.obs(), self.info()

    def begin(self) -> None: ...

    def obs(self) -> Any:
        return (~self.free).astype(np.float32)

    def allowed(self) -> Any:
        return self.free.copy()

    def info(self) -> dict[str, Any]:
        return {"action_mask": self.allowed()}

    def legal(self, a: int) -> bool:
        return 0 <= a < self.n and bool(self.free[a])

    def bad(self, a: int) -> Any:
        raise ValueError(f"illegal {a}")

    def good(self, a: int) -> Any:
        self.free[a] = False
        return self.obs(), 1.0, not self.free.any(), False, self.info()

    def step(self, action: Any) -> Any:
        a = int(action) - self.start
        return self.good(a) if self.legal(a) else self.bad(a)


# --- ways to refuse, and masks, to be mixed into a case -------------------------------------------------------------


class Penalises(Items):
    penalty = -1.0

    def bad(self, a: int) -> Any:
        return self.obs(), self.penalty, False, False, self.info()


class Ignores(Penalises):
    penalty = 1.0  # what a pick gives, too


class Ends(Items):
    def bad(self, a: int) -> Any:
        return self.obs(), -10.0, True, False, self.info()


class Varies(Items):
    def bad(self, a: int) -> Any:
        return self.obs(), -10.0 + 0.001 * float(self.free.sum()), False, False, self.info()


class Ticks(Penalises):
    penalty = -0.1

    def __init__(self) -> None:
        super().__init__()
        self.observation_space = spaces.Box(-1e6, 1e6, (self.n + 1,), np.float32)

    def begin(self) -> None:
        self.t = 0

    def obs(self) -> Any:
        return np.append(super().obs(), np.float32(self.t))

    def step(self, action: Any) -> Any:
        self.t += 1
        return super().step(action)


class Flags(Ignores):
    """Says so in info, and only there: time passes, and the world goes on by itself."""

    key, when_refused = "invalid", True

    def begin(self) -> None:
        self.weather = 0.0

    def obs(self) -> Any:
        return super().obs() + np.float32(self.weather)

    def step(self, action: Any) -> Any:
        self.weather = float(self.np_random.random())
        refused = not self.legal(int(action))
        *given, info = super().step(action)
        return *given, {**info, self.key: self.when_refused if refused else not self.when_refused}


class Says(Flags):
    """Says why, in a text or another value that is no flag."""

    key, when_refused, otherwise = "trouble", "gone already", None  # type: ignore[assignment]

    def step(self, action: Any) -> Any:
        refused = not self.legal(int(action))
        *given, info = super().step(action)
        return *given, {**info, self.key: self.when_refused if refused else self.otherwise}


class Windy(Penalises):
    """The same, but no word of it, and a penalty that is also given for some picks."""

    penalty = 0.0

    def begin(self) -> None:
        self.weather = self.np_random.random(self.n).astype(np.float32)

    def obs(self) -> Any:
        return super().obs() + self.weather

    def step(self, action: Any) -> Any:
        self.weather = self.np_random.random(self.n).astype(np.float32)
        return super().step(action)


class NeedsOne:
    """A rule that the mask forgets: 2 only after 1."""

    def legal(self, a: int) -> bool:
        return super().legal(a) and not (a == 2 and self.free[1])  # type: ignore[misc,attr-defined]


class NeedsMore:
    """A mask that forgets nearly all rules: in ascending order only."""

    def legal(self, a: int) -> bool:
        return super().legal(a) and not self.free[:a].any()  # type: ignore[misc,attr-defined]


class UpsideDown:
    def allowed(self) -> Any:
        return ~super().allowed()  # type: ignore[misc]


class Stricter:
    """Forbids one of the free items, wherever there are two."""

    def allowed(self) -> Any:
        mask = super().allowed()  # type: ignore[misc]
        if mask.sum() > 1:
            mask[np.flatnonzero(mask)[0]] = False
        return mask


class Previous:
    """Gives the mask of before the step."""

    def step(self, action: Any) -> Any:
        before = self.allowed()  # type: ignore[attr-defined]
        *given, info = super().step(action)  # type: ignore[misc]
        return *given, {**info, "action_mask": before}


def mixed(*parts: type, **attributes: Any) -> type[Items]:
    """A class made of these."""
    return type("".join(part.__name__ for part in parts), parts, attributes)


# --- the table ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """How to make an environment, the verdict, the laws that fail, and what the caller says."""

    make: Callable[..., Any]
    verdict: str
    laws: frozenset[str] = frozenset()
    options: dict[str, Any] = field(default_factory=dict)


CASES: dict[str, Case] = {}


def case(name: str, make: Any, verdict: str = "passed", *laws: str, **options: Any) -> None:
    CASES[name] = Case(make, "failed" if laws else verdict, frozenset(laws), options)


# Every way to refuse, by a mask that is exact, forgets a rule, or nearly all, is upside down, too strict, or too late.
for how, kind in {
    "raise": Items,
    "penalise": Penalises,
    "end": Ends,
    "vary": Varies,
    "tick": Ticks,
    "flag": Flags,
}.items():
    case(f"{how}: exact", kind)
    lax = ("not judged",) if how == "end" else ("", "L7")  # a legal move may end the episode, too
    case(f"{how}: forgets a rule", mixed(NeedsOne, kind), *lax)
    case(f"{how}: forgets nearly all rules", mixed(NeedsMore, kind), *lax)
    case(f"{how}: upside down", mixed(UpsideDown, kind), "", "L1", "L7")
    case(f"{how}: stricter than the rules", mixed(Stricter, kind), "", "L7")
    case(f"{how}: of before the step", mixed(Previous, kind), *lax)
case("ignore: exact", Ignores)
case("ignore: upside down", mixed(UpsideDown, Ignores), "", "L1", "L7")
case("ignore: stricter than the rules", mixed(Stricter, Ignores), "", "L7")
case("ignore: forgets a rule", mixed(NeedsOne, Ignores), "not judged")
case("wind: exact", Windy)
case("wind: forgets a rule, a penalty that nothing else gets", mixed(NeedsOne, Windy), "", "L7")


# --- actions that look refused and are not; nothing of this may fail ------------------------------------------------


class Waits(Penalises):
    """The last action waits, which costs as much as an invalid one, or less."""

    cost = -1.0

    def begin(self) -> None:
        self.free[N - 1] = True

    def good(self, a: int) -> Any:
        if a == N - 1:
            return self.obs(), self.cost, not self.free[:-1].any(), False, self.info()
        self.free[a] = False
        return self.obs(), 1.0, not self.free[:-1].any(), False, self.info()


class LosingMove(Ends):
    """Items may be traps, of which nobody knows, and which end the episode as invalid picks do."""

    def begin(self) -> None:
        self.trap = int(self.np_random.integers(N))

    def good(self, a: int) -> Any:
        if a == self.trap:
            return self.obs(), -10.0, True, False, self.info()
        return super().good(a)


class Bandit(Penalises):
    """One pull ends the episode; what is no arm costs something, and one may pull again."""

    def good(self, a: int) -> Any:
        self.free[a] = False
        return self.obs(), float(self.np_random.random()), True, False, self.info()


class BlindBandit(Bandit):
    """The same, and nothing is to be seen but the reward."""

    def obs(self) -> Any:
        return np.zeros(N, np.float32)


class CostlyPick(Penalises):
    """A pick may cost as much as what is invalid; it is a pick all the same."""

    def good(self, a: int) -> Any:
        obs, _, *rest = super().good(a)
        return obs, -1.0 if a % 2 else 1.0, *rest


class Fuse(Ignores):
    """The last item is forbidden and taken all the same: it lights a fuse, which is seen at the next pick."""

    def begin(self) -> None:
        self.free[N - 1], self.lit = False, False

    def step(self, action: Any) -> Any:
        if int(action) == N - 1:
            self.lit = True
            return self.bad(N - 1)
        if self.lit and self.legal(int(action)):
            self.lit, self.free[: int(action)] = False, False
        return super().step(action)


class RarelyForbids(Penalises):
    """Forbids something in one state of twenty: too little for a sign that is no word of the environment."""

    def begin(self) -> None:
        self.turn = 0

    def obs(self) -> Any:
        return np.full(N, self.turn, np.float32)

    def legal(self, a: int) -> bool:
        return 0 <= a < N and not (a == 0 and self.turn % 20 == 7)

    def allowed(self) -> Any:
        return np.array([self.legal(a) for a in range(N)])

    def good(self, a: int) -> Any:
        self.turn += 1
        return self.obs(), 1.0, False, False, self.info()


class OtherFlag(Penalises):
    """A key with a telling name that is about something else."""

    def info(self) -> dict[str, Any]:
        return {**super().info(), "invalid_order": bool(self.free.sum() % 2)}


class CrashesOnInvalid(Items):
    def bad(self, a: int) -> Any:
        return self.nothing.of_this_name  # type: ignore[attr-defined]


class ByLuck(Ignores):
    """Constant observation, one reward for all: nothing is to be seen."""

    def obs(self) -> Any:
        return np.zeros(N, np.float32)

    def info(self) -> dict[str, Any]:
        return {"action_mask": np.arange(N) != 2}

    def good(self, a: int) -> Any:
        return self.obs(), 1.0, bool(self.np_random.random() < 0.1), False, self.info()

    bad = good


class TwoWays(Items):
    """Raises for items that are gone; for items before their time there is a penalty."""

    def allowed(self) -> Any:
        allowed = self.free.copy()
        allowed[2:4] &= not self.free[1]
        return allowed

    def legal(self, a: int) -> bool:
        return 0 <= a < N and bool(self.allowed()[a])

    def bad(self, a: int) -> Any:
        if 0 <= a < N and self.free[a]:
            return self.obs(), -5.0, False, False, self.info()
        return super().bad(a)


case("waiting costs as much as an invalid action", Waits, "not judged")
case("waiting costs less", mixed(Waits, cost=0.0))
case("a losing move ends the episode as an invalid one does", LosingMove, "not judged")
case("a bandit, whose legal actions end the episode", Bandit)
case("a forbidden action has an effect that is seen later", Fuse, "not judged")
case("a bandit without observation", BlindBandit, "not judged")
case("a pick costs as much as an invalid action", CostlyPick)
case("too few forbidden actions", RarelyForbids, "not judged")
case("a flag about something else", OtherFlag)
case("forbidden actions crash, which is no refusal", CrashesOnInvalid, "not judged")
case("nothing is to be seen", ByLuck, "not judged")
case("an exception or a penalty", TwoWays)
case("three items are accepted though forbidden, in an environment that raises", mixed(Stricter, Items), "", "L7")


# --- refusals that leave a trace; nothing of this may fail ----------------------------------------------------------


class Corridor(gym.Env):
    """A walker in a row of cells with walls at both ends: 0 steps left, 1 right, 2 and 3 count.

    Who walks into a wall stays, and turns to it.
    """

    length, steps = 3, 20

    def __init__(self) -> None:
        self.action_space: Any = spaces.Discrete(4)
        self.observation_space: Any = spaces.Box(-1e6, 1e6, (4,), np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.at, self.facing, self.t, self.count = int(self.np_random.integers(self.length)), 0, 0, 0
        return self.obs(), self.info()

    def obs(self) -> Any:
        return np.array([self.at, self.facing, self.count, self.length], np.float32)

    def info(self) -> dict[str, Any]:
        return {"action_mask": np.array([self.at > 0, self.at < self.length - 1, True, True])}

    def step(self, action: Any) -> Any:
        a = int(action)
        if not 0 <= a < 4:
            raise ValueError(f"illegal {a}")
        self.t += 1
        if a >= 2:
            self.count += a
        else:
            self.facing = a
            self.at = int(np.clip(self.at + 2 * a - 1, 0, self.length - 1))
        return self.obs(), 0.0, False, self.t >= self.steps, self.info()


class Pursued(gym.Env):
    """A walker on a ring of nodes, who chooses the next one and stays where it is no neighbour.

    A pursuer moves in every step, and further where the walker wanted to go to the node of ill omen.
    """

    nodes, walkers, steps = 6, 1, 20

    def __init__(self) -> None:
        self.action_space: Any = spaces.Discrete(self.nodes)
        self.observation_space: Any = spaces.Box(-1e6, 1e6, (self.walkers + 2,), np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.at, self.t = self.np_random.integers(self.nodes, size=self.walkers), 0
        self.pursuer, self.omen = 0.0, 0
        return self.obs(), self.info()

    def obs(self) -> Any:
        return np.append(self.at, [self.pursuer, self.omen]).astype(np.float32)

    def free(self) -> Any:
        return np.isin((np.arange(self.nodes) - self.at[:, None]) % self.nodes, (1, self.nodes - 1))

    def allowed(self) -> Any:
        return self.free()

    def info(self) -> dict[str, Any]:
        return {"action_mask": self.allowed().ravel()}

    def walk(self, chosen: Any) -> Any:
        """Whether each walker walks."""
        if not np.isin(chosen, np.arange(self.nodes)).all():
            raise ValueError(f"illegal {chosen}")
        walks = self.free()[np.arange(self.walkers), chosen]
        self.at, self.t = np.where(walks, chosen, self.at), self.t + 1
        return walks

    def step(self, action: Any) -> Any:
        self.walk([int(action)])
        self.pursuer += float(self.np_random.random()) + 10 * (int(action) == self.omen)
        self.omen = int(self.np_random.integers(self.nodes))
        return self.obs(), 0.0, False, self.t >= self.steps, self.info()


class Team(Pursued):
    """Three walkers, and no pursuer; each who chooses no neighbour stays, which costs 1, while the others walk."""

    nodes, walkers = 12, 3

    def __init__(self) -> None:
        super().__init__()
        self.action_space = spaces.MultiDiscrete([self.nodes] * self.walkers)

    def step(self, action: Any) -> Any:
        walks = self.walk(np.asarray(action))
        return self.obs(), -float((~walks).sum()), False, self.t >= self.steps, self.info()


class LaxTeam(Team):
    """Forgets that the last walker must not jump to node 0."""

    def allowed(self) -> Any:
        mask = self.free()
        mask[-1, 0] = True
        return mask


class StrictTeam(Team):
    """Forbids node 0 to everybody, who can walk there."""

    def allowed(self) -> Any:
        mask = self.free()
        mask[:, 0] = False
        return mask


case("who walks into a wall turns to it", Corridor, "not judged")
case("somebody reacts to where one wanted to go", Pursued, "not judged")
case("a team, in which each is refused alone", Team, "not judged")
case("a team, in which each is refused alone, a rule forgotten", LaxTeam, "not judged")
case("a team, in which each is refused alone, too strict", StrictTeam, "", "L7")


# --- what the caller says -------------------------------------------------------------------------------------------


def by_reward(before: Any, action: Any, after: Any) -> bool:
    return bool(after.reward == -1.0)


case("declared: waiting costs as much", Waits, "not judged", on_invalid="penalise")
case("declared: a rule is forgotten", mixed(NeedsOne, Ticks), "", "L7", on_invalid="penalise")
case("declared: exact", Ends, on_invalid="terminate")
case("declared: raises, and does not", Ignores, "", "L7", on_invalid="raise")
case("refused=: exact", Penalises, refused=by_reward)
case("refused=: forgets a rule", mixed(NeedsOne, Penalises), "", "L7", refused=by_reward)
case("refused=: too strict", mixed(Stricter, Penalises), "", "L7", refused=by_reward)
case("refused=: cannot tell", ByLuck, "not judged", refused=lambda *_: None)
for what, when_refused in {"a text": "too late", "a list": ["weight"], "an amount": 2.5}.items():
    empty = {"a text": None, "a list": [], "an amount": 0.0}[what]
    said = {"key": "trouble", "when_refused": when_refused, "otherwise": empty}
    case(f"refused=: {what} in info", mixed(Says, **said), refused="trouble")
    case(f"refused=: {what} in info, a rule forgotten", mixed(NeedsOne, Says, **said), "", "L7", refused="trouble")
nothing_said = mixed(Says, when_refused=object(), otherwise=object())
case("refused=: a key that says nothing", nothing_said, "not judged", refused="trouble")
case("info: a text that says why", mixed(Says, key="invalid_reason"))
case("info: a text that says why, too strict", mixed(Stricter, Says, key="invalid_reason"), "", "L7")
case("refused=: a key of info", mixed(Flags, key="oops"), refused="oops")
case("refused=: a key of info, a rule forgotten", mixed(NeedsOne, Flags, key="oops"), "", "L7", refused="oops")
for key, value in {"valid_action": False, "is_valid": False, "illegal_move": True, "invalid_action": True}.items():
    case(f"info: {key}", mixed(Flags, key=key, when_refused=value))
    case(f"info: {key}, too strict", mixed(Stricter, Flags, key=key, when_refused=value), "", "L7")


class CountsInvalid(Windy):
    penalty = 1.0
    count = 0

    def bad(self, a: int) -> Any:
        self.count += 1
        return super().bad(a)

    def info(self) -> dict[str, Any]:
        return {**super().info(), "num_invalid_actions": self.count}


case("info: a count that rises", CountsInvalid)
case("info: a count that rises, a rule forgotten", mixed(NeedsOne, CountsInvalid), "", "L7")


# --- step does not work ---------------------------------------------------------------------------------------------


class Broken(Items):
    def step(self, action: Any) -> Any:
        return self.undefined  # type: ignore[attr-defined]


class TypeSensitive(Items):
    """Takes only what its space samples."""

    def step(self, action: Any) -> Any:
        return super().step(action.item())


class IntsOnly(Items):
    def step(self, action: Any) -> Any:
        if not isinstance(action, int):
            raise TypeError("action must be an integer")
        return super().step(action)


class LatentCrash(Items):
    def step(self, action: Any) -> Any:
        if int(action) == 5 and not self.free[:2].any() and self.free[5]:
            raise KeyError("boom")
        return super().step(action)


class Breakdown(Items):
    def step(self, action: Any) -> Any:
        if self.np_random.random() < 0.05:
            raise ValueError("machine broke down")
        return super().step(action)


class HiddenCoin(Items):
    def info(self) -> dict[str, Any]:
        self.coin = self.np_random.random() < 0.3
        return super().info()

    def legal(self, a: int) -> bool:
        return super().legal(a) and not (self.coin and a == 3)


case("step is broken", Broken, "", "L7")
case("takes what the space samples", TypeSensitive)
case("takes only int", IntsOnly)
case("a rare crash", LatentCrash, "", "L7")
case("an allowed action fails by chance", Breakdown, "", "L7")
case("a hidden coin decides", HiddenCoin, "", "L7")


# --- places and forms -----------------------------------------------------------------------------------------------


def masked_as(form: Callable[[Any], Any], key: str = "action_mask", kind: type = Items) -> type[Items]:
    return mixed(kind, info=lambda self: {key: form(self.allowed())})


class InObservation(Items):
    key, mask_space = "action_mask", spaces.Box(0, 1, (N,), np.int8)

    def __init__(self) -> None:
        super().__init__()
        self.observation_space = spaces.Dict({"x": self.observation_space, self.key: self.mask_space})

    def obs(self) -> Any:
        return {"x": super().obs(), self.key: self.allowed().astype(self.mask_space.dtype)}

    def info(self) -> dict[str, Any]:
        return {}


class ByMethod(Items):
    def info(self) -> dict[str, Any]:
        return {}

    def action_masks(self) -> Any:
        return self.allowed()


class Padding(ByMethod):
    """A key named mask that is padding."""

    def __init__(self) -> None:
        super().__init__()
        self.observation_space = spaces.Dict(x=self.observation_space, mask=spaces.Box(0, 1, (N,), np.int8))

    def obs(self) -> Any:
        return {"x": super().obs(), "mask": np.array([1, 1, 1, 1, 0, 0], np.int8)}


class NotAtReset(Items):
    def reset(self, **arguments: Any) -> Any:
        return super().reset(**arguments)[0], {}


class Disagrees(ByMethod):
    def info(self) -> dict[str, Any]:
        return {"action_mask": np.ones(N, np.int8)}


class NoMask(Items):
    def info(self) -> dict[str, Any]:
        return {"invalid_list": np.flatnonzero(~self.free).tolist()}


class ShownOnce(Items):
    """Has a mask at first, and then not any more."""

    def info(self) -> dict[str, Any]:
        return super().info() if self.free.sum() > 2 else {}


case("a list of bools", masked_as(lambda mask: [bool(bit) for bit in mask]))
case("a set of numbers", masked_as(lambda mask: set(np.flatnonzero(mask).tolist()), "legal_actions"))
case("a function to call", masked_as(lambda mask: lambda: mask))
case("numbers from 1", mixed(Items, start=1))
case("numbers from 1, off by one", mixed(Items, start=1, allowed=lambda self: np.roll(self.free, 1)), "", "L7")
case("an odd name", masked_as(np.array, "available_moves"), mask_fn=lambda env: env.unwrapped.allowed())
case("an odd name, given by the name of a method", masked_as(np.array, "available_moves"), mask_fn="allowed")
case("packed bits", masked_as(np.packbits), "", "L2")
case("in the observation", InObservation)
case("in the observation, MultiBinary", mixed(InObservation, key="legal_moves", mask_space=spaces.MultiBinary(N)))
case("in the observation, by an old name", mixed(InObservation, key="avail_actions"))
case("by a method", ByMethod)
case("by a method, with padding beside it", Padding)
case("by a method, and otherwise in info", Disagrees, "", "L3", "L7")
case("not at reset", NotAtReset, "", "L3")
case("not any more", ShownOnce, "", "L3")
case("no mask", NoMask, "", "L3")
case("never forbids", mixed(Penalises, allowed=lambda self: np.ones(N, bool), legal=lambda self, a: True), "not judged")


class Hybrid(Items):
    def __init__(self) -> None:
        super().__init__()
        self.action_space = spaces.Dict(item=spaces.Discrete(N), side=spaces.Discrete(2))

    def allowed(self) -> Any:
        return {"item": self.free.copy(), "side": np.array([True, self.free.sum() % 2 == 0])}

    def step(self, action: Any) -> Any:
        item, side = int(action["item"]), int(action["side"])
        right = 0 <= side < 2 and self.allowed()["side"][side] and self.couples(item, side)
        return self.good(item) if right and self.legal(item) else self.bad(item)

    def couples(self, item: int, side: int) -> bool:
        return True


class Coupled(Hybrid):
    """Parts that restrict each other, and masks that do not know of it."""

    def allowed(self) -> Any:
        return {"item": self.free.copy(), "side": np.ones(2, bool)}

    def couples(self, item: int, side: int) -> bool:
        return not (side == 1 and item % 3 == 2)


class WithUnmasked(Items):
    """A part without a mask, as Gymnasium writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.action_space = spaces.Tuple((spaces.Discrete(N), spaces.Box(-1, 1, (2,), np.float32)))

    def allowed(self) -> Any:
        return (self.free.copy(), None)

    def step(self, action: Any) -> Any:
        within = np.shape(action[1]) == (2,) and bool(np.all(np.abs(action[1]) <= 1))
        return super().step(action[0]) if within else self.bad(action)


class Heads(Items):
    """Pairs, and a mask of each half that does not know of the other."""

    def __init__(self) -> None:
        super().__init__()
        self.action_space = spaces.MultiDiscrete([2, 3])

    def legal(self, a: Any) -> bool:
        return bool(self.free[3 * a[0] + a[1]])

    def info(self) -> dict[str, Any]:
        pairs = self.free.reshape(2, 3)
        return {"action_mask": np.concatenate([pairs.any(axis=1), pairs.any(axis=0)])}

    def step(self, action: Any) -> Any:
        return self.good(3 * action[0] + action[1]) if self.legal(action) else self.bad(action)


case("a dict of masks", Hybrid)
case("a dict of masks whose parts depend on each other", Coupled, "", "L7")
case("a tuple with an unmasked part", WithUnmasked)
case("masks of heads that depend on each other", Heads, "", "L7")


# --- environments that cannot be copied, or differ from run to run --------------------------------------------------


class Lock(Items):
    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


class Socket(Items):
    def __init__(self) -> None:
        super().__init__()
        self.socket = socket.socket()

    def close(self) -> None:
        self.socket.close()


class Process(Items):
    def begin(self) -> None:
        self.process = (number for number in itertools.count())


class LaxLock(Lock):
    def allowed(self) -> Any:
        mask = self.free.copy()
        mask[4] |= self.free.sum() < 4
        return mask


class GlobalRandom(Items):
    def begin(self) -> None:
        self.free[1:] = np.random.rand(N - 1) < 0.7
        self.free[0] = True


class SeedsGlobal(GlobalRandom):
    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        if seed is not None:
            np.random.seed(seed)
        return super().reset(seed=seed)


class GlobalWeather(Penalises):
    """Seeds the global numbers, and draws from them in every step, refused ones too."""

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        if seed is not None:
            np.random.seed(seed)
        return super().reset(seed=seed)

    def obs(self) -> Any:
        return super().obs() + np.float32(np.random.rand())


class GlobalMask(Items):
    def allowed(self) -> Any:
        return self.free & (np.arange(N) != random.randrange(N)) if self.free.sum() > 1 else self.free.copy()

    legal = lambda self, a: 0 <= a < N and bool(self.free[a])  # noqa: E731


class InPlace(InObservation):
    """One dict that is written into again and again."""

    shared: Any = None

    def obs(self) -> Any:
        self.shared = super().obs() if self.shared is None else self.shared
        self.shared["x"][:], self.shared["action_mask"][:] = ~self.free, self.free
        return self.shared


class OwnArray(Items):
    """Hands out the array that it judges by."""

    def allowed(self) -> Any:
        return self.free


class LooseInfo(Items):
    """Wall-clock time, a counter over all instances, and an object in info."""

    made = itertools.count()

    def info(self) -> dict[str, Any]:
        return {**super().info(), "seconds": time.perf_counter(), "number": next(self.made), "object": object()}


class VectorRewards(Items):
    """A reward with two components."""

    def good(self, a: int) -> Any:
        obs, _, *rest = super().good(a)
        return obs, np.array([1.0, -float(a)], np.float32), *rest


class Human(Items):
    def step(self, action: Any) -> Any:
        self.render()
        return super().step(action)

    def render(self) -> None: ...


class Warns(Items):
    def bad(self, a: int) -> Any:
        warnings.warn(f"illegal {a}", stacklevel=2)
        return self.obs(), 0.0, False, False, self.info()


class Clips(Items):
    """Takes the next free item instead."""

    def bad(self, a: int) -> Any:
        free = np.flatnonzero(self.free)
        return self.good(int(free[np.argmin(np.abs(free - a))]))


class NegativeIndex(Items):
    """Takes -1 for the last item, as an index of Python."""

    def step(self, action: Any) -> Any:
        return super().step(N - 1 if int(action) == -1 else action)


class NegativeIndexLate(NegativeIndex):
    """Takes -1 for the last item, which opens when three others are gone."""

    def begin(self) -> None:
        self.free[:] = True

    def allowed(self) -> Any:
        mask = self.free.copy()
        mask[-1] &= self.free[:-1].sum() <= N - 4
        return mask

    def legal(self, a: int) -> bool:
        return 0 <= a < N and bool(self.allowed()[a])


case("holds a lock", Lock)
case("holds a lock, lax", LaxLock, "", "L7")
case("holds a socket", Socket)
case("holds a generator", Process)
case("draws global numbers", GlobalRandom, "", "L10")
case("draws the mask from global numbers", GlobalMask, "", "L7", "L10")
case("seeds global numbers", SeedsGlobal)
case("seeds global numbers, and draws in every step", GlobalWeather)
case("writes into what it has handed out", InPlace, "", "L4")
case("hands out its own array", OwnArray, "", "L4")
case("statistics", lambda: gym.wrappers.RecordEpisodeStatistics(Items()))
case("info that differs from run to run", LooseInfo)
case("rewards with two components", VectorRewards)
case("rewards with two components, lax", mixed(NeedsOne, VectorRewards), "", "L7")
case("a window", Human)
case("warns", Warns)
case("clips", Clips, "not judged")
case("takes -1", NegativeIndex)
case("takes -1 late in an episode", NegativeIndexLate)
case(
    "five wrappers",
    lambda: gym.wrappers.OrderEnforcing(
        gym.wrappers.RecordEpisodeStatistics(
            gym.wrappers.TransformReward(
                gym.wrappers.FlattenObservation(gym.wrappers.TimeLimit(ByMethod(), 50)), lambda r: 2 * r
            )
        )
    ),
)


class Image(Items):
    def __init__(self) -> None:
        super().__init__()
        self.observation_space = spaces.Box(0, 255, (84, 84, 3), np.uint8)

    def obs(self) -> Any:
        return np.full((84, 84, 3), int(self.free.sum()), np.uint8)


class Many(Items):
    n = 20_000

    def __init__(self) -> None:
        super().__init__()
        self.observation_space = spaces.Box(0, 1, (1,), np.float32)

    def begin(self) -> None:
        self.free[:] = False
        self.free[self.np_random.integers(0, self.n, 50)] = True

    def obs(self) -> Any:
        return np.array([self.free.mean()], np.float32)


class OneInMany(Many):
    def bad(self, a: int) -> Any:
        return super().bad(a) if a != 7777 else (self.obs(), 0.0, False, False, self.info())


case("an image", Image)
case("many actions", Many)
case("many actions, one of which is accepted though forbidden", OneInMany, "", "L7")


# --- vectors, games, wrappers of ours -------------------------------------------------------------------------------


class Joins(ParallelEnv):
    """An agent that joins later."""

    metadata = {"name": "joins"}  # noqa: RUF012
    possible_agents = ["a", "b"]  # noqa: RUF012
    space = spaces.Dict(observation=spaces.Box(0, 10, (1,), np.float32), action_mask=spaces.Box(0, 1, (4,), np.int8))

    def observation_space(self, agent: str) -> Any:
        return self.space

    def action_space(self, agent: str) -> Any:
        return spaces.Discrete(4)

    def told(self) -> Any:
        mask = (np.arange(4) != self.t % 4).astype(np.int8)
        return {a: {"observation": np.array([self.t], np.float32), "action_mask": mask.copy()} for a in self.agents}

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        self.t, self.agents = 0, ["a"]
        return self.told(), {"a": {}}

    def step(self, actions: Any) -> Any:
        for agent, a in actions.items():
            if not 0 <= a < 4 or a == self.t % 4:
                raise ValueError(f"{agent}: illegal {a}")
        self.t += 1
        if self.t == 2:
            self.agents = [*self.agents, "b"]
        acting, over = list(self.agents), self.t >= 8
        given = self.told(), dict.fromkeys(acting, 1.0), dict.fromkeys(acting, over), dict.fromkeys(acting, False)
        self.agents = [] if over else acting
        return *given, {agent: {} for agent in acting}


def rows(kind: type, mode: Any = AutoresetMode.SAME_STEP) -> Callable[[], Any]:
    return lambda: SyncVectorEnv([kind] * 2, autoreset_mode=mode)


def in_wrapper(kind: type) -> Callable[[], Any]:
    return lambda: ActionMask(kind(), lambda env: env.unwrapped.allowed())


def in_vector_wrapper(kind: type) -> Callable[[], Any]:
    def masks(envs: Any) -> Any:
        return np.array([env.unwrapped.allowed() for env in envs.unwrapped.envs])

    return lambda: VectorActionMask(rows(kind, AutoresetMode.NEXT_STEP)(), masks)


class NeverEmpty:
    """All ones where nothing is free, as our wrappers want it."""

    def allowed(self) -> Any:
        mask = super().allowed()  # type: ignore[misc]
        return mask if mask.any() else ~mask


case("a vector", rows(Items))
case("a vector, of before the step", rows(mixed(Previous, Items)), "", "L7")
case("a vector in processes", lambda: AsyncVectorEnv([Items] * 2))
case("an agent that joins later", Joins)
for where, wrap in {
    "ActionMask": in_wrapper,
    "adapt": lambda kind: lambda: adapt(kind()),
    "vector": in_vector_wrapper,
}.items():
    case(f"in {where}: exact", wrap(mixed(NeverEmpty, Items)))
    case(f"in {where}: too strict", wrap(mixed(NeverEmpty, Stricter, Items)), "", "L7")
    case(f"in {where}: forgets a rule", wrap(mixed(NeverEmpty, NeedsOne, Penalises)), "", "L7")
    case(f"in {where}: nothing is to be seen", wrap(ByLuck), "not judged")
