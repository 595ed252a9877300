"""The loops over batches of masks, with the rules of one kind of mask, on a backend."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..core import mask_loops, number_rules
from ..core.backends import Backend

COMPILE_FROM = 64  # rows; below, plain Python is faster than loading numba

Rules = tuple[Callable[..., Any], Callable[..., Any]]


@functools.cache
def bound_loops(rules: Rules, backend: Backend) -> Any:
    """`mask_loops` for one kind of mask, by its `allows_*` and `pick_into_*`."""
    allows, pick = rules
    entries = (mask_loops.allows_rows, mask_loops.pick_rows)
    given: dict[Callable[..., Any], Callable[..., Any]] = {mask_loops.allows: allows, mask_loops.pick: pick}
    return backend.bind(f"mask_{allows.__name__}", entries, given)


@functools.cache
def bound_choices(choices: Callable[..., Any], backend: Backend) -> Any:
    """The loop of `number_rules` over what may be chosen next, for one kind of mask, by its `choices_*`."""
    given = {number_rules.choices: choices}
    return backend.bind(f"numbers_{choices.__name__}", (number_rules.choices_rows,), given)
