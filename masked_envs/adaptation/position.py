"""Positions of wrapped environments: as values, and whether `set_state` on the environment below has changed one."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field, fields
from typing import Any

import gymnasium as gym

from ..core.sealed import Sealed, check_intact, checksum_of
from ..mask_spec.checks import shown
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


def owner_of(wrapper: Any, argument: Any) -> str:
    """Whose states a wrapper takes: those of a wrapper with the same argument, which shows the same spaces."""
    spaces = [
        getattr(wrapper, f"single_{name}", getattr(wrapper, name)) for name in ("action_space", "observation_space")
    ]
    return f"{type(wrapper).__name__}({argument}), {spaces[0]}, {spaces[1]}"


@dataclass(frozen=True)
class WrapperState(Sealed):
    """A position of a wrapped environment: a value that pickles, hashes and compares.

    Attributes:
        owner: see `owner_of`.
        inner: what `get_state()` of the environment within gave.
        over, terminated: whether the episode has ended, and how.
        last: the observation and info of the position, which are shown again; no part of a comparison.
        checksum: of all the others; see `masked_envs.core.sealed`.
    """

    owner: str
    inner: Any
    over: bool
    terminated: bool
    last: Any = field(compare=False, repr=False)
    checksum: int = field(default=0, compare=False, kw_only=True)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._compared() == other._compared()

    def __hash__(self) -> int:
        return self._compared()

    def _compared(self) -> int:
        """The checksum of what is compared: what an environment gives may be arrays, which `==` does not compare."""
        return checksum_of([getattr(self, each.name) for each in fields(self) if each.compare])


def check_wrapper_state(state: Any, expected: type[WrapperState], owner: str) -> None:
    """Refuse what is not an undamaged state of a wrapper with the same arguments over the same spaces.

    Raises:
        TypeError: not a state of such a wrapper. ValueError: that of another one, or a damaged one.
    """
    wrapper = owner.partition("(")[0]
    if not isinstance(state, expected):
        raise TypeError(f"expected what get_state() of {wrapper} gave, not {type(state).__name__}")
    check_intact(state, wrapper)
    if state.owner != owner:
        raise ValueError(f"this is a state of {shown(state.owner)}; expected one of {shown(owner)}")


@dataclass(frozen=True, eq=False)
class MaskedState(WrapperState):
    """A state of `ActionMask`.

    Attributes:
        stream: the state of the wrapper's random generator.
        mask, end: the mask of the position, and where the episode ended; no part of a comparison.
    """

    stream: Any
    mask: Any = field(compare=False, repr=False)
    end: bytes | None = field(compare=False, repr=False)
