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
        before, after: info before and after the action. A count of invalid actions has risen in between.
        key: looked for whatever its name; None: all keys with a name that tells.
    """
    found: dict[str, bool] = {}
    if not isinstance(after, Mapping):
        return found
    for name, value in after.items():
        word = str(name).lower()
        wanted = key is None or name == key
        if not wanted or not (number := _scalar(value)):
            continue
        is_flag, now = number
        if word in ACCEPTED and is_flag:
            found[name] = not now
        elif any(part in word for part in REFUSED) or key is not None:
            earlier = _scalar(before.get(name)) if isinstance(before, Mapping) else None
            found[name] = bool(now) if is_flag else now > (earlier[1] if earlier else 0)
    if key is not None and key.lower() not in ACCEPTED:
        found.setdefault(key, False)  # many environments have the key after invalid actions only
    return found


def _scalar(value: Any) -> tuple[bool, float] | None:
    """Whether a value is a flag, and its number; None where it is neither a flag nor a count."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, (bool, np.bool_)):
        return True, float(value)
    if isinstance(value, (int, np.integer)):
        return False, float(value)
    return None
