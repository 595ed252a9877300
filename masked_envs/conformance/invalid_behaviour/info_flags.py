"""Keys of info that say whether an action was refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

REFUSED = ("invalid", "illegal", "refused", "rejected")  # True, or a count that rises, says so
ACCEPTED = (
    "valid", "is_valid", "valid_action", "is_valid_action", "action_valid", "action_is_valid", "valid_move",
    "legal", "is_legal", "legal_action", "is_legal_action", "action_legal", "action_is_legal", "legal_move",
    "accepted", "action_accepted",
)  # fmt: skip
"""False says so."""


def refusals_in(before: Any, after: Any, key: str | None = None) -> dict[str, bool]:
    """By key of info: whether it says that the action was refused.

    Args:
        before, after: info before and after the action. A count of invalid actions has risen in between; a text says
            why the action was refused, and is empty or None where it was not.
        key: looked for whatever its name, and also where it holds an amount, or a list of what was violated; None: all
            keys with a name that tells.
    """
    found: dict[str, bool] = {}
    if not isinstance(after, Mapping):
        return found
    for name in after if key is None else [key] if key in after else []:
        word = str(name).lower()
        says_so = key is not None or any(part in word for part in REFUSED)
        if (number := _scalar(after[name])) is None:
            refused = _said(after[name], key is not None) if says_so and word not in ACCEPTED else None
            found.update({} if refused is None else {name: refused})
            continue
        is_flag, now = number
        if word in ACCEPTED and is_flag:
            found[name] = not now
        elif says_so:
            earlier = _scalar(before.get(name)) if isinstance(before, Mapping) else None
            found[name] = bool(now) if is_flag else now > (earlier[1] if earlier else 0)
    if key is not None and key not in after and key.lower() not in ACCEPTED:
        found[key] = False  # many environments have the key after invalid actions only
    return found


def _said(value: Any, named: bool) -> bool | None:
    """Whether something that is no flag and no count says that an action was refused; None where it cannot be told.

    Args:
        value: a text or None, or of a key that the caller has named also an amount or a collection.
        named: whether the caller has named the key.
    """
    if value is None or isinstance(value, str):
        return bool(value)
    if not named:
        return None
    if isinstance(value, (float, np.floating)):
        return bool(value > 0)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return bool(value.any())
    return bool(value) if isinstance(value, (list, tuple, set, frozenset, dict)) else None


def _scalar(value: Any) -> tuple[bool, float] | None:
    """Whether a value is a flag, and its number; None where it is neither a flag nor a count."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, (bool, np.bool_)):
        return True, float(value)
    if isinstance(value, (int, np.integer)):
        return False, float(value)
    return None
