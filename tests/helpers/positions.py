"""Positions made by hand: read the fields of a state that `get_state` gave, and change some of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from surfaces import declared_of

from masked_envs.core.engine import State


def read(state: State) -> np.void:
    """The record of a state, a copy."""
    declared = declared_of(state.id)
    dtype = declared.state(declared.resolve(dict(state.parameters)))
    return np.frombuffer(state.record, dtype)[0].copy()


def changed(state: State, **fields: Any) -> State:
    """The state with other values in some fields of its record."""
    record = read(state)
    for name, value in fields.items():
        record[name] = value
    return replace(state, record=record.tobytes()).sealed()
