"""The loops of `MaskSpec` over a batch of masks; the rules of one kind of mask replace the placeholders."""

from typing import Any

from .rules import rule


@rule
def allows(mask: Any, action: Any, heads: Any) -> bool:
    """Whether one mask allows one action; see `mask_rules`."""
    raise NotImplementedError


@rule
def pick(mask: Any, u: Any, heads: Any, actions: Any, i: int) -> bool:
    """Write one legal action into actions[i] and say whether there is one; see `mask_rules`."""
    raise NotImplementedError


@rule
def allows_rows(masks: Any, actions: Any, heads: Any, out: Any) -> None:
    for i in range(out.shape[0]):
        out[i] = allows(masks[i], actions[i], heads)


@rule
def pick_rows(masks: Any, draws: Any, heads: Any, actions: Any) -> int:
    """Write one legal action for each mask; returns the first row that has none, or -1."""
    for i in range(draws.shape[0]):
        if not pick(masks[i], draws[i], heads, actions, i):
            return i
    return -1
