"""Random legal play of any Gymnasium environment or PettingZoo AEC game that hands out masks, without masked_envs."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.utils import EzPickle

NAMES = ("action_mask", "legal_action_mask", "valid_avail_actions_mask", "action_masks")


@dataclass
class Moment:
    """What whoever is to act has before it.

    Attributes:
        env: the environment, in this state.
        observation: the observation.
        mask: the very array that was handed out, or a new one where it was a list.
        over: whether the episode has ended; then `terminated` or `truncated` says how.
        waiting: masks of agents that do not act.
        seed, path: how the state was reached: the seed of the reset, and the actions since.
    """

    env: Any
    observation: Any
    mask: Any
    over: bool = False
    terminated: bool = False
    truncated: bool = False
    waiting: tuple[Any, ...] = ()
    seed: int = 0
    path: tuple[Any, ...] = ()


def mask_of(env: Any, observation: Any, info: Any) -> Any:
    """The mask, from the first place that has one."""
    for place in (observation, info):
        for name in NAMES:
            if isinstance(place, dict) and name in place:
                return place[name]
    return env.get_wrapper_attr("action_masks")()


def table_of(shelf: ModuleType, make: Callable[[], Any]) -> Single | Turns:
    """What plays an environment."""
    find, env = getattr(shelf, "mask_of", mask_of), make()
    return Turns(env, find, make) if hasattr(env, "agent_iter") else Single(env, find, make)


def walk(table: Any, rng: np.random.Generator, decisions: int) -> Iterator[Moment]:
    """Random legal play, moment by moment, episode after episode; an empty mask ends the episode here."""
    seed, path = 0, ()
    moment = table.reset(seed)
    for _ in range(decisions):
        moment.seed, moment.path = seed, path
        yield moment
        action = None if moment.over else table.draw(moment.mask, rng)
        if action is None:
            seed, path = seed + 1, ()
            moment = table.reset(seed)
        else:
            path = (*path, copy.deepcopy(action))
            moment = table.step(moment.env, action)


class Actions:
    """The actions of a space, and a mask of them: one entry per action, or one per choice of every head."""

    def __init__(self, space: Any) -> None:
        if isinstance(space, spaces.Box) and np.issubdtype(space.dtype, np.integer) and not space.low.any():
            space = spaces.MultiDiscrete(space.high.astype(np.int64) + 1)  # as EnvPool writes several choices at once
        self.space = space

    def heads(self, mask: Any) -> list[Any]:
        """The parts of a mask, none of which may forbid everything."""
        if isinstance(self.space, spaces.MultiDiscrete) and not self._is_joint(mask):
            if np.ndim(mask) == 2 and len(mask) == len(self.space.nvec):
                return list(np.asarray(mask))  # a row per choice, however many entries (MultiCVRP has one too few)
            return np.split(np.asarray(mask).ravel(), np.cumsum(self.space.nvec)[:-1])
        if isinstance(self.space, spaces.MultiBinary):
            return list(np.asarray(mask).reshape(-1, 2))
        return [np.asarray(mask).ravel()]

    def _is_joint(self, mask: Any) -> bool:
        return np.shape(mask) == tuple(self.space.nvec) and np.ndim(mask) > 1

    def draw(self, mask: Any, rng: np.random.Generator) -> Any:
        """A random allowed action; None where there is none."""
        chosen = []
        for head in self.heads(mask):
            allowed = np.flatnonzero(head)
            if not len(allowed):
                return None
            chosen.append(int(rng.choice(allowed)))
        return self._action(chosen)

    def _action(self, chosen: list[int]) -> Any:
        if isinstance(self.space, spaces.Discrete):
            return chosen[0] + int(self.space.start)
        if isinstance(self.space, spaces.MultiDiscrete) and len(chosen) == 1 and len(self.space.nvec) > 1:
            chosen = list(np.unravel_index(chosen[0], tuple(self.space.nvec)))
        return np.array(chosen, self.space.dtype)

    def some(self, mask: Any, allowed: bool, most: int, rng: np.random.Generator) -> list[Any]:
        """Some actions that the mask allows, or forbids."""
        heads = self.heads(mask)
        if len(heads) == 1:
            numbers = np.flatnonzero(np.asarray(heads[0], bool) == allowed)
            numbers = rng.permutation(numbers)[:most]
            return [self._action([int(number)]) for number in numbers]
        if allowed:
            return [self.draw(mask, rng) for _ in range(most)]
        found = []
        for k in range(len(heads)):
            for number in np.flatnonzero(~np.asarray(heads[k], bool))[: max(1, most // len(heads))]:
                other = self.draw(mask, rng)
                other[k] = number
                found.append(other)
        return found

    def outside(self) -> list[Any]:
        """Numbers just outside of the space."""
        if isinstance(self.space, spaces.Discrete):
            return [int(self.space.start) - 1, int(self.space.start + self.space.n)]
        if isinstance(self.space, spaces.MultiDiscrete):
            return [np.full(self.space.shape, -1, self.space.dtype), self.space.nvec.astype(self.space.dtype)]
        return []


class Single(Actions):
    """A Gymnasium environment."""

    def __init__(self, env: Any, find: Any, make: Callable[[], Any]) -> None:
        super().__init__(env.action_space)
        self.env, self.find, self.make, self._copied = env, find, make, None

    def reset(self, seed: int) -> Moment:
        observation, info = self.env.reset(seed=seed)
        return Moment(self.env, observation, np.asarray(self.find(self.env, observation, info)))

    def step(self, env: Any, action: Any) -> Moment:
        observation, self.reward, terminated, truncated, info = env.step(action)
        mask = np.asarray(self.find(env, observation, info))
        over = bool(terminated or truncated)
        return Moment(env, observation, mask, over, bool(terminated), bool(truncated))

    def is_copied(self) -> bool:
        """Whether deepcopy gives another environment in the same state."""
        if self._copied is None:
            self._copied = _can_be_copied(self.env)
        return bool(self._copied)

    def again(self, moment: Moment) -> Any:
        """Another environment in the same state: a copy, or where that is none, a new one after the same actions."""
        if self.is_copied():
            return copy.deepcopy(moment.env)
        other = type(self)(self.make(), self.find, self.make)
        other.reset(moment.seed)
        for action in moment.path:
            other.env.step(action)
        return other.env

    def outcome(self, before: Moment, action: Any) -> str:
        """What follows an action, tried on a copy, in words."""
        env = self.again(before)
        try:
            after = self.step(env, action)
        except BaseException as error:  # SpielError and pyo3's panics are not all of Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            return f"raises {type(error).__name__}"
        words = "truncates" if after.truncated and not after.terminated else "ends" if after.over else "goes on"
        if not after.over and same(before.observation, after.observation) and same(before.mask, after.mask):
            words = "changes nothing"
        return f"{words}, reward {np.round(self.reward, 3)}"


class Turns(Actions):
    """A PettingZoo AEC game. Agents that have left are stepped with None, as PettingZoo asks."""

    def __init__(self, env: Any, find: Any, make: Callable[[], Any]) -> None:
        super().__init__(env.action_space(env.possible_agents[0]))
        self.env, self.find, self.make, self._copied = env, find, make, None

    def reset(self, seed: int) -> Moment:
        self.env.reset(seed=seed)
        return self._moment(self.env)

    def _moment(self, env: Any) -> Moment:
        agent = env.agent_selection
        observation, _, terminated, truncated, info = env.last()
        mask = np.asarray(self.find(env, observation, info))
        waiting = ()
        if not (terminated or truncated):
            others = [other for other in env.agents if other != agent]
            waiting = tuple(np.asarray(self.find(env, env.observe(o), env.infos[o])) for o in others)
        over = bool(terminated or truncated)
        return Moment(env, observation, mask, over, bool(terminated), bool(truncated), waiting)

    def step(self, env: Any, action: Any) -> Moment:
        self.mover = env.agent_selection
        env.step(action)
        self.reward = env.rewards.get(self.mover, 0)
        return self._moment(env)

    is_copied = Single.is_copied
    again = Single.again
    outcome = Single.outcome


def _can_be_copied(env: Any) -> bool:
    """Whether deepcopy copies the state: it may raise, and of an EzPickle it makes a new construction."""
    try:
        copy.deepcopy(env)
    except Exception:  # whatever stops it
        return False
    while env is not None:
        if isinstance(env, EzPickle):
            return False
        env = getattr(env, "env", None) if "env" in vars(env) else None
    return True


def same(a: Any, b: Any) -> bool:
    """Whether two observations are equal."""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (np.ndarray, np.generic, int, float)):
        return bool(np.array_equal(a, b))
    return pickle.dumps(a) == pickle.dumps(b)
