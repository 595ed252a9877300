"""Masks, actions and observations as nested dicts and tuples of arrays: copies, rows of a batch, batches of rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


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
        return [dict(zip(batch, row, strict=True)) for row in zip(*map(rows_of, batch.values()), strict=True)]
    if isinstance(batch, tuple):
        return list(zip(*map(rows_of, batch), strict=True))
    return list(batch)


def stack(rows: list[Any]) -> Any:
    """The reverse of `rows_of`."""
    first = rows[0]
    if isinstance(first, dict):
        return {key: stack([row[key] for row in rows]) for key in first}
    if isinstance(first, tuple):
        return tuple(stack(list(column)) for column in zip(*rows, strict=True))
    return np.stack(rows)


def plain(value: Any) -> Any:
    """The value as JSON can hold it; what JSON has no form for becomes its repr."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return repr(value)


def merge(new: Any, old: Any, where: Any) -> Any:
    """A batch with the rows of `new` in `where`, bool (rows,), and those of `old` elsewhere."""
    if isinstance(new, dict):
        return {key: merge(part, old[key], where) for key, part in new.items()}
    if isinstance(new, tuple):
        return tuple(merge(part, other, where) for part, other in zip(new, old, strict=True))
    merged = old.copy()
    merged[where] = new[where]
    return merged


def equal(a: Any, b: Any) -> bool:
    """Whether two masks of one form are equal."""
    if isinstance(a, dict):
        return all(equal(part, b[key]) for key, part in a.items())
    if isinstance(a, tuple):
        return all(map(equal, a, b))
    return np.array_equal(a, b)
