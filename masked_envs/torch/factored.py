"""Masked distributions for several choices at once: MultiDiscrete by head or jointly, and MultiBinary."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from masked_envs.torch import _checks, _numerics
from masked_envs.torch.categorical import NO_SHAPE, Mask, MaskedCategorical, MaskedDistribution


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
        logits = _checks.check_logits(logits, owner, width=sum(self.nvec))
        self._mask = _checks.check_mask(mask, logits, logits.shape[-1:], owner, validate)
        self._blocks: list[tuple[_Run, MaskedCategorical]] = []
        for run in _runs(self.nvec):
            run_logits = _split(logits, run)
            run_mask = _split(self._mask, run)
            log_probs, row_max = _numerics.masked_log_softmax(run_logits, run_mask)
            if validate:
                _checks.check_rows(row_max, run_logits, run_mask, owner, "head", run.heads.start)
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

    def _is_legal(self, value: Tensor) -> Tensor:
        parts = [block._is_legal(value[..., run.heads]) for run, block in self._blocks]
        return torch.cat(parts, -1).all(-1)


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

    def __init__(
        self, logits: Tensor, mask: Mask, nvec: Iterable[int] | None = None, validate_args: bool | None = None
    ) -> None:
        owner = type(self).__name__
        validate = validate_args is None or validate_args
        logits = _checks.check_logits(logits, owner)
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
        log_probs, row_max = _numerics.masked_log_softmax(logits, cell_mask)
        if validate:
            _checks.check_rows(row_max, logits, cell_mask, owner)
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

    def _is_legal(self, value: Tensor) -> Tensor:
        sizes = torch.tensor(self.nvec, device=value.device)
        action = torch.minimum(value.long().clamp(min=0), sizes - 1)
        return self._cells._is_legal(self._cell_index(action)) & (action == value).all(-1)


class MaskedBinary(MaskedDistribution):
    """MultiBinary(n): independent bits, each free, forced to 0 or forced to 1 by the mask.

    Samples are int8, MultiBinary's dtype, of shape sample_shape + batch_shape + (n,); `log_prob`, `entropy`
    and the KL divergence are sums over the bits. A forced bit has probability 1 and contributes nothing, and
    its logit is ignored.

    Args:
        logits: floating point (..., n), the log-odds of a free bit being 1.
        mask: bool or int8 of 0 and 1, (..., n, 2): [i, 0] says that bit i may be 0, [i, 1] that it may be 1; leading
            dimensions may be missing or 1.
        validate_args: see `MaskedDistribution`.

    Raises:
        ValueError: as `MaskedCategorical`; for a bit that may be neither 0 nor 1 it names the row and the bit.
    """

    def __init__(self, logits: Tensor, mask: Mask, validate_args: bool | None = None) -> None:
        owner = type(self).__name__
        validate = validate_args is None or validate_args
        logits = _checks.check_logits(logits, owner)
        bit_mask = _checks.check_mask(mask, logits, (logits.shape[-1], 2), owner, validate)
        log_odds = torch.where(bit_mask.all(-1), logits, 0.0)
        bit_logits = torch.stack((torch.zeros_like(log_odds), log_odds), -1)
        log_probs, row_max = _numerics.masked_log_softmax(bit_logits, bit_mask)
        if validate:
            _checks.check_rows(row_max, bit_logits, bit_mask, owner, "bit")
        self._bits = MaskedCategorical._unchecked(log_probs, bit_mask, validate_args)
        super().__init__(logits.shape[:-1], logits.shape[-1:], validate_args)

    @property
    def mask(self) -> Tensor:
        return self._bits.mask

    @property
    def nvec(self) -> tuple[int, ...]:
        return (2,) * self.event_shape[0]

    @property
    def probs(self) -> Tensor:
        """Probability (..., n) of each bit being 1; exactly 0 or 1 where forced."""
        return self._bits.probs[..., 1]

    @property
    def mode(self) -> Tensor:
        """The more probable legal value of each bit, 0 if both are equal; int8 (..., n)."""
        return self._bits.mode.to(torch.int8)

    def sample(self, sample_shape: Sequence[int] = NO_SHAPE) -> Tensor:
        return self._bits.sample(sample_shape).to(torch.int8)

    def log_prob(self, value: Tensor) -> Tensor:
        """Sum over bits for value (..., n) of 0 and 1, integer or bool; -inf if any bit is illegal."""
        bits = value.to(torch.int8) if isinstance(value, Tensor) and value.dtype == torch.bool else value
        self._check_values(bits)
        return self._bits._log_prob_of(bits.long()).sum(-1)

    def entropy(self) -> Tensor:
        """Sum of the free bits' entropies in nats; shape batch_shape."""
        return self._bits.entropy().sum(-1)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> "MaskedBinary":
        new: MaskedBinary = self._blank(MaskedBinary, _instance)
        new._bits = self._bits.expand((*batch_shape, self.event_shape[0]))
        MaskedDistribution.__init__(new, torch.Size(batch_shape), self.event_shape, self._validates_data)
        return new

    def _kl_to(self, other: "MaskedBinary") -> Tensor:
        return self._bits._kl_to(other._bits).sum(-1)

    def _is_legal(self, value: Tensor) -> Tensor:
        return self._bits._is_legal(value).all(-1)


def _total(parts: list[Tensor]) -> Tensor:
    return torch.stack(parts).sum(0) if len(parts) > 1 else parts[0]
