"""What every masked distribution shares: the interface of `torch.distributions` and the KL divergence."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.distributions import Distribution, constraints, register_kl

from masked_envs.torch import _checks, _numerics

from ..mask_spec.checks import shown

Mask = Tensor | npt.NDArray[np.int8] | npt.NDArray[np.bool_]
NO_SHAPE = torch.Size()


class LegalActions(constraints.Constraint):
    """The support of a masked distribution: `check(value)` is True where the value is a legal action."""

    def __init__(self, distribution: "MaskedDistribution", is_discrete: bool = True) -> None:
        self._distribution = distribution
        self._is_discrete = is_discrete
        super().__init__()

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]
        return self._is_discrete

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        return len(self._distribution.event_shape)

    def check(self, value: Tensor) -> Tensor:
        return self._distribution._is_legal(value)

    def __repr__(self) -> str:
        return f"LegalActions({self._distribution!r})"


class MaskedDistribution(Distribution):
    """The base class of the masked distributions; build one of its subclasses, or call `distribution_for`.

    The mask is applied once, in float32 (float64 stays), before the softmax, and the same masked
    log-probabilities serve `sample`, `log_prob`, `entropy`, `mode` and `torch.distributions.kl_divergence`.
    The gradient of an illegal logit is exactly 0 in all of them, whatever that logit is, inf and nan included.

    Any finite logits give legal samples, finite log-probabilities of legal actions, and finite gradients of
    log-probability, entropy and KL divergence; by float16 logits, a row whose gradient does not fit has it scaled down
    as a whole. With `validate_args=False`, a legal action can have log-probability -inf where the logits of a row
    are more than 3e38 apart.

    `validate_args=False` leaves out the checks that read the data (rows without a legal action, nan, values
    outside the range), which on an accelerator also wait for it; wrong shapes and dtypes are refused always.
    Unchecked, a row without a legal action has nan everywhere and samples 0. The default, None, means True: torch's
    global default is not consulted.

    For an illegal action `probs` is 0, `logits` and `log_prob` are -inf. Its `log_prob` has zero gradient, so it spoils
    no other row; but a loss must drop such rows by `torch.where` or indexing, since -inf times a weight of 0 is nan.

    `mean`, `variance` and `stddev` are nan for choices without an order, as those of torch's `Categorical` are.
    """

    arg_constraints: dict[str, constraints.Constraint] = {}
    _widened: tuple[Tensor, ...] = ()

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

    @property
    def mean(self) -> Tensor:
        """Of shape batch_shape + event_shape; nan for choices without an order."""
        return self._nan()

    @property
    def variance(self) -> Tensor:
        """Of shape batch_shape + event_shape; nan for choices without an order."""
        return self._nan()

    def rsample(self, sample_shape: Sequence[int] = NO_SHAPE) -> Any:
        raise NotImplementedError(f"{type(self).__name__} is discrete, so no sample has a gradient: use sample()")

    def cdf(self, value: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} does not implement cdf")

    def icdf(self, value: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} does not implement icdf")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values, legal or not, along dimension 0; the mask says which of them are legal in which row.

        Raises:
            NotImplementedError: a distribution whose `has_enumerate_support` is False.
        """
        raise NotImplementedError(f"{type(self).__name__} does not enumerate its support")

    def _is_legal(self, value: Tensor) -> Tensor:
        raise NotImplementedError

    def _kl_to(self, other: Any) -> Tensor:
        """KL(self || other) for another distribution of the same class."""
        raise NotImplementedError

    def _like(self) -> Tensor:
        """A tensor of the dtype and on the device of the results."""
        raise NotImplementedError

    def _nan(self) -> Tensor:
        like = self._like()
        return torch.full(self._extended_shape(), torch.nan, dtype=like.dtype, device=like.device)

    def _read_logits(self, logits: Tensor, width: int | None = None, name: str = "") -> Tensor:
        """The logits in float32 or float64; float16 ones are kept, for `_fitting`."""
        owner = type(self).__name__ + (f" ({name})" if name else "")
        wide = _checks.check_logits(logits, owner, width)
        if logits.dtype == torch.float16:
            self._widened = (*self._widened, wide)
        return wide

    def _fitting(self, result: Tensor) -> Tensor:
        """A result whose gradient by float16 logits is finite; see `_numerics.with_gradient_that_fits`."""
        return _numerics.with_gradient_that_fits(result, self._widened) if self._widened else result

    def _blank(self, cls: type, instance: Any) -> Any:
        new = self._get_checked_instance(cls, instance)  # type: ignore[no-untyped-call]
        new._widened = self._widened
        return new

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
        raise NotImplementedError(f"kl_divergence needs two distributions of one class, got {shown(p)} and {shown(q)}")
    if p.nvec != q.nvec or p.batch_shape != q.batch_shape:
        raise ValueError(
            f"kl_divergence needs equal batch shapes and numbers of choices, got {shown(p)} and {shown(q)}"
        )
    return p._fitting(q._fitting(p._kl_to(q)))


register_kl(MaskedDistribution, MaskedDistribution)(kl_masked)  # type: ignore[no-untyped-call]
