"""Distributions of `masked_envs.torch` for the kinds of mask that RLlib has none for."""

from __future__ import annotations

import math
from typing import Any

import torch
from ray.rllib.core.distribution.torch.torch_distribution import TorchDistribution
from torch import Tensor

from ...mask_spec import DictMask, MaskSpec
from ...torch import distribution_for, num_logits
from ..features import FORBIDDEN


class MaskColumns:
    """A mask as columns beside the parameters of a distribution, since RLlib stores one tensor per decision.

    Args:
        spec: any kind; the columns of a dict are those of its parts in order.

    Attributes:
        width: number of columns.
    """

    def __init__(self, spec: MaskSpec) -> None:
        self.spec = spec
        self.parts = [MaskColumns(part) for part in spec.parts] if isinstance(spec, DictMask) else []
        self.shape = () if self.parts else tuple(spec.space.shape or ())
        self.width: int = sum(part.width for part in self.parts) if self.parts else math.prod(self.shape)

    def write(self, mask: Any) -> Tensor:
        """Float32 (..., width)."""
        if isinstance(self.spec, DictMask):
            values = self.spec.unpack(mask, "the mask")
            return torch.cat([part.write(value) for part, value in zip(self.parts, values, strict=True)], -1)
        columns: Tensor = mask.reshape(*mask.shape[: mask.ndim - len(self.shape)], -1).float()
        return columns

    def read(self, columns: Tensor) -> Any:
        """The canonical mask, bool or bounds, with the leading dimensions of the columns (..., width).

        A mask that allows nothing (RLlib's padding, or a third-party episode that has ended) becomes one of ones.
        """
        if isinstance(self.spec, DictMask):
            split = torch.split(columns, [part.width for part in self.parts], dim=-1)
            return self.spec.pack([part.read(piece) for part, piece in zip(self.parts, split, strict=True)])
        if self.spec.is_continuous:
            return columns.reshape(*columns.shape[:-1], *self.shape)
        mask = columns.bool()
        return (mask | ~mask.any(-1, keepdim=True)).reshape(*columns.shape[:-1], *self.shape)

    def full(self) -> Tensor:
        """The columns (width,) of a mask that allows everything."""
        if self.parts:
            return torch.cat([part.full() for part in self.parts], -1)
        return self.write(torch.as_tensor(self.spec.full()))


class SpecDistribution(TorchDistribution):  # type: ignore[misc]
    """The distribution of `masked_envs.torch` for a mask specification, under RLlib's interface.

    Its inputs are parameters (..., num_logits(spec)) and then the columns of the mask. So the mask that an action was
    sampled under stays with them wherever RLlib stores, cuts, pads and compares them.
    """

    def _get_torch_distribution(self, distribution: Any) -> Any:
        return distribution

    def logp(self, value: Any, **kwargs: Any) -> Tensor:
        """Float32 of the batch shape; -1e20 for an illegal action, since RLlib multiplies those of padded rows by 0."""
        logp: Tensor = self._dist.log_prob(value)
        return logp.clamp_min(FORBIDDEN)

    @classmethod
    def from_logits(cls, logits: Tensor, *, spec: MaskSpec, **kwargs: Any) -> SpecDistribution:
        """Of inputs (..., num_logits(spec) + width of the mask)."""
        columns = MaskColumns(spec)
        parameters, mask = torch.split(logits, [num_logits(spec), columns.width], dim=-1)
        return cls(distribution_for(spec, parameters, columns.read(mask), validate_args=False))

    @staticmethod
    def required_input_dim(space: Any, *, spec: MaskSpec, **kwargs: Any) -> int:
        return num_logits(spec) + MaskColumns(spec).width

    def to_deterministic(self) -> ModeOf:
        return ModeOf(self._dist)


class ModeOf(TorchDistribution):  # type: ignore[misc]
    """The likeliest action; its log-probability is one 0 per row."""

    def _get_torch_distribution(self, distribution: Any) -> Any:
        return distribution

    def sample(self, *, sample_shape: Any = None) -> Any:
        return self._dist.mode

    def rsample(self, *, sample_shape: Any = None) -> Any:
        return self._dist.mode

    def logp(self, value: Any, **kwargs: Any) -> Tensor:
        """Float32 zeros of the batch shape."""
        return torch.zeros(self._dist.batch_shape, device=self._dist.log_prob(self._dist.mode).device)

    @classmethod
    def from_logits(cls, logits: Tensor, *, spec: MaskSpec, **kwargs: Any) -> ModeOf:
        return SpecDistribution.from_logits(logits, spec=spec).to_deterministic()

    @staticmethod
    def required_input_dim(space: Any, *, spec: MaskSpec, **kwargs: Any) -> int:
        return SpecDistribution.required_input_dim(space, spec=spec)
