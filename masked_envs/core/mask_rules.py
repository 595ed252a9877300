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
uniform numbers `u` in [0, 1) into one legal action, each equally likely.
"""

from typing import Any

from .rules import count_nonzero, nth_nonzero, rule


@rule
def allows_flat(mask: Any, action: Any, heads: Any) -> bool:
    return bool(0 <= action < mask.size and mask[action] != 0)


@rule
def pick_flat(mask: Any, u: Any) -> int:
    return nth_nonzero(mask, int(u * count_nonzero(mask)))


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
        # min: rounding of the sum can pass the upper bound by one unit in the last place
        action[k] = min(mask[0, k] + u[k] * (mask[1, k] - mask[0, k]), mask[1, k])


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
