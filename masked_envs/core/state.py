"""A position as a value, and a state record as plain Python reads it."""

from __future__ import annotations

from dataclasses import dataclass
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
        id: the environment's.
        parameters: the environment's own, without the time limit.
        record: the bytes of the state record.
        terminated, truncated: whether the episode is over.
        started: whether it was ever reset.
    """

    id: str
    parameters: tuple[tuple[str, Value], ...]
    record: bytes
    terminated: bool
    truncated: bool
    started: bool

    def without_clock(self) -> bytes:
        """The record with `elapsed_steps` at zero: what stays the same when time passes and nothing else happens."""
        words = np.frombuffer(self.record, np.uint8).copy()
        words[: EVERY_RECORD.itemsize].view(EVERY_RECORD)["elapsed_steps"] = 0
        return bytes(words)


def own_parameters(values: dict[str, Value]) -> tuple[tuple[str, Value], ...]:
    """What must be equal for a position of one environment to be one of another."""
    return tuple((name, value) for name, value in values.items() if name != TIME_LIMIT)


def check_state(state: Any, like: State) -> State:
    """The state, if it is one of the environment that `like` is a state of.

    Raises:
        TypeError: not a state. ValueError: a state of another environment, or of other parameters.
    """
    if not isinstance(state, State):
        raise TypeError(f"set_state takes what get_state gave, not {type(state).__name__}")
    if state.id != like.id:
        raise ValueError(f"this is a state of {state.id}; set_state here takes a state of {like.id}")
    if state.parameters != like.parameters or len(state.record) != len(like.record):
        given, wanted = dict(state.parameters), dict(like.parameters)
        raise ValueError(f"this is a state of {state.id} with the parameters {given}; expected one with {wanted}")
    return state


class PlainState:
    """A state record for plain Python: `fields` has scalars as Python numbers, and arrays as views of the record.

    Ten times faster to read than a NumPy record; `store` brings the scalars back to the record.
    """

    def __init__(self, record: np.void) -> None:
        self.record = record
        names = record.dtype.names or ()
        self.scalars = [name for name in names if record.dtype[name].shape == ()]
        self.fields: dict[str, Any] = {name: record[name] for name in names}
        # It gives Python numbers, over the same memory; by way of bytes, since it takes no unaligned int64.
        self.fields["rng"] = memoryview(record["rng"].view(np.uint8)).cast("q")
        self.load()

    def load(self) -> None:
        """Read the scalars from the record."""
        for name in self.scalars:
            self.fields[name] = self.record[name].item()

    def store(self) -> None:
        """Write the scalars to the record."""
        for name in self.scalars:
            self.record[name] = self.fields[name]
