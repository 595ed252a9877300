"""The actor and the critic of a masked policy, for vectors, discrete observations and candidate actions."""

from __future__ import annotations

import math
from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor, nn

from masked_envs import MaskSpec
from masked_envs.torch import Features, MaskedDistribution, distribution_for, num_logits, score_candidates
from masked_envs.torch.features import CANDIDATES

from .config import Config
from .masks import for_env
from .shared_networks import Planes, SharedNetwork

Observation = dict[str, Tensor]
"""What `Encoder` makes of a batch: "features" (B, F) and, for candidate actions, "action_embeddings" (B, n, d)."""


class Encoder:
    """Batches of observations as float32 features; the embeddings of candidate actions stay apart.

    Args:
        space: one row's observation without the mask, as `masked_envs.torch.Features` takes it. The part
            "action_embeddings" (n, d) of a Dict describes the candidate actions.

    Attributes:
        shapes: of the tensors that `__call__` returns, without the batch.
        single: the one space that the features are made of; None where there are several.

    Raises:
        ValueError: a space without features.
    """

    def __init__(self, space: spaces.Space[Any]) -> None:
        self.features = Features(space)
        self.shapes: dict[str, tuple[int, ...]] = {"features": self.features.space.shape}
        parts = list(self.features.parts.values())
        self.single = parts[0] if len(parts) == 1 else None
        if isinstance(space, spaces.Dict) and CANDIDATES in space.spaces:
            self.shapes[CANDIDATES] = space[CANDIDATES].shape or ()

    def __call__(self, observations: Any) -> Observation:
        """The features of a batch of observations, NumPy arrays (B, ...)."""
        encoded = {"features": self.features(observations)}
        if CANDIDATES in self.shapes:
            encoded[CANDIDATES] = torch.from_numpy(observations[CANDIDATES]).float()
        return encoded


class Policy(nn.Module):
    """An actor and a critic that share no weights.

    With candidates, the score of each is the match of a query, made of the observation, with a key, made of the
    candidate's embedding: see `masked_envs.torch.candidates`.

    Args:
        shapes: those of the `Encoder`.
        mask_spec: the kind of mask, which decides the distribution and its number of logits.
        hidden: width of the hidden layers.
        network: "mlp" has two hidden layers; "board" and "set" share weights (`shared_networks`).
        space: what the features are made of, for "board" and "set".

    Raises:
        ValueError: no masked distribution for this kind of mask; a network that does not fit the observation.
    """

    def __init__(
        self,
        shapes: dict[str, tuple[int, ...]],
        mask_spec: MaskSpec,
        hidden: int,
        network: str = "mlp",
        space: spaces.Space[Any] | None = None,
    ) -> None:
        super().__init__()
        self.mask_spec = mask_spec
        (inputs,) = shapes["features"]
        outputs = num_logits(mask_spec)
        self.key: nn.Module | None = None
        if CANDIDATES in shapes:
            outputs = hidden
            self.key = mlp(shapes[CANDIDATES][-1], hidden, hidden, last_gain=1.0)
        if network != "mlp":
            planes = Planes(space, network, outputs)
            self.critic: nn.Module = SharedNetwork(planes, network, hidden, 1, gain=1.0, pooled=True)
            self.actor: nn.Module = SharedNetwork(planes, network, hidden, outputs, gain=0.01, pooled=False)
            return
        self.critic = mlp(inputs, hidden, 1, last_gain=1.0)
        # A small last layer begins with nearly equal probabilities for all that is legal.
        self.actor = mlp(inputs, hidden, outputs, last_gain=0.01)

    def distribution(self, observation: Observation, mask: Any) -> MaskedDistribution:
        """The policy over the actions that `mask` allows: bool or bounds (B, canonical shape), or a dict of these."""
        scores = self.actor(observation["features"])
        if self.key is not None:
            scores = score_candidates(self.key, scores, observation[CANDIDATES], mask)
        return distribution_for(self.mask_spec, scores, mask)

    def value(self, observation: Observation) -> Tensor:
        """The discounted return to expect for the agent that observes, (B,)."""
        value: Tensor = self.critic(observation["features"]).squeeze(-1)
        return value

    def to_env(self, action: Any) -> Any:
        """Actions of the distribution as the environment takes them, in NumPy."""
        return for_env(self.mask_spec.action_space, action)


def new_policy(encoder: Encoder, mask_spec: MaskSpec, config: Config) -> Policy:
    """The policy of a run as it is before learning."""
    return Policy(encoder.shapes, mask_spec, config.hidden, config.network, encoder.single)


def mlp(inputs: int, hidden: int, outputs: int, last_gain: float) -> nn.Sequential:
    """Two hidden tanh layers, with orthogonal weights (Saxe et al. 2014, arXiv:1312.6120) and biases of zero."""
    layers = [nn.Linear(inputs, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, outputs)]
    for layer, gain in zip(layers, (math.sqrt(2), math.sqrt(2), last_gain), strict=True):
        nn.init.orthogonal_(layer.weight, gain)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), layers[2])
