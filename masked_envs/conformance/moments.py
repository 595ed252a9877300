"""What an environment under test tells: seat by seat, between two steps, and in answer to an action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..adaptation.find import NAMES
from ..mask_spec import MaskSpec
from .values import fingerprint


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
        before: the moment in which the actions were given.
        manner: how the environment answers invalid actions, where that is known from watching it.
    """

    error: Exception | None
    moment: Moment | None
    counted: Mapping[str, int] | None
    before: Moment | None = None
    manner: Manner | None = None

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
        known = self._told(name)
        if not known and self.manner is not None:
            return self.manner.refused(self, name)
        return any(known) if known else None

    def is_told(self, name: str) -> bool:
        """Whether a refusal is said to be one, and is not only what a legal action might bring as well."""
        return self.error is not None or bool(self._told(name))

    def _told(self, name: str) -> list[bool]:
        """What the flag in info and the counter say, where there are such."""
        signs = [self.flagged(name), None if self.counted is None else self.counted[name] > 0]
        return [sign for sign in signs if sign is not None]

    def seat(self, name: str) -> Seat | None:
        """The seat after the step, of an episode that ended in it its last one."""
        return None if self.moment is None else self.moment.last.get(name) or self.moment.seats.get(name)


class Manner(Protocol):
    """How an environment answers invalid actions."""

    def refused(self, outcome: Outcome, name: str) -> bool | None:
        """Whether a seat's action was refused; None where it cannot be told."""


def bare(observation: Any) -> Any:
    """The observation without the mask in it."""
    if not isinstance(observation, Mapping):
        return observation
    return {key: part for key, part in observation.items() if key not in NAMES}


def is_still(before: Seat, after: Seat) -> bool:
    """Whether the observation, but for a mask in it, is what it was."""
    return fingerprint(bare(before.observation)) == fingerprint(bare(after.observation))


def masks_in(spec: MaskSpec, observation: Any, info: Mapping[str, Any], asked: Any, sb3: Any = None) -> dict[str, Any]:
    """The canonical masks of one seat by place; that of `action_masks()` only where there is no other."""
    masks = {}
    if isinstance(observation, Mapping) and "action_mask" in observation:
        masks['observation["action_mask"]'] = observation["action_mask"]
    if "action_mask" in info:
        masks['info["action_mask"]'] = info["action_mask"]
    if asked is not None:
        masks["env.action_mask"] = asked
    if not masks and sb3 is not None:
        masks["action_masks()"] = spec.parse(np.asarray(sb3), from_="sb3")
    return masks
