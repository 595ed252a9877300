"""Environments registered with Tune."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ray.tune.registry import ENV_CREATOR, _global_registry


def creator_of(name: str) -> Callable[[Any], Any] | None:
    """What `ray.tune.register_env` has registered under a name; None if nothing."""
    if not _global_registry.contains(ENV_CREATOR, name):
        return None
    creator: Callable[[Any], Any] = _global_registry.get(ENV_CREATOR, name)
    return creator
