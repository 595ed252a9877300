"""The actor and the critic of a masked policy, for vectors, discrete observations and candidate actions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from structs import for_env
from torch import Tensor, nn

from masked_envs import MaskSpec
from masked_envs.torch import MaskedDistribution, distribution_for, num_logits

CANDIDATES = "action_embeddings"  # the key of the candidates' features in a Dict observation

Observation = dict[str, Tensor]
"""What `Encoder` makes of a batch: "features" (B, F) and, for candidate actions, "action_embeddings" (B, n, d)."""


class Encoder:
    """Batches of observations as float32 features; the features of candidate actions stay apart.

    Args:
        space: one row's observation without the mask: Box, Discrete, MultiDiscrete, MultiBinary, or a Dict of these
            whose "action_embeddings" (n, d) describe the candidate actions. Discrete parts become one-hot.

    Attributes:
        shapes: of the arrays that `__call__` returns, without the batch.

    Raises:
        ValueError: a space that is not listed above.
    """

    def __init__(self, space: spaces.Space[Any]) -> None:
        self.is_dict = isinstance(space, spaces.Dict)
        self.parts = dict(space.spaces) if isinstance(space, spaces.Dict) else {"observation": space}
        candidates = self.parts.pop(CANDIDATES, None)
        for name, part in self.parts.items():
            if not isinstance(part, (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)):
                raise ValueError(f"there is no way to make features of the observation {name!r}, a {part}")
        self.shapes: dict[str, tuple[int, ...]] = {"features": (sum(map(spaces.flatdim, self.parts.values())),)}
        if candidates is not None and candidates.shape is not None:
            self.shapes[CANDIDATES] = candidates.shape

    def __call__(self, observations: Any) -> Observation:
        """The features of a batch of observations."""
        named = observations if self.is_dict else {"observation": observations}
        columns = [_features(part, named[name]) for name, part in self.parts.items()]
        encoded = {"features": torch.from_numpy(np.concatenate(columns, axis=1))}
        if CANDIDATES in self.shapes:
            encoded[CANDIDATES] = torch.from_numpy(named[CANDIDATES].astype(np.float32))
        return encoded


def _features(space: spaces.Space[Any], batch: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    if isinstance(space, spaces.Discrete):
        return _one_hot(batch - space.start, int(space.n))
    if isinstance(space, spaces.MultiDiscrete):
        digits, sizes = (batch - space.start).reshape(len(batch), -1), space.nvec.flatten()
        return np.concatenate([_one_hot(digits[:, k], int(n)) for k, n in enumerate(sizes)], axis=1)
    return batch.reshape(len(batch), -1).astype(np.float32)


def _one_hot(numbers: npt.NDArray[Any], size: int) -> npt.NDArray[np.float32]:
    hot: npt.NDArray[np.bool_] = numbers[:, None] == np.arange(size)
    return hot.astype(np.float32)


class Policy(nn.Module):
    """An actor and a critic that share no weights.

    With candidates, the score of each is the scaled dot product of a query, made of the observation, and a key, made
    of the candidate's own features: permuting the candidates permutes the scores and changes nothing else.

    Args:
        shapes: those of the `Encoder`.
        mask_spec: the kind of mask, which decides the distribution and its number of logits.
        hidden: width of the two hidden layers.

    Raises:
        ValueError: no masked distribution for this kind of mask.
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]], mask_spec: MaskSpec, hidden: int) -> None:
        super().__init__()
        self.mask_spec, self.hidden = mask_spec, hidden
        (inputs,) = shapes["features"]
        outputs = num_logits(mask_spec)
        self.key: nn.Module | None = None
        if CANDIDATES in shapes:
            outputs = hidden
            self.key = mlp(shapes[CANDIDATES][-1], hidden, hidden, last_gain=1.0)
        self.critic = mlp(inputs, hidden, 1, last_gain=1.0)
        # A small last layer begins with nearly equal probabilities for all that is legal.
        self.actor = mlp(inputs, hidden, outputs, last_gain=0.01)

    def distribution(self, observation: Observation, mask: Any) -> MaskedDistribution:
        """The policy over the actions that `mask` allows: bool or bounds (B, canonical shape), or a dict of these."""
        scores = self.actor(observation["features"])
        if self.key is not None:  # only what is allowed needs a score, and that may be two candidates in a thousand
            row, candidate = mask.nonzero(as_tuple=True)
            key, query = self.key(observation[CANDIDATES][row, candidate]), scores[row]
            scores = torch.zeros(mask.shape)
            scores[row, candidate] = (key * query).sum(-1) / math.sqrt(self.hidden)
        return distribution_for(self.mask_spec, scores, mask)

    def value(self, observation: Observation) -> Tensor:
        """The discounted return to expect for the agent that observes, (B,)."""
        value: Tensor = self.critic(observation["features"]).squeeze(-1)
        return value

    def to_env(self, action: Any) -> Any:
        """Actions of the distribution as the environment takes them, in NumPy."""
        return for_env(self.mask_spec.action_space, action)


def mlp(inputs: int, hidden: int, outputs: int, last_gain: float) -> nn.Sequential:
    """Two hidden tanh layers, with orthogonal weights (Saxe et al. 2014, arXiv:1312.6120) and biases of zero."""
    layers = [nn.Linear(inputs, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, outputs)]
    for layer, gain in zip(layers, (math.sqrt(2), math.sqrt(2), last_gain), strict=True):
        nn.init.orthogonal_(layer.weight, gain)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), layers[2])
