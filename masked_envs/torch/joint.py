"""A masked distribution over all combinations of several choices."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from masked_envs.torch import _checks
from masked_envs.torch.categorical import MaskedCategorical, checked_log_probs
from masked_envs.torch.distribution import NO_SHAPE, Mask, MaskedDistribution


class MaskedJoint(MaskedDistribution):
    """MultiDiscrete(nvec) as one categorical over all combinations, for legality that is no product of heads.

    Samples are int64 coordinates of shape sample_shape + batch_shape + (len(nvec),).

    Args:
        logits: floating point (..., prod(nvec)), the cells in row-major (C) order.
        mask: bool or int8 of 0 and 1, (..., *nvec); leading dimensions may be missing or 1.
        nvec: number of choices of each head. If it is left out, the mask must have all leading dimensions of the
            logits; those that remain are nvec.
        validate_args: see `MaskedDistribution`.

    Raises:
        ValueError: as `MaskedCategorical`.
    """

    has_enumerate_support = True

    def __init__(
        self, logits: Tensor, mask: Mask, nvec: Iterable[int] | None = None, validate_args: bool | None = None
    ) -> None:
        owner = type(self).__name__
        validate = validate_args is None or validate_args
        logits = self._read_logits(logits)
        if nvec is None:
            nvec = getattr(mask, "shape", ())[logits.ndim - 1 :]
        self._nvec = _checks.check_nvec(nvec, owner)
        if math.prod(self.nvec) != logits.shape[-1]:
            raise ValueError(
                f"{owner}: nvec {self.nvec} has {math.prod(self.nvec)} cells, so logits must have shape "
                f"(..., {math.prod(self.nvec)}), got {tuple(logits.shape)}"
            )
        self._mask = _checks.check_mask(mask, logits, self.nvec, owner, validate)
        cell_mask = self._mask.flatten(-len(self.nvec))
        log_probs = checked_log_probs(logits, cell_mask, owner, validate)
        self._cells = MaskedCategorical._unchecked(log_probs, cell_mask, validate_args)
        super().__init__(logits.shape[:-1], torch.Size([len(self.nvec)]), validate_args)

    @property
    def mask(self) -> Tensor:
        return self._mask

    @property
    def nvec(self) -> tuple[int, ...]:
        return self._nvec

    @property
    def logits(self) -> Tensor:
        """Normalised log-probabilities (..., *nvec), -inf where illegal."""
        return self._cells.logits.view(*self.batch_shape, *self.nvec)

    @property
    def probs(self) -> Tensor:
        """Probabilities (..., *nvec), exactly 0 where illegal."""
        return self._cells.probs.view(*self.batch_shape, *self.nvec)

    @property
    def mode(self) -> Tensor:
        """Coordinates of the most probable legal cell, int64 (..., len(nvec))."""
        return self._coordinates(self._cells.mode)

    def head_probs(self, head: int) -> Tensor:
        """Marginal probabilities of one head, (..., nvec[head])."""
        others = [axis - len(self.nvec) for axis in range(len(self.nvec)) if axis != range(len(self.nvec))[head]]
        return self.probs.sum(others) if others else self.probs

    def sample(self, sample_shape: Sequence[int] = NO_SHAPE) -> Tensor:
        return self._coordinates(self._cells.sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-probability of the cell at coordinates (..., len(nvec)); -inf, with zero gradient, where illegal."""
        self._check_values(value)
        return self._cells._log_prob_of(self._cell_index(value.long()))

    def entropy(self) -> Tensor:
        """Entropy over the legal cells in nats; shape batch_shape."""
        return self._cells.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All combinations in row-major order along dimension 0, int64 (prod(nvec), *batch_shape, len(nvec)).

        The mask says which of them are legal in which row. Without `expand` the dimensions of the batch are 1.
        """
        actions = self._coordinates(self._cells.enumerate_support(expand=False))
        return actions.expand(-1, *self.batch_shape, -1) if expand else actions

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> "MaskedJoint":
        new: MaskedJoint = self._blank(MaskedJoint, _instance)
        new._nvec = self._nvec
        new._mask = self._mask.expand(*batch_shape, *self.nvec)
        new._cells = self._cells.expand(batch_shape)
        MaskedDistribution.__init__(new, torch.Size(batch_shape), self.event_shape, self._validates_data)
        return new

    def _kl_to(self, other: "MaskedJoint") -> Tensor:
        return self._cells._kl_to(other._cells)

    def _strides(self, device: torch.device) -> Tensor:
        return torch.tensor([math.prod(self.nvec[head + 1 :]) for head in range(len(self.nvec))], device=device)

    def _coordinates(self, cell: Tensor) -> Tensor:
        return cell.unsqueeze(-1) // self._strides(cell.device) % torch.tensor(self.nvec, device=cell.device)

    def _cell_index(self, coordinates: Tensor) -> Tensor:
        return (coordinates * self._strides(coordinates.device)).sum(-1)

    def _like(self) -> Tensor:
        return self._cells._log_probs

    def _is_legal(self, value: Tensor) -> Tensor:
        sizes = torch.tensor(self.nvec, device=value.device)
        action = torch.minimum(value.long().clamp(min=0), sizes - 1)
        return self._cells._is_legal(self._cell_index(action)) & (action == value).all(-1)
