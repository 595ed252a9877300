"""A categorical distribution over the legal actions of a mask."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.distributions import Distribution, constraints, register_kl

from masked_envs.torch import _checks, _numerics

Mask = Tensor | npt.NDArray[np.int8] | npt.NDArray[np.bool_]
NO_SHAPE = torch.Size()


class LegalActions(constraints.Constraint):
    """The support of a masked distribution: `check(value)` is True where the value is a legal action."""

    is_discrete = True

    def __init__(self, distribution: "MaskedDistribution") -> None:
        self._distribution = distribution
        self.event_dim = len(distribution.event_shape)
        super().__init__()

    def check(self, value: Tensor) -> Tensor:
        return self._distribution._is_legal(value)

    def __repr__(self) -> str:
        return f"LegalActions({self._distribution!r})"


class MaskedDistribution(Distribution):
    """What the masked distributions share; build one of its subclasses, or call `distribution_for`.

    The mask is applied once, in float32 (float64 stays), before the softmax, and the same masked
    log-probabilities serve `sample`, `log_prob`, `entropy`, `mode` and `torch.distributions.kl_divergence`.
    The gradient of an illegal logit is exactly 0 in all of them, whatever that logit is, inf and nan included.

    `validate_args=False` leaves out the checks that read the data (rows without a legal action, nan, values
    outside the range), which on an accelerator also wait for it; wrong shapes and dtypes are refused always.
    Unchecked, a row without a legal action has nan everywhere and samples 0. The default, None, means True: torch's
    global default is not consulted.

    For an illegal action `probs` is 0, `logits` and `log_prob` are -inf. Its `log_prob` has zero gradient, so it spoils
    no other row; but a loss must drop such rows by `torch.where` or indexing, since -inf times a weight of 0 is nan.
    """

    arg_constraints: dict[str, constraints.Constraint] = {}

    def __init__(self, batch_shape: torch.Size, event_shape: torch.Size, validate_args: bool | None) -> None:
        # torch's own validation stays off: its simplex check refuses rows of 10^4 actions for their rounding.
        super().__init__(batch_shape, event_shape, validate_args=False)
        self._validates_data = validate_args is None or validate_args

    @property
    def mask(self) -> Tensor:
        """Bool, True where legal: a copy of the mask given, expanded to the batch."""
        raise NotImplementedError

    @property
    def support(self) -> LegalActions:
        """A constraint whose `check(value)` tells which values are legal actions."""
        return LegalActions(self)

    @property
    def nvec(self) -> tuple[int, ...]:
        """How many choices each number of an action has, legal or not."""
        raise NotImplementedError

    def _is_legal(self, value: Tensor) -> Tensor:
        raise NotImplementedError

    def _kl_to(self, other: Any) -> Tensor:
        """KL(self || other) for another distribution of the same class."""
        raise NotImplementedError

    def _blank(self, cls: type, instance: Any) -> Any:
        return self._get_checked_instance(cls, instance)  # type: ignore[no-untyped-call]

    def _check_values(self, value: Tensor) -> None:
        owner = type(self).__name__
        _checks.check_action_shape(value, self.batch_shape, self.event_shape, owner)
        if self._validates_data:
            _checks.check_action_range(value if self.event_shape else value.unsqueeze(-1), self.nvec, owner)

    def __repr__(self) -> str:
        shapes = f"mask: {tuple(self.mask.shape)}, batch_shape: {tuple(self.batch_shape)}"
        return f"{type(self).__name__}({shapes})"


def kl_masked(p: MaskedDistribution, q: MaskedDistribution) -> Tensor:
    """KL(p || q) in nats, shape batch_shape; exactly +inf, with zero gradient, where p allows what q forbids.

    Raises:
        ValueError: p and q have different numbers of choices or batch shapes.
        NotImplementedError: p and q are of different classes.
    """
    if not (isinstance(p, type(q)) or isinstance(q, type(p))):
        raise NotImplementedError(f"kl_divergence needs two distributions of one class, got {p!r} and {q!r}")
    if p.nvec != q.nvec or p.batch_shape != q.batch_shape:
        raise ValueError(f"kl_divergence needs equal batch shapes and numbers of choices, got {p!r} and {q!r}")
    return p._kl_to(q)


register_kl(MaskedDistribution, MaskedDistribution)(kl_masked)  # type: ignore[no-untyped-call]


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
        logits = _checks.check_logits(logits, owner)
        self._mask = _checks.check_mask(mask, logits, logits.shape[-1:], owner, validate)
        self._log_probs, row_max = _numerics.masked_log_softmax(logits, self._mask)
        if validate:
            _checks.check_rows(row_max, logits, self._mask, owner)
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
        """All n values along dimension 0, int64 (n, *batch_shape); the mask says which of them are legal where."""
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

    def _is_legal(self, value: Tensor) -> Tensor:
        action = value.long().clamp(0, self._log_probs.shape[-1] - 1)
        legal = self._mask.expand(*value.shape, -1).gather(-1, action.unsqueeze(-1)).squeeze(-1)
        return legal & (action == value)
