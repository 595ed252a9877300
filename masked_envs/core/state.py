"""A position as a value, with a checksum by which damage is noticed."""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..mask_spec.checks import shown
from .declaration import TIME_LIMIT
from .parameters import Value
from .rules import state_record
from .sealed import Sealed, check_fields, check_intact

EVERY_RECORD = state_record()  # the fields that every record begins with


@dataclass(frozen=True)
class State(Sealed):
    """A whole position, random stream and clock included: a value that pickles, hashes and compares.

    Attributes:
        id: of the environment.
        parameters: its parameters, without the time limit.
        record: the bytes of the state record.
        terminated, truncated: whether the episode is over.
        started: whether it was ever reset.
        checksum: of all the others. `set_state` refuses a state whose checksum is wrong, since compiled rules index
            arrays by what a state says. After an intended change, such as a hidden card drawn anew, use `sealed`.
    """

    id: str
    parameters: tuple[tuple[str, Value], ...]
    record: bytes
    terminated: bool
    truncated: bool
    started: bool
    checksum: int

    def without_clock(self) -> bytes:
        """The record with `elapsed_steps` at zero: what stays the same when time passes and nothing else happens."""
        words = np.frombuffer(self.record, np.uint8).copy()
        words[: EVERY_RECORD.itemsize].view(EVERY_RECORD)["elapsed_steps"] = 0
        return bytes(words)

    def is_intact(self) -> bool:
        """Whether the checksum is right, and the flags are flags."""
        return all(isinstance(flag, bool) for flag in self._flags()) and super().is_intact()

    def right_checksum(self) -> int:
        """What the checksum should be; it is written and read at every position of a search, so in three calls."""
        return _checksum(self.id, self.parameters, self.record, self._flags())

    def _flags(self) -> tuple[bool, bool, bool]:
        return (self.terminated, self.truncated, self.started)


def position_of(
    env_id: str,
    parameters: tuple[tuple[str, Value], ...],
    record: bytes,
    terminated: bool,
    truncated: bool,
    started: bool,
) -> State:
    """The state with these contents."""
    checksum = _checksum(env_id, parameters, record, (terminated, truncated, started))
    return State(env_id, parameters, record, terminated, truncated, started, checksum)


def _checksum(env_id: str, parameters: tuple[tuple[str, Value], ...], record: bytes, flags: tuple[bool, ...]) -> int:
    return zlib.crc32(bytes(flags), zlib.crc32(record, _checksum_of_owner(env_id, parameters)))


@functools.lru_cache
def _checksum_of_owner(env_id: str, parameters: tuple[tuple[str, Value], ...]) -> int:
    return zlib.crc32(repr((env_id, parameters)).encode())


def own_parameters(values: dict[str, Value]) -> tuple[tuple[str, Value], ...]:
    """What must be equal for a position of one environment to be one of another."""
    return tuple((name, value) for name, value in values.items() if name != TIME_LIMIT)


def check_state(state: Any, env_id: str, parameters: tuple[tuple[str, Value], ...], size: int) -> None:
    """Refuse what is not an undamaged state of an environment.

    Args:
        env_id, parameters: of the environment; see `State`.
        size: bytes of its state record.

    Raises:
        TypeError: not a state. ValueError: a state of another environment, or of other parameters, or a damaged one.
    """
    if not isinstance(state, State):
        raise TypeError(f"set_state takes what get_state gave, not {type(state).__name__}")
    check_fields(state, env_id)
    for name, kind, words in (("id", str, "text"), ("record", bytes, "bytes")):
        if not isinstance(getattr(state, name), kind):
            found = type(getattr(state, name)).__name__
            raise ValueError(f"this state of {env_id} is damaged: its {name} is no {words}, but {found}")
    if state.id != env_id:
        raise ValueError(f"this is a state of {shown(state.id)}; set_state here takes a state of {env_id}")
    if not _same(state.parameters, parameters) or len(state.record) != size:
        raise ValueError(
            f"this is a state of {env_id} with the parameters {_as_dict(state.parameters)}; "
            f"expected one with {_as_dict(parameters)}"
        )
    check_intact(state, env_id)


def _same(given: Any, parameters: tuple[tuple[str, Value], ...]) -> bool:
    """Whether parameters that may be damaged are equal, in type too."""
    if given is parameters:
        return True
    if type(given) is not tuple or len(given) != len(parameters):
        return False
    return all(
        type(item) is tuple and [*map(type, item)] == [*map(type, own)] and item == own
        for item, own in zip(given, parameters, strict=True)
    )


def _as_dict(parameters: Any) -> str:
    try:
        return shown(dict(parameters), 1000)
    except (TypeError, ValueError):  # damaged parameters are shown as they are
        return shown(parameters)
