"""Whether environments can be copied, and what copies share."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from typing import Any

import gymnasium


def why_not_copied(env: Any) -> str:
    """Why deepcopy does not copy the environment; "" where it does."""
    layer, seen = env, set()
    while layer is not None and id(layer) not in seen:
        seen.add(id(layer))
        if isinstance(layer, (gymnasium.utils.EzPickle, *_ez_pickle_of_pettingzoo())):
            return f"{type(layer).__name__} is an EzPickle, whose copies are new constructions"
        layer = getattr(layer, "env", None)
    try:
        copy.deepcopy(env)
    except Exception as error:  # copying may raise anything
        return f"{type(error).__name__}: {error}"
    return ""


def _ez_pickle_of_pettingzoo() -> tuple[type, ...]:
    module = sys.modules.get("pettingzoo.utils.ezpickle") or sys.modules.get("pettingzoo.utils")
    return (module.EzPickle,) if module is not None and hasattr(module, "EzPickle") else ()


def spaces_without_state(env: Any) -> Iterator[Any]:
    """The spaces of an environment that have drawn no random numbers, so that copies can share them."""
    for owner in (env, getattr(env, "unwrapped", None)):
        for part in getattr(owner, "__dict__", {}).values():
            if type(part).__module__.startswith("gymnasium.spaces") and not _has_state(part):
                yield part


def _has_state(space: Any) -> bool:
    parts = getattr(space, "spaces", ())
    return space._np_random is not None or any(map(_has_state, parts.values() if isinstance(parts, dict) else parts))
