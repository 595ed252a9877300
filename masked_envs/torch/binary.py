"""A masked distribution over sets of bits."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from masked_envs.torch import _checks
from masked_envs.torch.categorical import MaskedCategorical, checked_log_probs
from masked_envs.torch.distribution import NO_SHAPE, Mask, MaskedDistribution


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
        logits = self._read_logits(logits)
        bit_mask = _checks.check_mask(mask, logits, (logits.shape[-1], 2), owner, validate)
        log_odds = torch.where(bit_mask.all(-1), logits, 0.0)
        bit_logits = torch.stack((torch.zeros_like(log_odds), log_odds), -1)
        log_probs = checked_log_probs(bit_logits, bit_mask, owner, validate, "bit", terms=logits.shape[-1])
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
    def mean(self) -> Tensor:
        """The probabilities (..., n) of the bits being 1."""
        return self.probs

    @property
    def variance(self) -> Tensor:
        """Of each bit, (..., n); 0 where forced."""
        probs = self._bits.probs
        return probs[..., 0] * probs[..., 1]

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

    def _like(self) -> Tensor:
        return self._bits._log_probs

    def _is_legal(self, value: Tensor) -> Tensor:
        return self._bits._is_legal(value).all(-1)
