"""The mask in the observations that RLlib's modules take."""

from __future__ import annotations

import math
from typing import Any

from gymnasium import spaces
from torch import Tensor

from ..mask_spec import MaskSpec
from ..torch.features import ACTION_MASK, CANDIDATES

FORBIDDEN = -1e20
"""Logit of a forbidden choice: exp gives exactly 0 and no noise reaches it, with 18 orders of magnitude to overflow."""

Observation = dict[str, Tensor]


def mask_spec_of(observation_space: spaces.Space[Any], action_space: spaces.Space[Any]) -> MaskSpec:
    """The kind of mask these spaces speak of.

    Args:
        observation_space: `Dict(..., action_mask)`, with `action_embeddings` (n, d) for candidate actions.
        action_space: Discrete(n), MultiDiscrete(nvec), MultiBinary(n), Box (d,), or a Dict or Tuple of these.

    Raises:
        ValueError: no mask in the observation, an action space that no module serves, or a mask of the wrong shape; the
            message says what was expected.
    """
    if not isinstance(observation_space, spaces.Dict) or ACTION_MASK not in observation_space.spaces:
        raise ValueError(
            f"RLlib's modules see nothing but the observation, so the mask must be in it: expected a Dict with "
            f"{ACTION_MASK!r}, got {observation_space}. Environments of this package give one with "
            f"mask_in='observation'; give configure a function that puts that of another there, "
            "lambda env_config: masked_envs.adapt(MyEnv(**env_config)), or wrap it in masked_envs.wrappers.ActionMask"
        )
    return _spec(observation_space[ACTION_MASK], action_space, CANDIDATES in observation_space.spaces)


def _spec(mask_space: spaces.Space[Any], action_space: spaces.Space[Any], candidates: bool) -> MaskSpec:
    if isinstance(action_space, (spaces.Dict, spaces.Tuple)):
        return _spec_of_parts(mask_space, action_space)
    spec = MaskSpec.from_space(action_space, _kind(mask_space, action_space, candidates))
    if mask_space.shape != spec.space.shape:
        found = mask_space if isinstance(mask_space, (spaces.Dict, spaces.Tuple)) else mask_space.shape
        raise ValueError(
            f"the mask of {action_space} must have shape {spec.space.shape} (kind {spec.kind}), not {found}"
            + _remedy(mask_space, spec)
        )
    return spec


def _remedy(mask_space: spaces.Space[Any], spec: MaskSpec) -> str:
    """What to do with the right entries in another shape."""
    size = math.prod(spec.space.shape or ())
    if isinstance(mask_space, (spaces.Tuple, spaces.Dict)):
        parts = spaces.flatdim(mask_space)
        return ": join its parts, np.concatenate(parts)" if parts == size and spec.kind == "per_head" else ""
    if mask_space.shape is not None and math.prod(mask_space.shape) == size:
        return f": it has as many entries, so give mask.reshape({spec.space.shape})"
    return ""


def _spec_of_parts(mask_space: Any, action_space: Any) -> MaskSpec:
    if type(mask_space) is not type(action_space) or len(mask_space.spaces) != len(action_space.spaces):
        raise ValueError(
            f"the mask of {action_space} must have a part for each of its parts, not be {mask_space}: give "
            f"{type(action_space).__name__} of masks, such as one Box(0, 1, (n,), np.int8) for each Discrete(n)"
        )
    if isinstance(action_space, spaces.Tuple):
        keys = range(len(action_space.spaces))
        return MaskSpec.dict([_spec(mask_space[key], action_space[key], candidates=False) for key in keys])
    return MaskSpec.dict(
        {key: _spec(mask_space[key], part, candidates=False) for key, part in action_space.spaces.items()}
    )


def _kind(mask_space: spaces.Space[Any], action_space: spaces.Space[Any], candidates: bool) -> str:
    """The kind of a mask by the shapes of mask and action.

    A conditional mask over two heads is the same table as a joint one, and is served as that.
    """
    if isinstance(action_space, spaces.Discrete):
        if action_space.start != 0:
            raise ValueError(f"RLlib counts actions from 0 and ignores start={action_space.start}; use Discrete(n)")
        return "candidates" if candidates else "flat"
    one_axis = action_space.shape is not None and len(action_space.shape) == 1
    if isinstance(action_space, spaces.MultiDiscrete) and one_axis:
        nvec, shape = tuple(int(n) for n in action_space.nvec), mask_space.shape
        if shape == nvec[:2] and len(nvec) > 2:
            raise ValueError(
                f"this mask of {action_space} has the form of a conditional one, whose later heads are known to the "
                "environment alone: no module can ask for them. Use a joint mask, or flatten the actions with "
                "masked_envs.wrappers"
            )
        return "joint" if shape == nvec and len(nvec) > 1 else "per_head"
    for cls, kind in ((spaces.MultiBinary, "binary"), (spaces.Box, "interval")):
        if isinstance(action_space, cls) and one_axis:
            return kind
    raise ValueError(
        f"no masked module serves the action space {action_space}: expected Discrete, MultiDiscrete(nvec), "
        "MultiBinary(n), Box of one axis, or a Dict or Tuple of these"
    )


def legal_choices(observations: Observation, num_choices: int) -> Tensor:
    """The mask, bool (..., num_choices): one entry per logit, bits of a binary mask as pairs."""
    mask = observations[ACTION_MASK]
    if mask.shape[-1] == num_choices:
        return mask.bool()
    return mask.bool().flatten(-2)
