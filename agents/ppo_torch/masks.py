"""Masks and actions of any kind as tensors: one tensor, or a dict or tuple of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from torch import Tensor

from masked_envs import MaskSpec, trees


def as_mask(mask: Any) -> Any:
    """Tensors of a mask: bool, or bounds as they are."""

    def one(array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.array(array)) if array.dtype.kind == "f" else torch.from_numpy(array == 1)

    return trees.map(one, mask)


def shown_mask(env: Any, info: dict[str, Any]) -> Any:
    """The mask of an environment, or a vector environment, as `distribution_for` takes it."""
    return as_mask(env.mask_spec.complete(info["action_mask"], getattr(env, "head_mask", None)))


def full_mask(spec: MaskSpec, rows: int) -> Any:
    """A mask (rows, ...) that allows everything, in the form of `shown_mask`."""
    if spec.needs_head_mask:
        return torch.ones(rows, *spec.heads.tolist(), dtype=torch.bool)
    return as_mask(spec.full(rows))


def legal_fraction(spec: MaskSpec, mask: Any) -> float:
    """The mean over all rows of the share of actions that is legal; `mask` in the form of `shown_mask`."""
    whole = MaskSpec.joint(spec.heads) if spec.needs_head_mask else spec
    return float(whole.legal_fraction(trees.map(Tensor.numpy, mask)).mean())


def same(one: Any, other: Any) -> bool:
    """Whether two equally built structures hold equal tensors."""
    equal: list[bool] = []
    trees.map(lambda a, b: equal.append(torch.equal(a, b)), one, other)
    return all(equal)


def empty_actions(space: spaces.Space[Any], *shape: int) -> Any:
    """Zeros (*shape, ...) to store actions of a space in: numbers of choices as int64, others as float32."""
    if isinstance(space, spaces.Dict):
        return {key: empty_actions(part, *shape) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(empty_actions(part, *shape) for part in space.spaces)
    dtype = torch.float32 if isinstance(space, spaces.Box) else torch.int64
    return torch.zeros(*shape, *(space.shape or ()), dtype=dtype)


def for_env(space: spaces.Space[Any], action: Any) -> Any:
    """Actions of a distribution, which counts choices from 0, as the environment counts them; NumPy arrays."""
    if isinstance(space, spaces.Dict):
        return {key: for_env(part, action[key]) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(for_env(*pair) for pair in zip(space.spaces, action, strict=True))
    return action.numpy() + getattr(space, "start", 0) if hasattr(space, "start") else action.numpy()
