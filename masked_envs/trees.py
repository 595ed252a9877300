"""Masks, actions and observations as nested dicts and tuples of arrays: copies, rows of a batch, batches of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def map(function: Callable[..., Any], first: Any, *others: Any) -> Any:
    """`function` of the leaves at the same place of equally built dicts and tuples, in that structure."""
    if isinstance(first, dict):
        return {key: map(function, part, *(other[key] for other in others)) for key, part in first.items()}
    if isinstance(first, tuple):
        return tuple(map(function, *parts) for parts in zip(first, *others, strict=True))
    return function(first, *others)


def copy_of(value: Any) -> Any:
    """A copy, array by array."""
    if isinstance(value, dict):
        return {key: copy_of(part) for key, part in value.items()}
    return tuple(copy_of(part) for part in value) if isinstance(value, tuple) else value.copy()


def row_of(batch: Any, row: int) -> Any:
    """One row of a batch."""
    if isinstance(batch, Mapping):
        return {key: row_of(part, row) for key, part in batch.items()}
    if isinstance(batch, tuple):
        return tuple(row_of(part, row) for part in batch)
    return batch[row]


def rows_of(batch: Any) -> list[Any]:
    """All rows of a batch."""
    if isinstance(batch, dict):
        parts = [rows_of(part) for part in batch.values()]
        return [dict(zip(batch, row, strict=True)) for row in zip(*parts, strict=True)]
    if isinstance(batch, tuple):
        return list(zip(*[rows_of(part) for part in batch], strict=True))
    return list(batch)


def stack(rows: list[Any]) -> Any:
    """The reverse of `rows_of`."""
    first = rows[0]
    if isinstance(first, dict):
        return {key: stack([row[key] for row in rows]) for key in first}
    if isinstance(first, tuple):
        return tuple(stack(list(column)) for column in zip(*rows, strict=True))
    return np.stack(rows)
