"""`Subject`: one environment under test, whatever its interface, told and asked agent by agent.

A *seat* is one place where decisions are made: the agent of a Gymnasium environment, a row of a vector environment, an
agent of a PettingZoo environment. The laws are written over seats; `subject_of` finds the class for an environment.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces

from ..mask_spec import MaskSpec

HeadMask = Callable[[int, Any], Any]


@dataclass(frozen=True)
class Seat:
    """What one seat holds at one moment.

    Attributes:
        observation, info, reward, terminated, truncated: as the environment gave them.
        masks: the canonical mask, by the place where it was found.
        sb3_mask: what `action_masks()` gave, None where the environment has no such method.
        acting: whether the next step carries out an action of this seat.
    """

    observation: Any
    info: Mapping[str, Any]
    masks: Mapping[str, Any]
    sb3_mask: Any = None
    acting: bool = True
    reward: float = 0.0
    terminated: bool = False
    truncated: bool = False

    @property
    def ended(self) -> bool:
        """Whether the observation is the last of its episode."""
        return self.terminated or self.truncated

    @property
    def mask(self) -> Any:
        """The mask, from the first place that has one."""
        return next(iter(self.masks.values()), None)


@dataclass(frozen=True)
class Moment:
    """All seats between two steps.

    Attributes:
        seats: by name; "" where there is only one.
        last: seats of episodes that ended in this step and were reset in it (SAME_STEP).
        over: whether only reset() can go on.
    """

    seats: Mapping[str, Seat]
    last: Mapping[str, Seat] = field(default_factory=dict)
    over: bool = False

    @property
    def acting(self) -> dict[str, Seat]:
        """The seats whose action the next step carries out."""
        return {name: seat for name, seat in self.seats.items() if seat.acting}


@dataclass(frozen=True)
class Outcome:
    """What came of actions that were tried.

    Attributes:
        error: what `step` raised, or None.
        moment: what came after, None where `step` raised.
        counted: by how much the counter of each seat moved; None where there is no counter.
    """

    error: Exception | None
    moment: Moment | None
    counted: Mapping[str, int] | None

    def flagged(self, name: str) -> bool | None:
        """What `info["invalid_action"]` of a seat says; None where it says nothing."""
        if self.moment is None:
            return None
        seat = self.moment.last.get(name) or self.moment.seats[name]
        return bool(seat.info["invalid_action"]) if "invalid_action" in seat.info else None

    def refused(self, name: str) -> bool | None:
        """Whether the environment refused this seat's action in any way; None where it cannot be told."""
        if self.error is not None:
            return True
        signs = [self.flagged(name), None if self.counted is None else self.counted[name] > 0]
        known = [sign for sign in signs if sign is not None]
        return any(known) if known else None


class Subject(ABC):
    """One environment under test.

    Args:
        env: the environment, wrappers and all.
    """

    surface: ClassVar[str]

    def __init__(self, env: Any) -> None:
        self.env = env
        self.moment: Moment | None = None
        self._given: Any = ()  # what the environment gave last, where `ask` needs it

    # --- what a kind of environment supplies ------------------------------------------------------------------

    @abstractmethod
    def attribute(self, name: str) -> Any:
        """An attribute of the environment through its wrappers, None where there is none."""

    @abstractmethod
    def spec(self, name: str) -> MaskSpec:
        """The mask of one seat."""

    @abstractmethod
    def observation_space(self, name: str) -> spaces.Space[Any]:
        """The space of one seat's observations."""

    @abstractmethod
    def ask(self) -> Moment:
        """The moment, with everything that can be asked for without a step asked for anew."""

    @abstractmethod
    def _reset(self, seed: int | None) -> Moment: ...

    @abstractmethod
    def _step(self, actions: Mapping[str, Any]) -> Moment: ...

    @abstractmethod
    def head_mask(self, name: str) -> HeadMask | None:
        """(k, prefix) -> what head k of a seat may take, None where the environment does not know."""

    def counts(self) -> dict[str, int] | None:
        """The counter of invalid actions of each seat (the whole one in each, where it is not kept apart)."""
        count = self.attribute("invalid_actions")
        names = self.moment.seats if self.moment is not None else ()
        return None if count is None else {name: int(count) for name in names}

    # --- what all share ---------------------------------------------------------------------------------------

    @property
    def declares(self) -> bool:
        """Whether the environment declares its mask, and with it the whole law."""
        return self.attribute("mask_spec") is not None

    @property
    def answers_at_once(self) -> bool:
        """Whether one step answers an action, and does not wait for those of other agents."""
        return True

    @property
    def on_invalid(self) -> str | None:
        """How the environment says that it answers an invalid action."""
        answer: str | None = self.attribute("on_invalid")
        return answer

    def reset(self, seed: int | None) -> Moment:
        self.moment = self._reset(seed)
        return self.moment

    def step(self, actions: Mapping[str, Any]) -> Moment:
        self.moment = self._step(actions)
        return self.moment

    def attempt(self, actions: Mapping[str, Any]) -> Outcome:
        """A step that may be refused."""
        before, error, moment = self.counts(), None, None
        try:
            moment = self.step(actions)
        except Exception as raised:  # how an environment refuses is its own affair; the laws judge it
            error = raised
        after = self.counts()
        counted = None if before is None or after is None else {name: after[name] - before[name] for name in before}
        return Outcome(error, moment, counted)

    def position(self) -> Any:
        """What `get_state()` gives, None where there is no such method."""
        get_state = self.attribute("get_state")
        return get_state() if callable(get_state) else None

    def fork(self, spare: Subject | None = None) -> Subject:
        """A copy that stands where this one stands.

        Args:
            spare: an earlier copy; it is moved here where the environment can do that, which is faster than copying.
        """
        bare = self.env is getattr(self.env, "unwrapped", None)
        if spare is None or not bare or not callable(self.attribute("set_state")):
            return copy.deepcopy(self)
        spare.attribute("set_state")(self.position())
        spare.moment, spare._given = self.moment, self._given
        return spare

    def reset_ended(self) -> bool:
        """Reset the seats that have ended, where they can be and must be one by one; whether there were any."""
        return False

    def legal_actions(self, rng: np.random.Generator) -> dict[str, Any]:
        """One action for each seat that must give one, legal by its mask.

        Raises:
            ValueError: a mask that nothing can be drawn from.
        """
        assert self.moment is not None
        return {name: self.legal_action(name, rng) for name in self.moment.seats if self._takes_action(name)}

    def legal_action(self, name: str, rng: np.random.Generator) -> Any:
        """One action of a seat, legal by its mask."""
        assert self.moment is not None
        spec, seat = self.spec(name), self.moment.seats[name]
        mask = playable(spec, seat.mask) if seat.acting else spec.full()
        if spec.kind == "conditional" and len(spec.heads) > 2:
            return spec.sample(mask, rng, self.head_mask(name))  # type: ignore[call-arg]
        return spec.sample(mask, rng)

    def _takes_action(self, name: str) -> bool:
        """Whether `step` wants an action of this seat (a vector environment does of every row)."""
        assert self.moment is not None
        return self.moment.seats[name].acting


def playable(spec: MaskSpec, mask: Any) -> Any:
    """A mask in the dtype of the law, so that one broken law does not hide the others."""
    if spec.kind in ("dict", "interval") or mask is None:
        return mask
    return (np.asarray(mask) != 0).astype(np.int8)


def masks_in(observation: Any, info: Mapping[str, Any], asked: Any) -> dict[str, Any]:
    """The canonical masks of one seat by place."""
    masks = {}
    if isinstance(observation, Mapping) and "action_mask" in observation:
        masks['observation["action_mask"]'] = observation["action_mask"]
    if "action_mask" in info:
        masks['info["action_mask"]'] = info["action_mask"]
    if asked is not None:
        masks["env.action_mask"] = asked
    return masks


def declared_spec(declared: Any, action_space: spaces.Space[Any]) -> MaskSpec:
    """The spec an environment declares, or the one that its action space implies."""
    return declared if isinstance(declared, MaskSpec) else MaskSpec.from_space(action_space)


def subject_of(env: Any) -> Subject:
    """The subject for an environment.

    Raises:
        TypeError: none of the interfaces that are known.
    """
    from .gymnasium_subjects import SingleSubject, VectorSubject
    from .pettingzoo_subjects import AECSubject, ParallelSubject

    for kind in (VectorSubject, SingleSubject, AECSubject, ParallelSubject):
        if kind.fits(env):
            return kind(env)
    raise TypeError(
        f"expected an id, a gymnasium.Env, a gymnasium VectorEnv, a PettingZoo AECEnv or ParallelEnv, or a function "
        f"that makes one, not {type(env).__name__}"
    )
