"""`adapt`: an environment that has a mask in its own way, with the whole of our interface."""

from __future__ import annotations

import sys
from typing import Any

import gymnasium as gym
from gymnasium import spaces
from gymnasium.vector import VectorEnv

from ..mask_spec import MaskSpec
from .find import Found, find_masks
from .read import UnknownFormError, spec_for


def adapt(env: Any, *, mask_spec: MaskSpec | None = None, **arguments: Any) -> Any:
    """The environment with its mask in our places and forms, wherever and however it has it.

    Args:
        env: a Gymnasium environment, vector environment, PettingZoo AEC or parallel environment that keeps a mask in a
            usual place (`masked_envs.adaptation.find`) in a usual form (`masked_envs.adaptation.read`). To find the
            place, it is reset once.
        mask_spec: the form of the mask, where the action space and the first mask leave it open.
        arguments: of the wrapper: `on_invalid`, `invalid_reward`, `mask_in` of `masked_envs.wrappers.ActionMask`.

    Returns:
        an `ActionMask`, `VectorActionMask`, `AECActionMask` or `ParallelActionMask` around it; the environment itself
        if it declares a `mask_spec` already.

    Raises:
        TypeError: another kind of object, or no mask in any usual place. ValueError: arguments of the wrapper.
    """
    if isinstance(env, gym.Env):
        return _gymnasium(env, mask_spec, arguments)
    if isinstance(env, VectorEnv):
        return _vector(env, mask_spec, arguments)
    pettingzoo = sys.modules.get("pettingzoo")
    if pettingzoo is not None and isinstance(env, (pettingzoo.AECEnv, pettingzoo.ParallelEnv)):
        from .pettingzoo_action_mask import AECActionMask, ParallelActionMask

        if callable(getattr(env, "mask_spec", None)):
            return env
        kind = AECActionMask if isinstance(env, pettingzoo.AECEnv) else ParallelActionMask
        return kind(env, mask_spec=mask_spec, **arguments)
    raise TypeError(f"expected a Gymnasium or PettingZoo environment, not {type(env).__name__}")


def _gymnasium(env: gym.Env[Any, Any], mask_spec: MaskSpec | None, arguments: dict[str, Any]) -> Any:
    from .found_action_mask import FoundActionMask

    if env.has_wrapper_attr("mask_spec") and isinstance(env.get_wrapper_attr("mask_spec"), MaskSpec):
        return env
    observation, info = env.reset()

    def attribute(name: str) -> Any:
        return env.get_wrapper_attr(name) if env.has_wrapper_attr(name) else None

    found, spec = readable(env.action_space, find_masks(observation, info, attribute), mask_spec, env)
    return FoundActionMask(env, found, mask_spec=spec, **arguments)


def _vector(envs: Any, mask_spec: MaskSpec | None, arguments: dict[str, Any]) -> Any:
    from ..adaptation.vector_action_mask import VectorActionMask
    from .found_action_mask import FoundRows

    if isinstance(getattr(envs.unwrapped, "mask_spec", None), MaskSpec):
        return envs
    observations, infos = envs.reset()
    rows = FoundRows(envs, observations, infos, mask_spec)
    return VectorActionMask(envs, rows, mask_spec=rows.mask_spec, **arguments)


def readable(
    space: spaces.Space[Any], places: list[Found], mask_spec: MaskSpec | None, env: Any
) -> tuple[Found, MaskSpec]:
    """The first place whose value is a mask of the space, and its spec.

    Raises:
        TypeError: none; the error names what was found and why it is no mask.
    """
    reasons = []
    for found in places:
        try:
            return found, mask_spec or spec_for(space, found.value, found.name)
        except UnknownFormError as error:
            reasons.append(f"{found.place}: {error}")
    seen = "; ".join(reasons) or "nothing of a usual name in the observation, in info, or among its attributes"
    raise TypeError(
        f"{env} has no mask in a usual place ({seen}). Say where it is with "
        "masked_envs.wrappers.ActionMask(env, mask_fn), a function (env) -> mask"
    )
