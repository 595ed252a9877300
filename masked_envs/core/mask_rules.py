"""What a mask of each kind allows, and how one legal action is drawn from it: the only text of either.

The stepping loop and `MaskSpec` both run these functions, on one canonical mask row and one canonical action row:

kind                  mask row                  action row
flat, candidates      bool (n,)                 int64 scalar, from 0 (`Discrete.start` is already taken off)
per_head              bool (sum nvec,)          int64 (heads,)
joint, conditional    bool nvec-shaped          int64 (heads,)   (conditional: (nvec[0], nvec[1]))
binary                bool (n, 2)               int8 (n,)
interval              float64 (2, d)            float64 (d,)
dict                  a record of the above     a record of the above

`heads` is nvec as int64. `allows_*` answers for any numbers whatever, out of range and NaN included. `pick_*` turns
uniform numbers `u` in [0, 1) into one legal action, each equally likely; from a mask that allows none it writes an
action that the mask does not allow.
"""

from typing import Any

import numpy as np

from .rules import rule, verb


@rule
def allows_flat(mask: Any, action: Any, heads: Any) -> bool:
    return bool(0 <= action < mask.size and mask[action] != 0)


def _pick_flat(mask: Any, u: Any) -> int:
    where = np.flatnonzero(mask)
    return int(where[int(u * where.size)]) if where.size else -1


@verb(python=_pick_flat)
def pick_flat(mask: Any, u: Any) -> int:
    """The index of one of the nonzero elements of a vector, each equally likely; -1 when there is none."""
    total = 0
    for i in range(mask.size):
        total += mask[i] != 0
    chosen = int(u * total)
    index, seen = 0, 0
    for i in range(mask.size):  # without a branch: an early exit costs more in mispredictions than it saves
        seen += mask[i] != 0
        index += seen <= chosen
    return index if total > 0 else -1


@rule
def allows_per_head(mask: Any, action: Any, heads: Any) -> bool:
    start = 0
    for k in range(heads.size):
        if not (0 <= action[k] < heads[k] and mask[start + action[k]] != 0):
            return False
        start += heads[k]
    return True


@rule
def pick_per_head(mask: Any, u: Any, heads: Any, action: Any) -> None:
    start = 0
    for k in range(heads.size):
        action[k] = pick_flat(mask[start : start + heads[k]], u[k])
        start += heads[k]


@rule
def allows_joint(mask: Any, action: Any, heads: Any) -> bool:
    """Looks the first heads of `action` up in a mask with one axis for each of them."""
    cell = 0
    for k in range(mask.ndim):
        if not (0 <= action[k] < heads[k]):
            return False
        cell = cell * heads[k] + action[k]
    return bool(mask.ravel()[cell] != 0)


@rule
def pick_joint(mask: Any, u: Any, heads: Any, action: Any) -> None:
    cell = pick_flat(mask.ravel(), u[0])
    for k in range(mask.ndim - 1, -1, -1):
        action[k] = cell % heads[k]
        cell = cell // heads[k]


@rule
def allows_binary(mask: Any, action: Any, heads: Any) -> bool:
    for k in range(action.size):
        if not (0 <= action[k] <= 1 and mask[k, action[k]] != 0):
            return False
    return True


@rule
def pick_binary(mask: Any, u: Any, heads: Any, action: Any) -> None:
    for k in range(action.size):
        action[k] = pick_flat(mask[k], u[k])


@rule
def allows_interval(mask: Any, action: Any, heads: Any) -> bool:
    for k in range(action.size):
        if not (mask[0, k] <= action[k] <= mask[1, k]):
            return False
    return True


@rule
def pick_interval(mask: Any, u: Any, heads: Any, action: Any) -> None:
    for k in range(action.size):
        low, high = float(mask[0, k]), float(mask[1, k])
        # A weighted mean, since high - low can overflow; rounding can leave the bounds by one unit in the last place.
        action[k] = max(low, min(high, (1.0 - u[k]) * low + u[k] * high))


# --- one shape for the loops: write a legal action into actions[i] ----------------------------------------------


@rule
def pick_into_flat(mask: Any, u: Any, heads: Any, actions: Any, i: int) -> None:
    actions[i] = pick_flat(mask, u[0])


@rule
def pick_into_per_head(mask: Any, u: Any, heads: Any, actions: Any, i: int) -> None:
    pick_per_head(mask, u, heads, actions[i])


@rule
def pick_into_joint(mask: Any, u: Any, heads: Any, actions: Any, i: int) -> None:
    pick_joint(mask, u, heads, actions[i])


@rule
def pick_into_binary(mask: Any, u: Any, heads: Any, actions: Any, i: int) -> None:
    pick_binary(mask, u, heads, actions[i])


@rule
def pick_into_interval(mask: Any, u: Any, heads: Any, actions: Any, i: int) -> None:
    pick_interval(mask, u, heads, actions[i])
