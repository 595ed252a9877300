"""The arrays that an engine's rows live in: their dtypes, and views of them row by row."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

# Buffers of an engine by their names: what a step or a reset writes, and so what `restore` brings back. Not
# `invalid_counts`, which only grow.
MOVED = (
    "records", "observations", "masks", "invalid", "rewards", "terminated", "truncated", "started", "acting", "left",
)  # fmt: skip
# What belongs to one row, beside its state.
PER_ROW = (
    "observations", "masks", "actions", "invalid", "invalid_counts", "rewards", "terminated", "truncated", "started",
    "acting", "left", "resting", "draws", "scratch", "prefixes",
)  # fmt: skip
# Of which the loop reads and writes single numbers, or single views, only.
INDEXED = {
    "observations", "masks", "invalid", "invalid_counts", "terminated", "truncated", "started", "acting", "left",
    "resting",
}  # fmt: skip


def observation_dtype(space: spaces.Space[Any]) -> np.dtype[Any]:
    """The buffer dtype of one observation: an array for a leaf space, a record for a Dict."""
    if isinstance(space, spaces.Dict):
        return np.dtype([(key, observation_dtype(part)) for key, part in space.spaces.items()])
    if isinstance(space, spaces.Discrete):  # one number, in an array so that rules can write it
        return np.dtype((np.int64, (1,)))
    if not isinstance(space, (spaces.Box, spaces.MultiDiscrete, spaces.MultiBinary)):
        raise TypeError(f"rules cannot write observations of {space}")
    return np.dtype((space.dtype, space.shape))


def wide(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The same form in 64 bits: NumPy's scalars stay narrow in arithmetic where numba's widen."""
    if dtype.names:
        return np.dtype([(name, wide(dtype[name])) for name in dtype.names])
    return np.dtype((np.float64 if dtype.base.kind == "f" else np.int64, dtype.shape))


def as_int8(masks: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A view of mask buffers, bool ones as int8; what masks are outside of the engine."""
    return masks.view(np.int8) if masks.dtype == np.bool_ else masks


class RowViews(NamedTuple):
    """Observations and masks as lists of views, by row and then by view."""

    observations: list[list[Any]]
    masks: list[list[Any]]


def row_views(observations: npt.NDArray[Any], masks: npt.NDArray[Any]) -> RowViews:
    """The views of these buffers (N, V, ...)."""
    return RowViews(*([[row[v] for v in range(len(row))] for row in rows] for rows in (observations, masks)))


class Moved(NamedTuple):
    """What a step of all rows gave, in new arrays.

    Attributes:
        observations, masks: (N, V, ...) and (N, V, mask); where they are records, the engine's own.
        acting: the agent (N,) to act next; None where agents take no turns.
        rewards: (N, A).
        earned: what the agent of the first view earned (N,); outside of games the memory of `rewards`.
        terminated, truncated: whether the episode is over (N,).
    """

    observations: npt.NDArray[Any]
    masks: npt.NDArray[Any]
    acting: npt.NDArray[np.int64] | None
    rewards: npt.NDArray[np.float64]
    earned: npt.NDArray[np.float64]
    terminated: npt.NDArray[np.bool_]
    truncated: npt.NDArray[np.bool_]


def new_like(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array to hand out in place of this one; not of records, whose fields are handed out as copies."""
    return array if array.dtype.names else np.empty(array.shape, array.dtype)
