"""A masked distribution over several independent choices."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from masked_envs.torch import _checks
from masked_envs.torch.categorical import MaskedCategorical, checked_log_probs
from masked_envs.torch.distribution import NO_SHAPE, Mask, MaskedDistribution


class _Run(NamedTuple):
    """Neighbouring heads of equal size, which are computed as one categorical with a batch dimension for the heads."""

    heads: slice
    columns: slice
    size: int

    @property
    def num_heads(self) -> int:
        return int(self.heads.stop - self.heads.start)


def _runs(nvec: Sequence[int]) -> Iterator[_Run]:
    head = column = 0
    for size, group in itertools.groupby(nvec):
        count = len(list(group))
        yield _Run(slice(head, head + count), slice(column, column + count * size), size)
        head, column = head + count, column + count * size


def _split(flat: Tensor, run: _Run) -> Tensor:
    """The columns of a run, (..., sum(nvec)) -> (..., num_heads, size)."""
    columns = flat[..., run.columns]
    return columns.reshape(*columns.shape[:-1], run.num_heads, run.size)


class MaskedPerHead(MaskedDistribution):
    """MultiDiscrete(nvec) with independent heads, each a `MaskedCategorical`; exact only if legality is a product.

    Samples are int64 of shape sample_shape + batch_shape + (len(nvec),); `log_prob`, `entropy` and the KL
    divergence are sums over the heads.

    Args:
        logits: floating point (..., sum(nvec)), the heads one after the other.
        mask: bool or int8 of 0 and 1, (..., sum(nvec)); leading dimensions may be missing or 1.
        nvec: number of choices of each head.
        validate_args: see `MaskedDistribution`.

    Raises:
        ValueError: as `MaskedCategorical`; for a head without a legal choice it names the row and the head.
    """

    def __init__(self, logits: Tensor, mask: Mask, nvec: Iterable[int], validate_args: bool | None = None) -> None:
        owner = type(self).__name__
        validate = validate_args is None or validate_args
        self._nvec = _checks.check_nvec(nvec, owner)
        logits = self._read_logits(logits, width=sum(self.nvec))
        self._mask = _checks.check_mask(mask, logits, logits.shape[-1:], owner, validate)
        self._blocks: list[tuple[_Run, MaskedCategorical]] = []
        for run in _runs(self.nvec):
            run_logits = _split(logits, run)
            run_mask = _split(self._mask, run)
            log_probs = checked_log_probs(
                run_logits, run_mask, owner, validate, "head", run.heads.start, terms=len(self.nvec)
            )
            self._blocks.append((run, MaskedCategorical._unchecked(log_probs, run_mask, validate_args)))
        super().__init__(logits.shape[:-1], torch.Size([len(self.nvec)]), validate_args)

    @property
    def mask(self) -> Tensor:
        return self._mask

    @property
    def nvec(self) -> tuple[int, ...]:
        return self._nvec

    @property
    def logits(self) -> Tensor:
        """Log-probabilities (..., sum(nvec)), normalised within each head, -inf where illegal."""
        return torch.cat([block.logits.flatten(-2) for _, block in self._blocks], -1)

    @property
    def probs(self) -> Tensor:
        """Probabilities (..., sum(nvec)) within each head, exactly 0 where illegal."""
        return torch.cat([block.probs.flatten(-2) for _, block in self._blocks], -1)

    @property
    def mode(self) -> Tensor:
        """The most probable legal choice of each head, int64 (..., len(nvec))."""
        return torch.cat([block.mode for _, block in self._blocks], -1)

    def sample(self, sample_shape: Sequence[int] = NO_SHAPE) -> Tensor:
        return torch.cat([block.sample(sample_shape) for _, block in self._blocks], -1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Sum over heads for value (..., len(nvec)); -inf, with zero gradient for that head, if any is illegal."""
        self._check_values(value)
        action = value.long()
        parts = [block._log_prob_of(action[..., run.heads]).sum(-1) for run, block in self._blocks]
        return _total(parts)

    def entropy(self) -> Tensor:
        """Sum of the heads' entropies in nats; shape batch_shape."""
        return _total([block.entropy().sum(-1) for _, block in self._blocks])

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> "MaskedPerHead":
        new: MaskedPerHead = self._blank(MaskedPerHead, _instance)
        new._nvec = self._nvec
        new._mask = self._mask.expand(*batch_shape, -1)
        new._blocks = [(run, block.expand((*batch_shape, run.num_heads))) for run, block in self._blocks]
        MaskedDistribution.__init__(new, torch.Size(batch_shape), self.event_shape, self._validates_data)
        return new

    def _kl_to(self, other: "MaskedPerHead") -> Tensor:
        pairs = zip(self._blocks, other._blocks, strict=True)
        return _total([block._kl_to(other_block).sum(-1) for (_, block), (_, other_block) in pairs])

    def _like(self) -> Tensor:
        return self._blocks[0][1]._log_probs

    def _is_legal(self, value: Tensor) -> Tensor:
        parts = [block._is_legal(value[..., run.heads]) for run, block in self._blocks]
        return torch.cat(parts, -1).all(-1)


def _total(parts: list[Tensor]) -> Tensor:
    return torch.stack(parts).sum(0) if len(parts) > 1 else parts[0]
