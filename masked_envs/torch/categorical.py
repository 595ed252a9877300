"""A categorical distribution over the legal actions of a mask."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from masked_envs.torch import _checks, _numerics
from masked_envs.torch.distribution import NO_SHAPE, Mask, MaskedDistribution


class MaskedCategorical(MaskedDistribution):
    """The distribution over 0, ..., n - 1 proportional to exp(logits) on the legal actions and 0 elsewhere.

    Equal to `torch.distributions.Categorical` on the sub-vector of legal logits, and as differentiable (Huang and
    Ontañón 2020, arXiv:2006.14171, Proposition 1). Samples are int64 of shape sample_shape + batch_shape, drawn by the
    Gumbel-max trick over the legal actions: legal by construction, and reproducible by `torch.manual_seed`.

    Args:
        logits: floating point (..., n), unnormalised; half precision is computed in float32. -inf at a legal
            action gives it probability 0, as long as another legal logit is finite.
        mask: bool or int8 of 0 and 1, tensor or NumPy array, (..., n); leading dimensions may be missing
            or 1.
        validate_args: see `MaskedDistribution`.

    Raises:
        ValueError: a wrong shape or dtype, a mask value other than 0 and 1, a row without a legal action, a
            nan or +inf at a legal action; in `log_prob`, a value outside 0..n-1, not whole, or of another shape than
            sample_shape + batch_shape.
    """

    has_enumerate_support = True

    def __init__(self, logits: Tensor, mask: Mask, validate_args: bool | None = None) -> None:
        owner = type(self).__name__
        validate = validate_args is None or validate_args
        logits = self._read_logits(logits)
        self._mask = _checks.check_mask(mask, logits, logits.shape[-1:], owner, validate)
        self._log_probs = checked_log_probs(logits, self._mask, owner, validate)
        super().__init__(logits.shape[:-1], NO_SHAPE, validate_args)

    @property
    def mask(self) -> Tensor:
        return self._mask

    @property
    def nvec(self) -> tuple[int, ...]:
        return (self._log_probs.shape[-1],)

    @property
    def logits(self) -> Tensor:
        """Normalised log-probabilities (..., n), -inf where illegal."""
        # `where` once more: whatever a caller's loss sends back to an illegal entry stops here.
        return torch.where(self._mask, self._log_probs, -math.inf)

    @property
    def probs(self) -> Tensor:
        """Probabilities (..., n), exactly 0 where illegal."""
        return _numerics.exp(self._log_probs)

    @property
    def param_shape(self) -> torch.Size:
        """(..., n)."""
        return self._log_probs.shape

    @property
    def mode(self) -> Tensor:
        """The most probable legal action, the first of several; int64 of shape batch_shape."""
        return torch.where(self._mask, self._log_probs.detach(), -math.inf).argmax(-1)

    def sample(self, sample_shape: Sequence[int] = NO_SHAPE) -> Tensor:
        return _numerics.gumbel_argmax(self._log_probs, self._mask, torch.Size(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-probability of `value` (sample_shape + batch_shape); -inf, with zero gradient, where it is illegal."""
        self._check_values(value)
        return self._log_prob_of(value.long())

    def _log_prob_of(self, action: Tensor) -> Tensor:
        log_probs = self._log_probs
        if action.ndim >= log_probs.ndim:
            log_probs = log_probs.expand(*action.shape, -1)
        chosen = log_probs.gather(-1, action.unsqueeze(-1)).squeeze(-1)
        return torch.where(chosen == -math.inf, -math.inf, chosen)

    def entropy(self) -> Tensor:
        """Entropy over the legal actions in nats, at most log(number of legal actions); shape batch_shape."""
        return _numerics.masked_entropy(self._log_probs)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All n values along dimension 0, int64 (n, *batch_shape); the mask says which of them are legal in which row.

        Without `expand` the other dimensions are 1.
        """
        n = self._log_probs.shape[-1]
        values = torch.arange(n, device=self._log_probs.device).view(n, *(1 for _ in self.batch_shape))
        return values.expand(n, *self.batch_shape) if expand else values

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> "MaskedCategorical":
        new: MaskedCategorical = self._blank(MaskedCategorical, _instance)
        log_probs, mask = (given.expand(*batch_shape, -1) for given in (self._log_probs, self._mask))
        new._fill(log_probs, mask, self._validates_data)
        return new

    @classmethod
    def _unchecked(cls, log_probs: Tensor, mask: Tensor, validate_args: bool | None) -> "MaskedCategorical":
        """Wrap masked log-probabilities (..., n) and their bool mask (..., n)."""
        new = cls.__new__(cls)
        new._fill(log_probs, mask, validate_args)
        return new

    def _fill(self, log_probs: Tensor, mask: Tensor, validate_args: bool | None) -> None:
        self._log_probs = log_probs
        self._mask = mask
        MaskedDistribution.__init__(self, log_probs.shape[:-1], NO_SHAPE, validate_args)

    def _kl_to(self, other: "MaskedCategorical") -> Tensor:
        return _numerics.masked_kl(self._log_probs, self._mask, other._log_probs, other._mask)

    def _like(self) -> Tensor:
        return self._log_probs

    def _is_legal(self, value: Tensor) -> Tensor:
        action = value.long().clamp(0, self._log_probs.shape[-1] - 1)
        legal = self._mask.expand(*value.shape, -1).gather(-1, action.unsqueeze(-1)).squeeze(-1)
        return legal & (action == value)


def checked_log_probs(
    logits: Tensor,
    mask: Tensor,
    owner: str,
    validate: bool,
    part: str = "",
    first_part: int = 0,
    terms: int = 1,
) -> Tensor:
    """Log-probabilities (..., n) over the legal entries of logits (..., n), -inf where illegal.

    Args:
        mask: bool (..., n).
        owner, part, first_part: see `_checks.check_rows`.
        validate: whether to look at the data.
        terms: how many such log-probabilities are added for one action; their sum stays finite.

    Raises:
        ValueError: a row without a legal entry, or nan or +inf at a legal one, with `validate`.
    """
    log_probs, row_max = _numerics.masked_log_softmax(logits, mask)
    if not validate:
        return log_probs
    _checks.check_rows(row_max, logits, mask, owner, part, first_part)
    if logits.numel() and not logits.detach().abs().amax().item() < _numerics.SAFE:
        log_probs, _ = _numerics.masked_log_softmax(logits, mask, terms)
    return log_probs
