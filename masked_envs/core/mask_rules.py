"""Legality and sampling for each kind of mask: the only implementation of either.

The stepping loop and `MaskSpec` both run these rules, on one mask and one action in the engine's form:

kind                  mask row                  action row
flat, candidates      bool (n,)                 int64 scalar, from 0 (`Discrete.start` is already taken off)
per_head              bool (sum nvec,)          int64 (heads,)
joint, conditional    bool nvec-shaped          int64 (heads,)   (conditional: (nvec[0], nvec[1]))
binary                bool (n, 2)               int8 (n,)
interval              float64 (2, d)            float64 (d,)
dict                  a record of the above     a record of the above

`heads` is nvec as int64. `allows_*` takes any numbers, out of range and NaN included. `pick_*` turns uniform numbers
`u` in [0, 1) into one legal action, each equally likely, and returns whether there is one; without one it writes an
action that the mask does not allow.
"""

from typing import Any

import numpy as np

from .rules import copy_to, rule, verb  # noqa: F401 (generated rules call copy_to)

SHORT, BLOCK = 32, 64  # elements of a mask, measured


@rule
def allows_flat(mask: Any, action: Any, heads: Any) -> bool:
    return bool(mask[action]) if 0 <= action < mask.size else False


def _pick_flat(mask: Any, u: Any) -> int:
    where = np.flatnonzero(mask)
    return int(where[int(u * where.size)]) if where.size else -1


@verb(python=_pick_flat)
def pick_flat(mask: Any, u: Any) -> int:
    """The flat index of one of the nonzero elements of an array, each equally likely; -1 when there is none."""
    total = 0
    for i in range(mask.size):
        total += mask.flat[i] != 0
    if total == 0:
        return -1
    chosen = int(u * total)
    # Which elements are set is unpredictable: a branch on each costs more than to look at all of a short mask.
    if mask.size <= SHORT:
        index, seen = 0, 0
        for i in range(mask.size):
            seen += mask.flat[i] != 0
            index += seen <= chosen
        return index
    left, i = chosen + 1, 0
    while i + BLOCK <= mask.size:  # a block is counted without a branch, by vector instructions
        found = 0
        for k in range(BLOCK):
            found += mask.flat[i + k] != 0
        if found >= left:
            break
        left -= found
        i += BLOCK
    left -= mask.flat[i] != 0
    while left > 0:
        i += 1
        left -= mask.flat[i] != 0
    return i


@rule
def allows_per_head(mask: Any, action: Any, heads: Any) -> bool:
    start = 0
    for k in range(heads.size):
        if not (0 <= action[k] < heads[k] and bool(mask[start + action[k]])):
            return False
        start += heads[k]
    return True


@rule
def pick_per_head(mask: Any, u: Any, heads: Any, action: Any) -> bool:
    start, found = 0, True
    for k in range(heads.size):
        choice = pick_flat(mask[start : start + heads[k]], u[k])
        action[k] = choice
        found = found and choice >= 0
        start += heads[k]
    return found


@rule
def allows_joint(mask: Any, action: Any, heads: Any) -> bool:
    """Looks the first heads of `action` up in a mask with one axis for each of them."""
    cell = 0
    for k in range(mask.ndim):
        if not (0 <= action[k] < heads[k]):
            return False
        cell = cell * heads[k] + action[k]
    return bool(mask.flat[cell])


@rule
def pick_joint(mask: Any, u: Any, heads: Any, action: Any) -> bool:
    chosen = pick_flat(mask, u[0])
    cell = chosen
    for k in range(mask.ndim - 1, -1, -1):
        action[k] = cell % heads[k]
        cell = cell // heads[k]
    return chosen >= 0


@rule
def allows_binary(mask: Any, action: Any, heads: Any) -> bool:
    for k in range(action.size):
        if not (0 <= action[k] <= 1 and bool(mask[k, action[k]])):
            return False
    return True


@rule
def pick_binary(mask: Any, u: Any, heads: Any, action: Any) -> bool:
    found = True
    for k in range(action.size):
        choice = pick_flat(mask[k], u[k])
        action[k] = choice
        found = found and choice >= 0
    return found


@rule
def allows_interval(mask: Any, action: Any, heads: Any) -> bool:
    for k in range(action.size):
        if not (mask[0, k] <= action[k] <= mask[1, k]):
            return False
    return True


@rule
def pick_interval(mask: Any, u: Any, heads: Any, action: Any) -> bool:
    found = True
    for k in range(action.size):
        low, high = float(mask[0, k]), float(mask[1, k])
        # A weighted mean, since high - low can overflow; rounding can leave the bounds by one unit in the last place.
        action[k] = max(low, min(high, (1.0 - u[k]) * low + u[k] * high))
        found = found and low <= high
    return found


# --- one shape for the loops: write a legal action into actions[i], and say whether there is one ----------------


@rule
def pick_into_flat(mask: Any, u: Any, heads: Any, actions: Any, i: int) -> bool:
    choice = pick_flat(mask, u[0])
    actions[i] = choice
    return choice >= 0


@rule
def pick_into_per_head(mask: Any, u: Any, heads: Any, actions: Any, i: int) -> bool:
    return pick_per_head(mask, u, heads, actions[i])


@rule
def pick_into_joint(mask: Any, u: Any, heads: Any, actions: Any, i: int) -> bool:
    return pick_joint(mask, u, heads, actions[i])


@rule
def pick_into_binary(mask: Any, u: Any, heads: Any, actions: Any, i: int) -> bool:
    return pick_binary(mask, u, heads, actions[i])


@rule
def pick_into_interval(mask: Any, u: Any, heads: Any, actions: Any, i: int) -> bool:
    return pick_interval(mask, u, heads, actions[i])
