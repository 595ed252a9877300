"""Whether the position of an environment was changed from outside, by `set_state` on the environment below."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym

from .place import takes_no_arguments


def snapshot(env: gym.Env[Any, Any]) -> bytes | None:
    """The position of an environment as bytes; None where it cannot be saved and restored, or not be pickled."""
    get_state, set_state = (getattr(env.unwrapped, name, None) for name in ("get_state", "set_state"))
    if not (callable(get_state) and callable(set_state) and takes_no_arguments(get_state)):
        return None
    try:
        return pickle.dumps(get_state())
    except (pickle.PicklingError, TypeError, AttributeError):  # what pickle raises for what it cannot write
        return None


def set_state_calls(env: gym.Env[Any, Any]) -> int:
    """How often the position was set, where the environment counts it; 0 where it does not."""
    return int(env.get_wrapper_attr("set_state_calls")) if env.has_wrapper_attr("set_state_calls") else 0


def mark(env: gym.Env[Any, Any]) -> tuple[Any, ...]:
    """Something that differs once the position of a masked environment was changed by anything but its own steps.

    An environment that counts its `set_state` calls is believed. Of any other one, the position and the mask are
    compared; where it cannot save its position, another one with the same mask is not noticed.
    """
    counts = hasattr(env.unwrapped, "set_state_calls")
    position = None if counts else (snapshot(env), pickle.dumps(env.get_wrapper_attr("action_mask")))
    return (set_state_calls(env), position)


@dataclass(frozen=True)
class MaskedState:
    """A position of a wrapped environment: a value that pickles and compares.

    Attributes:
        inner: what `get_state()` of the environment within gave.
        over, terminated: whether the episode has ended, and how.
        stream: the state of the wrapper's random generator.
        last: the observation, info and mask of the position, which are shown again.
    """

    inner: Any
    over: bool
    terminated: bool
    stream: Any
    last: Any = field(compare=False, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MaskedState) and self._bytes() == other._bytes()

    def __hash__(self) -> int:
        return hash(self._bytes())

    def _bytes(self) -> bytes:
        return pickle.dumps((self.inner, self.over, self.terminated, self.stream))
