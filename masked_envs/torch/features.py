"""Features of observations: one vector for the network, without the mask and the embeddings of candidate actions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

ACTION_MASK = "action_mask"
"""Key of the mask in a Dict observation."""
CANDIDATES = "action_embeddings"
"""Key of the embeddings of candidate actions in a Dict observation."""

_SERVED = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)


class Features(nn.Module):
    """Makes float32 vectors of observations. Box and MultiBinary are flattened; Discrete and MultiDiscrete are one-hot.

    Args:
        observation_space: Box, Discrete, MultiDiscrete, MultiBinary, or a Dict of these. The parts "action_mask" and
            "action_embeddings" of a Dict are left out; the others follow each other in the order of their names. Where
            there are no others, as in a bandit, the one feature is 1.

    Attributes:
        space: of the features, Box float32 (F,).

    Raises:
        ValueError: a part of another space.
    """

    def __init__(self, observation_space: spaces.Space[Any]) -> None:
        super().__init__()
        self.is_dict = isinstance(observation_space, spaces.Dict)
        parts = observation_space.spaces if isinstance(observation_space, spaces.Dict) else {"": observation_space}
        # Sorted: a Dict space may come out of a checkpoint in another order than it went in.
        self.parts = {name: part for name, part in sorted(parts.items()) if name not in (ACTION_MASK, CANDIDATES)}
        for name, part in self.parts.items():
            if not isinstance(part, _SERVED):
                raise ValueError(f"there is no way to make features of the observation {name!r}, a {part}")
        size = sum(spaces.flatdim(part) for part in self.parts.values())
        self._nothing_but_masks = None if self.parts else _first(observation_space[ACTION_MASK])  # type: ignore[index]
        self.space = spaces.Box(-np.inf, np.inf, (size or 1,), np.float32)

    def forward(self, observations: Any) -> Tensor:
        """Features (..., F) of a batch of observations with any leading dimensions.

        Args:
            observations: tensors or NumPy arrays; for a Dict space a mapping of them. They are not changed.
        """
        if self._nothing_but_masks is not None:
            mask = _tensor(_first(observations[ACTION_MASK]))
            rows = mask.shape[: mask.ndim - len(self._nothing_but_masks.shape or ())]
            return torch.ones(*rows, 1, device=mask.device)
        named: Mapping[str, Any] = observations if self.is_dict else {"": observations}
        return torch.cat([_features(part, _tensor(named[name])) for name, part in self.parts.items()], -1)


def _first(tree: Any) -> Any:
    """The first leaf of a mask, or of the space of masks, of one choice or of a Dict or Tuple of them."""
    while isinstance(tree, (Mapping, spaces.Dict, tuple, spaces.Tuple)):
        tree = next(iter(tree.values())) if isinstance(tree, (Mapping, spaces.Dict)) else tree[0]
    return tree


def _tensor(values: Any) -> Tensor:
    if isinstance(values, Tensor):
        return values
    array = np.asarray(values)
    # Not every dtype of NumPy is one of torch's.
    return torch.from_numpy(array.astype(np.float32 if array.dtype.kind == "f" else np.int64, copy=False))


def _features(space: spaces.Space[Any], values: Tensor) -> Tensor:
    if isinstance(space, spaces.Discrete):
        return _one_hot(values, int(space.start), int(space.n))
    assert space.shape is not None
    flat = values if len(space.shape) == 1 else values.reshape(*values.shape[: values.ndim - len(space.shape)], -1)
    if isinstance(space, spaces.MultiDiscrete):
        ranges = enumerate(zip(space.start.reshape(-1), space.nvec.reshape(-1), strict=True))
        return torch.cat([_one_hot(flat[..., k], int(start), int(n)) for k, (start, n) in ranges], -1)
    return flat.float()


def _one_hot(values: Tensor, start: int, n: int) -> Tensor:
    """Float32 (..., n); all zero for a number outside the space, such as the zero of a padded row where start is 1."""
    return (values.unsqueeze(-1) == torch.arange(start, start + n, device=values.device)).float()
