"""The actor and the critic of a masked policy, for vectors, discrete observations and candidate actions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from torch import Tensor, nn

from masked_envs import MaskSpec
from masked_envs.torch import distribution_for, num_logits
from masked_envs.torch.categorical import MaskedDistribution

CANDIDATES = "action_embeddings"


class Encoder:
    """Batches of observations as float32 features; the features of candidate actions stay apart.

    Args:
        space: one row's observation without the mask: Box, Discrete, MultiDiscrete, MultiBinary, or a Dict of these,
            whose "action_embeddings" (n, d) describe candidate actions.

    Attributes:
        width: F, how many features an observation has; Discrete ones are one-hot.
        shapes: the shape of each array that `__call__` returns, without the batch.

    Raises:
        ValueError: a space that is not listed above.
    """

    def __init__(self, space: spaces.Space[Any]) -> None:
        self.is_dict = isinstance(space, spaces.Dict)
        parts = dict(space.spaces) if isinstance(space, spaces.Dict) else {"observation": space}
        candidates = parts.pop(CANDIDATES, None)
        for name, part in parts.items():
            if not isinstance(part, (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)):
                raise ValueError(f"observation {name!r} is a {part}: no features are made of that")
        self.parts = parts
        self.width = sum(spaces.flatdim(part) for part in parts.values())
        self.shapes = {"features": (self.width,)}
        if candidates is not None:
            self.shapes[CANDIDATES] = candidates.shape

    def __call__(self, observations: Any) -> dict[str, npt.NDArray[np.float32]]:
        """The features (N, F), and candidates (N, n, d), of a batch of N observations."""
        named = observations if self.is_dict else {"observation": observations}
        columns = [_flat(part, named[name]) for name, part in self.parts.items()]
        encoded = {"features": columns[0] if len(columns) == 1 else np.concatenate(columns, axis=1)}
        if CANDIDATES in self.shapes:
            encoded[CANDIDATES] = named[CANDIDATES].astype(np.float32)
        return encoded


def _flat(space: spaces.Space[Any], batch: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    if isinstance(space, spaces.Discrete):
        return _one_hot(batch - space.start, int(space.n))
    if isinstance(space, spaces.MultiDiscrete):
        digits, sizes = (batch - space.start).reshape(len(batch), -1), space.nvec.flatten()
        return np.concatenate([_one_hot(digits[:, k], int(n)) for k, n in enumerate(sizes)], axis=1)
    return batch.reshape(len(batch), -1).astype(np.float32)


def _one_hot(numbers: npt.NDArray[Any], size: int) -> npt.NDArray[np.float32]:
    return (numbers[:, None] == np.arange(size)).astype(np.float32)


class Policy(nn.Module):
    """An actor and a critic that share nothing; their input is what `Encoder` returns, as tensors.

    With candidates, the score of each is the scaled dot product of a query, made of the observation, and a key, made
    of the candidate's own features: permuting the candidates permutes the scores and changes nothing else.

    Args:
        encoder: gives the shapes of the input.
        mask_spec: the kind of mask, which decides the distribution and its number of logits.
        hidden: width of the two hidden layers.
    """

    def __init__(self, encoder: Encoder, mask_spec: MaskSpec, hidden: int) -> None:
        super().__init__()
        self.mask_spec, self.hidden = mask_spec, hidden
        self.critic = mlp(encoder.width, hidden, 1, last_gain=1.0)
        self.key: nn.Module | None = None
        outputs = num_logits(mask_spec)
        if CANDIDATES in encoder.shapes:
            outputs = hidden
            self.key = mlp(encoder.shapes[CANDIDATES][-1], hidden, hidden, last_gain=1.0)
        # A small last layer begins with nearly equal probabilities for all that is legal.
        self.actor = mlp(encoder.width, hidden, outputs, last_gain=0.01)

    def distribution(self, observation: dict[str, Tensor], mask: Tensor) -> MaskedDistribution:
        """The policy over the actions that `mask` (B, canonical shape) allows."""
        scores = self.actor(observation["features"])
        if self.key is not None:
            keys = self.key(observation[CANDIDATES])
            scores = (keys @ scores.unsqueeze(-1)).squeeze(-1) / math.sqrt(self.hidden)
        return distribution_for(self.mask_spec, scores, mask)

    def value(self, observation: dict[str, Tensor]) -> Tensor:
        """The expected discounted return of the agent that observes, (B,)."""
        value: Tensor = self.critic(observation["features"]).squeeze(-1)
        return value


def mlp(inputs: int, hidden: int, outputs: int, last_gain: float) -> nn.Sequential:
    """Two hidden tanh layers with orthogonal weights (Saxe et al. 2014, arXiv:1312.6120) and biases of zero."""
    layers = [nn.Linear(inputs, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, outputs)]
    for layer, gain in zip(layers, (math.sqrt(2), math.sqrt(2), last_gain), strict=True):
        nn.init.orthogonal_(layer.weight, gain)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), layers[2])
