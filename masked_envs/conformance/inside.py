"""The environment inside a mask wrapper of this project.

Such a wrapper refuses whatever its mask forbids. A mask that forbids too much would pass by construction, if the
environment inside were not looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..adaptation.action_mask import ActionMask
from ..adaptation.vector_action_mask import VectorActionMask
from .env_view import Options


def mask_wrapper(env: Any) -> Any:
    """The mask wrapper among the layers of an environment; None without one."""
    layer, seen = env, set()
    while layer is not None and id(layer) not in seen:
        seen.add(id(layer))
        if isinstance(layer, (ActionMask, VectorActionMask, *_wrappers_of_pettingzoo())):
            return layer
        layer = getattr(layer, "env", None)
    return None


def _wrappers_of_pettingzoo() -> tuple[type, ...]:
    """Nobody has one of these without having imported their module."""
    module = sys.modules.get("masked_envs.adaptation.pettingzoo_action_mask")
    return () if module is None else (module.AECActionMask, module.ParallelActionMask)


def maker_inside(make: Callable[..., Any]) -> Callable[[], Any]:
    """What makes the environment inside the mask wrapper."""
    return lambda: mask_wrapper(make()).env


def options_inside(wrapper: Any, options: Options) -> Options:
    """The same mask as the wrapper's, for the environment inside."""
    place = getattr(wrapper, "_place", None) or getattr(wrapper, "_given_place", None)
    fn = getattr(wrapper, "mask_fn", None) or getattr(wrapper, "_mask_fn", None)
    spec = getattr(wrapper, "mask_spec", None)
    given = options.mask_fn or options.mask_at
    return replace(
        options,
        mask_fn=options.mask_fn if given else None if place is not None else fn,
        mask_at=options.mask_at if given else None if place is None else place.code,
        mask_spec=options.mask_spec or (None if callable(spec) else spec),
        head_mask=options.head_mask or getattr(wrapper, "_head_mask", None),
    )
