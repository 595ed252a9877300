"""A user's environment behind a gate that counts invalid actions, which the proof of a run is read from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium

import masked_envs
from masked_envs import MaskSpec
from masked_envs.wrappers import ActionMask


def counted(env: gymnasium.Env[Any, Any]) -> Any:
    """The environment, in which an invalid action does nothing but count; the mask is in its observation and in info.

    What the environment itself does with invalid actions, such as raising an error, never happens: it is given none.

    Raises:
        TypeError: no mask in a usual place. ValueError: several that disagree.
    """
    spec = env.get_wrapper_attr("mask_spec") if env.has_wrapper_attr("mask_spec") else None
    if not isinstance(spec, MaskSpec):
        return masked_envs.adapt(env, on_invalid="noop")
    head_mask = _head_mask if spec.needs_head_mask else None
    return ActionMask(env, mask_at='info["action_mask"]', mask_spec=spec, head_mask=head_mask, on_invalid="noop")


def _head_mask(env: Any, k: int, prefix: Sequence[int]) -> Any:
    return env.get_wrapper_attr("head_mask")(k, prefix)
