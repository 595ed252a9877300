"""Positions made by hand: read the fields of a state that `get_state` gave, and change some of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from masked_envs.core.engine import State
from masked_envs.registration import declaration


def read(state: State, **parameters: Any) -> np.void:
    """The record of a state of an environment made with these parameters, a copy."""
    declared = declaration(state.id)
    dtype = declared.state(declared.resolve(parameters))
    return np.frombuffer(state.record, dtype)[0].copy()


def changed(state: State, parameters: dict[str, Any] | None = None, **fields: Any) -> State:
    """The state with other values in some fields of its record."""
    record = read(state, **(parameters or {}))
    for name, value in fields.items():
        record[name] = value
    return replace(state, record=record.tobytes())
