"""`adapt`: an environment that has a mask in its own way, with masks that keep the laws."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
from gymnasium import spaces
from gymnasium.vector import VectorEnv

from .. import trees
from ..mask_spec import MaskSpec
from ..mask_spec.checks import shown
from .find import Found, MaskSource, NoMaskFoundError, choose_source, find_masks, what_there_is
from .other_libraries import advice_for
from .place import check_code
from .read import as_choices
from .rows import attribute_of, attribute_of_row, environments_of, info_of_row


def adapt(env: Any, *, mask_at: str | None = None, mask_spec: Any = None, **arguments: Any) -> Any:
    """Wrap an environment that has a mask, so that the mask is in the places and the form of this package.

    Args:
        env: a Gymnasium environment, vector environment, PettingZoo AEC or parallel environment that keeps a mask in a
            usual place (`masked_envs.adaptation.find`) in a known form (`masked_envs.adaptation.read`). To find the
            place, it is reset once; the place is chosen then, and stays.
        mask_at: where the mask is, where that is no usual place or several disagree: code such as
            `info["legal_moves"]`, `env.game.legal()`, or a key or name that is in one place only.
        mask_spec: the form of the mask, where the action space and the first mask leave it open: a `MaskSpec`, or a
            kind such as "joint".
        arguments: of the wrapper: `mask_fn`, `head_mask`, `on_invalid`, `invalid_reward`, `mask_in`.

    Returns:
        an `ActionMask`, `VectorActionMask`, `AECActionMask` or `ParallelActionMask` around it; the environment itself
        if it declares a `mask_spec` already.

    Raises:
        TypeError: another kind of object, or no mask in any usual place; the message lists what there is. ValueError:
        places that disagree, or arguments of the wrapper.
    """
    if mask_at is not None:
        check_code(mask_at)
    if isinstance(env, gym.Env):
        return _gymnasium(env, mask_at, mask_spec, arguments)
    if isinstance(env, VectorEnv):
        return _vector(env, mask_at, mask_spec, arguments)
    pettingzoo = sys.modules.get("pettingzoo")
    if pettingzoo is not None and isinstance(env, (pettingzoo.AECEnv, pettingzoo.ParallelEnv)):
        from .pettingzoo_action_mask import AECActionMask, ParallelActionMask

        if callable(getattr(env, "mask_spec", None)):
            return env
        kind = AECActionMask if isinstance(env, pettingzoo.AECEnv) else ParallelActionMask
        return kind(env, mask_at=mask_at, mask_spec=mask_spec, **arguments)
    advice = advice_for(env)
    raise TypeError(
        f"expected a Gymnasium or PettingZoo environment, not {type(env).__name__}"
        + (f", which {advice}" if advice else "")
    )


def _gymnasium(env: gym.Env[Any, Any], mask_at: str | None, mask_spec: Any, arguments: dict[str, Any]) -> Any:
    from .action_mask import ActionMask

    def attribute(name: str) -> Any:
        return env.get_wrapper_attr(name) if env.has_wrapper_attr(name) else None

    if isinstance(attribute("mask_spec"), MaskSpec):
        return env
    if arguments.get("mask_fn") is None and (mask_at is None or mask_at.isidentifier()):
        observation, info = env.reset()
        if mask_at is not None:
            mask_at = place_of_name(mask_at, observation, info, attribute)
        else:
            found = find_masks(observation, info, attribute)
            mask_at = source_of(str(env), env.action_space, found, mask_spec, observation, info).place.code
    return ActionMask(env, mask_at=mask_at, mask_spec=mask_spec, **arguments)


def _vector(envs: Any, mask_at: str | None, mask_spec: Any, arguments: dict[str, Any]) -> Any:
    from .vector_action_mask import VectorActionMask

    if isinstance(attribute_of(envs, "mask_spec"), MaskSpec):
        return envs
    if arguments.get("mask_fn") is None and (mask_at is None or mask_at.isidentifier()):
        observations, infos = envs.reset()
        observation, info, attribute = trees.row(observations, 0), info_of_row(infos, 0), attribute_of_row(envs, 0)
        if mask_at is not None:
            mask_at = place_of_name(mask_at, observation, info, attribute)
        else:
            found = find_masks(observation, info, attribute)
            space, more = envs.single_action_space, ""
            if environments_of(envs) is None:
                more = "; the environments run in other processes, where no method is looked for: name it in mask_at"
            mask_at = source_of(str(envs), space, found, mask_spec, observation, info, more).place.code
    return VectorActionMask(envs, mask_at=mask_at, mask_spec=mask_spec, **arguments)


def source_of(
    env: str,
    space: spaces.Space[Any],
    found: Sequence[Found],
    mask_spec: Any,
    observation: Any,
    info: Any,
    more: str = "",
) -> MaskSource:
    """The place to read masks from, if all places agree on the first one.

    Args:
        env: in words, for messages.
        space: of one action.
        found: by `find_masks`.
        mask_spec: the form of the mask, or its kind; None where it is not known.
        observation, info: of the position, for the message.
        more: what else to say where nothing is found.

    Raises:
        NoMaskFoundError: the message lists the keys that there are. ValueError: places that disagree.
    """
    space = as_choices(space)
    if mask_spec is not None and not isinstance(mask_spec, MaskSpec):
        mask_spec = MaskSpec.from_space(space, mask_spec)
    try:
        source = choose_source(space, found, mask_spec)
    except NoMaskFoundError as error:
        raise NoMaskFoundError(
            f"{env} has no mask in a usual place ({error}). {what_there_is(observation, info)}{more}. Say where it is "
            "with mask_at=, such as 'info[\"my_mask\"]' or 'env.my_mask()', or give mask_fn=, a function: "
            "masked_envs.wrappers.ActionMask(env, mask_fn)",
            error.others,
        ) from None
    if source.disagreements:
        values = "; ".join(f"{other.place}: {other.detail}" for other in source.disagreements)
        raise ValueError(
            f"{env} has different masks in {source.place.code} (read as {source.mask}) and in {values}. Say which one "
            f"is right: mask_at={shown(source.place.code)}, or another"
        )
    return source


def place_of_name(name: str, observation: Any, info: Any, attribute: Any) -> str:
    """The one place that has a name, as code.

    Raises:
        ValueError: no place has it, or several do.
    """
    places = [
        f'{where}["{name}"]'
        for where, mapping in (("observation", observation), ("info", info))
        if hasattr(mapping, "keys") and name in mapping
    ]
    found = attribute(name)
    if found is not None:
        places.append(f"env.{name}()" if callable(found) else f"env.{name}")
    if len(places) != 1:
        what = f"is in several places: {', '.join(places)}" if places else "is nowhere"
        raise ValueError(f"mask_at={shown(name)} {what}; {what_there_is(observation, info)}")
    return places[0]
