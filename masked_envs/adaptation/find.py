"""Where environments keep their masks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

NAMES = (
    "action_mask",  # Gymnasium, PettingZoo, RLlib, TorchRL, Jumanji
    "action_masks",  # sb3-contrib
    "legal_action_mask",  # pgx
    "valid_action_mask",
    "valid_actions_mask",
    "actions_mask",
    "invalid_action_mask",  # of MicroRTS, where 1 allows too
    "mask",
    "legal_actions",  # OpenSpiel, RLCard
    "legal_moves",  # PettingZoo until 1.4, shimmy
    "valid_actions",
    "valid_avail_actions_mask",  # RLlib's parametric actions without embeddings
    "avail_actions",  # RLlib's parametric actions, SMAC
    "available_actions",
    "valid_mask",
)
"""Keys of an observation or of info, and names of attributes, the usual ones first."""

METHODS = tuple(f"get_{name}" for name in NAMES) + ("valid_action_mask", "_get_action_mask", "_action_mask")
"""Methods without arguments that are no attribute's name; `action_masks` and others may be methods too."""


class Found(NamedTuple):
    """A mask as it was found.

    Attributes:
        place: where, as code: `info["legal_moves"]`, `env.action_masks()`.
        name: the key or name.
        value: what was there.
    """

    place: str
    name: str
    value: Any


def find_masks(observation: Any, info: Any, attribute: Callable[[str], Any]) -> list[Found]:
    """Everything in the usual places that may be a mask, the most usual first.

    Args:
        observation, info: what the environment gave.
        attribute: name -> the environment's attribute, None where it has none.
    """
    found = []
    for where, mapping in (("observation", observation), ("info", info)):
        if isinstance(mapping, Mapping):
            for key in NAMES:
                if mapping.get(key) is not None:
                    found.append(Found(f'{where}["{key}"]', key, mapping[key]))
    for name in dict.fromkeys((*NAMES, *METHODS)):
        value = attribute(name)
        if callable(value):
            value = _called(value)
            if value is not None:
                found.append(Found(f"env.{name}()", name, value))
        elif value is not None and not isinstance(value, (int, float, str)):
            found.append(Found(f"env.{name}", name, value))
    return found


def _called(method: Callable[[], Any]) -> Any:
    """What a method gives without arguments; None where it takes some."""
    import inspect

    try:
        inspect.signature(method).bind()
    except (TypeError, ValueError):
        return None
    return method()
