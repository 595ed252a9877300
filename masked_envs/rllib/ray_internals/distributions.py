"""RLlib's categorical distributions, sampled so that an action of probability 0 is never drawn."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import gymnasium as gym
import torch
from ray.rllib.core.distribution.torch.torch_distribution import (
    TorchCategorical,
    TorchDeterministic,
    TorchDistribution,
    TorchMultiCategorical,
)
from torch import Tensor

from ...mask_spec import MaskSpec
from ...torch._numerics import gumbel_argmax
from ..features import FORBIDDEN
from ..scores import IN_LOGITS
from .structured import SpecDistribution


class LegalCategorical(TorchCategorical):  # type: ignore[misc]
    """Sampled as `masked_envs.torch.MaskedCategorical` is, by Gumbel-argmax over the legal choices.

    A choice is legal unless its logit is `FORBIDDEN`. `torch.multinomial` has been reported to return choices of
    probability zero (pytorch issue 91863).
    """

    def __init__(self, logits: Tensor | None = None, probs: Tensor | None = None) -> None:
        super(TorchDistribution, self).__init__()
        self.logits, self.probs, self._one_hot = logits, probs, None

    @cached_property
    def _dist(self) -> torch.distributions.Categorical:
        """Torch's, made on first use: that takes longer than sampling and the log-probability together."""
        made: torch.distributions.Categorical = self._get_torch_distribution(logits=self.logits, probs=self.probs)
        return made

    @cached_property
    def log_probs(self) -> Tensor:
        """Of all choices (..., n)."""
        return self._dist.logits if self.logits is None else torch.log_softmax(self.logits, -1)

    @cached_property
    def legal(self) -> Tensor:
        """Bool (..., n)."""
        if self.logits is None:
            return self._dist.probs > 0
        return ~(self.logits <= FORBIDDEN / 2)

    def logp(self, value: Tensor, **kwargs: Any) -> Tensor:
        if value.shape == self.log_probs.shape[:-1]:
            return self.log_probs.gather(-1, value.long().unsqueeze(-1)).squeeze(-1)
        broadcast: Tensor = super().logp(value, **kwargs)
        return broadcast

    def sample(self, *, sample_shape: Sequence[int] | None = None) -> Tensor:
        """Int64 choices, sample_shape + batch shape."""
        return gumbel_argmax(self.log_probs, self.legal, torch.Size(sample_shape or ()))

    def to_deterministic(self) -> TorchDeterministic:
        return TorchDeterministic(loc=self.greedy)

    @property
    def greedy(self) -> Tensor:
        """The likeliest legal choice, int64 of the batch shape."""
        return torch.where(self.legal, self.log_probs, -torch.inf).argmax(-1)


class LegalMultiCategorical(TorchMultiCategorical):  # type: ignore[misc]
    """One `LegalCategorical` per head of MultiDiscrete(nvec), or per bit of MultiBinary(n)."""

    @classmethod
    def from_logits(cls, logits: Tensor, input_lens: Sequence[int], **kwargs: Any) -> LegalMultiCategorical:
        """Of logits (..., sum(input_lens)), the heads one after the other."""
        return cls([LegalCategorical(logits=part) for part in torch.split(logits, list(input_lens), dim=-1)])

    def to_deterministic(self) -> GreedyChoices:
        return GreedyChoices(loc=torch.stack([category.greedy for category in self._cats], -1))


class GreedyChoices(TorchDeterministic):  # type: ignore[misc]
    """The likeliest choice of every head; the log-probability is one 0 per row."""

    def logp(self, value: Tensor, **kwargs: Any) -> Tensor:
        """Float32 zeros of the batch shape."""
        return torch.zeros(self.loc.shape[:-1], device=self.loc.device)


def distribution_class(spec: MaskSpec, action_space: gym.Space[Any]) -> Any:
    """The class that makes action distributions of the module's outputs."""
    if spec.kind not in IN_LOGITS:
        return SpecDistribution.get_partial_dist_cls(space=action_space, spec=spec)
    if isinstance(action_space, gym.spaces.Discrete):
        return LegalCategorical
    return LegalMultiCategorical.get_partial_dist_cls(space=action_space, input_lens=spec.heads.tolist())
