"""A position as a value, with a checksum by which damage is noticed."""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from .declaration import TIME_LIMIT
from .parameters import Value
from .rules import state_record

EVERY_RECORD = state_record()  # the fields that every record begins with


@dataclass(frozen=True)
class State:
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

    def sealed(self) -> State:
        """The same state with the right checksum, for a position that was changed on purpose."""
        return replace(self, checksum=checksum_of(self))

    def is_intact(self) -> bool:
        """Whether the checksum is right."""
        flags = (self.terminated, self.truncated, self.started)
        return all(isinstance(flag, bool) for flag in flags) and self.checksum == checksum_of(self)


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


def checksum_of(state: State) -> int:
    """What the checksum of a state should be: a CRC-32, which finds every damage of up to 32 neighbouring bits."""
    return _checksum(state.id, state.parameters, state.record, (state.terminated, state.truncated, state.started))


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
    if state.id != env_id:
        raise ValueError(f"this is a state of {state.id}; set_state here takes a state of {env_id}")
    if not isinstance(state.record, bytes):
        raise ValueError(f"this state of {env_id} is damaged: its record is no bytes, but {type(state.record)}")
    if state.parameters != parameters or len(state.record) != size:
        raise ValueError(
            f"this is a state of {env_id} with the parameters {_shown(state.parameters)}; "
            f"expected one with {_shown(parameters)}"
        )
    if not state.is_intact():
        raise ValueError(
            f"this state of {env_id} is damaged: its checksum is wrong. A state that was changed on purpose needs "
            f"state.sealed()"
        )


def check_fields(state: Any, env_id: str) -> None:
    """Refuse a state, a dataclass, that lacks a field, as one can that was unpickled from damaged bytes.

    Raises:
        ValueError: a field is missing.
    """
    missing = [field.name for field in fields(state) if field.name not in vars(state)]
    if missing:
        raise ValueError(f"this state of {env_id} is damaged: it has no {', '.join(missing)}")


def _shown(parameters: Any) -> Any:
    try:
        return dict(parameters)
    except (TypeError, ValueError):  # damaged parameters are shown as they are
        return parameters
