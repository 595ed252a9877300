"""Features of observations: one vector for the network, without the mask and the embeddings of candidate actions."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from ..mask_spec.checks import shown

ACTION_MASK = "action_mask"
"""Key of the mask in a Dict observation."""
CANDIDATES = "action_embeddings"
"""Key of the embeddings of candidate actions in a Dict observation."""

Path = tuple[str | int, ...]
"""Where a part stands in an observation of nested dicts and tuples: the keys from the outside in."""

_SERVED = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)

_PADDED = "fill it up to a fixed size: {}, and Discrete(n) for how many of them are real"
_REMEDIES = {
    "Graph": _PADDED.format("Box (most nodes, numbers per node), Box (most edges, 2) of the nodes they join"),
    "Sequence": _PADDED.format("Box (longest, numbers per element)"),
    "Repeated": _PADDED.format("Box (longest, numbers per element)"),
    "Text": "give numbers instead, such as MultiDiscrete with a number per character",
    "OneOf": "give a part for each of its choices, and Discrete(n) for the one that holds",
}
"""Space -> what to observe instead, since parts of varying size make no batch."""


def parts_of(observation_space: spaces.Space[Any], whole: bool = False) -> dict[Path, spaces.Space[Any]]:
    """The parts of an observation, in the order of their names.

    Args:
        observation_space: one space, or Dicts and Tuples of spaces within each other.
        whole: whether to include the mask and the candidates.

    Returns:
        Path -> space. A space that is no Dict or Tuple has the path ().
    """
    left_out = () if whole else ((ACTION_MASK,), (CANDIDATES,))
    return {path: part for path, part in _leaves(observation_space) if path[:1] not in left_out}


def _leaves(space: spaces.Space[Any]) -> Iterator[tuple[Path, spaces.Space[Any]]]:
    if not isinstance(space, (spaces.Dict, spaces.Tuple)):
        yield (), space
        return
    # Sorted: a Dict space may come out of a checkpoint in another order than it went in.
    inner = sorted(space.items()) if isinstance(space, spaces.Dict) else enumerate(space.spaces)
    for key, part in inner:
        yield from (((key, *path), leaf) for path, leaf in _leaves(part))


def part_at(observations: Any, path: Path) -> Any:
    """The part of an observation, or of a batch, at a path."""
    for key in path:
        observations = observations[key]
    return observations


class Features(nn.Module):
    """Turns observations into float32 vectors: Box and MultiBinary flat, Discrete and MultiDiscrete one-hot.

    Args:
        observation_space: Box, Discrete, MultiDiscrete, MultiBinary, or Dicts and Tuples of these within each other.
            The parts "action_mask" and "action_embeddings" of a Dict are left out; the others follow each other in the
            order of their names. Where there are no others, as in a bandit, the one feature is 1.
        only: the paths of the parts to take; all by default.

    Attributes:
        parts: path -> space, see `parts_of`.
        space: of the features, Box float32 (F,).

    Raises:
        ValueError: a part of another space; the message says what to observe instead.
    """

    def __init__(self, observation_space: spaces.Space[Any], only: Collection[Path] | None = None) -> None:
        super().__init__()
        found = parts_of(observation_space)
        self.parts = {path: part for path, part in found.items() if only is None or path in only}
        for path, part in self.parts.items():
            if not isinstance(part, _SERVED):
                kind = type(part).__name__
                raise ValueError(
                    f"there is no way to make features of the observation {shown('/'.join(map(str, path)))}, a {part}: "
                    + _REMEDIES.get(kind, "expected Box, Discrete, MultiDiscrete, MultiBinary, or Dicts of these")
                )
        size = sum(spaces.flatdim(part) for part in self.parts.values())
        masked = isinstance(observation_space, spaces.Dict) and ACTION_MASK in observation_space.spaces
        self._nothing_but_masks = None if self.parts or not masked else _first(observation_space[ACTION_MASK])  # type: ignore[index]
        self.space = spaces.Box(-np.inf, np.inf, (size or 1,), np.float32)

    def forward(self, observations: Any) -> Tensor:
        """Features (..., F) of a batch of observations with any leading dimensions.

        Args:
            observations: tensors or NumPy arrays, nested as the space is. They are not changed.
        """
        if self._nothing_but_masks is not None:
            mask = _tensor(_first(observations[ACTION_MASK]))
            rows = mask.shape[: mask.ndim - len(self._nothing_but_masks.shape or ())]
            return torch.ones(*rows, 1, device=mask.device)
        named = ((part, _tensor(part_at(observations, path))) for path, part in self.parts.items())
        return torch.cat([_features(part, values) for part, values in named], -1)


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
