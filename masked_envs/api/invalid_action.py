"""The error about an invalid action: law L8."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

from ..errors import InvalidActionError
from ..mask_spec import HeadMask, MaskSpec

_SHORT = reprlib.Repr()
_SHORT.maxother = _SHORT.maxstring = 200  # characters; enough for a short array


def invalid_action_error(
    env_id: str,
    spec: MaskSpec,
    action: Any,
    mask: Any,
    where: str,
    how_to_sample: str,
    head_mask: HeadMask | None = None,
) -> InvalidActionError:
    """The error with the action, why it is invalid, the legal actions, and how to sample one.

    Args:
        env_id: name of the environment.
        spec: of the mask.
        action: as it was given, of any type.
        mask: canonical.
        where: which row or agent, such as ", row 3"; "" for the only one.
        how_to_sample: code that gives a legal action.
        head_mask: of a conditional mask of more than two heads; without it, its legal actions are not listed.
    """
    if spec.encode(action) is None:
        reason = f"is not an action of {spec.action_space}"
    else:
        reason = "is forbidden by the action mask" if _in_range(spec, action) else "is out of range"
    legal = "those of head_mask(k, prefix), head by head"
    if head_mask is not None or not spec.needs_head_mask:
        legal = spec.describe_legal(mask, head_mask=head_mask)
    return InvalidActionError(
        f"{env_id}{where}: the action {_shown(action)} ({type(action).__name__}) {reason}. "
        f"Legal now: {legal}. Sample a legal action with {how_to_sample}."
    )


def _shown(action: Any) -> str:
    """The action in a message, whatever it is: huge integers and broken reprs included."""
    try:
        return _SHORT.repr(action)
    except Exception:
        return "of no readable form"


def _in_range(spec: MaskSpec, action: Any) -> bool:
    """Whether the mask that forbids nothing allows the action."""
    return bool(spec.allows(spec.full(), action, lambda k, prefix: np.ones(spec.heads[k], np.int8)))
