"""What `on_invalid` and `invalid_reward` may be, for the engine and for wrappers of third-party environments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..mask_spec.checks import check_choice
from .parameters import finite

ON_INVALID = ("raise", "terminate", "noop", "resample")


def check_on_invalid(on_invalid: Any, known: Sequence[str] = ON_INVALID) -> str:
    """The value, if it is one of `known`.

    Raises:
        ValueError: anything else; the message lists what is known.
    """
    check_choice("on_invalid", on_invalid, known)
    return str(on_invalid)


def check_invalid_reward(reward: Any) -> float:
    """The reward as a float.

    Raises:
        TypeError: not a number. ValueError: not a finite one.
    """
    return finite("invalid_reward", reward)
