"""What distributions over Box actions between bounds share."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.distributions import constraints

from masked_envs.torch import _checks
from masked_envs.torch.distribution import NO_SHAPE, LegalActions, MaskedDistribution

Bounds = Tensor | npt.NDArray[np.floating[Any]]


class MaskedInterval(MaskedDistribution):
    """Box(d) actions within bounds, the coordinates independent; see its subclasses.

    Samples have shape sample_shape + batch_shape + (d,) and lie within the bounds, rounded to the bounds' dtype;
    `rsample` is differentiable in loc and scale. `log_prob` is a density and `entropy` is differential, both in nats
    and summed over the coordinates, computed in float64 and returned in `dtype`. A coordinate whose bounds are
    equal adds 0 to `log_prob`, `entropy` and the KL divergence, and has gradient 0.

    Any finite loc and scale give samples within the bounds, finite log-densities and finite gradients: parameters so
    extreme that float64 or the dtype of the actions cannot tell the result from a limit are moved to that limit
    (each subclass says where), and keep their gradient.

    Args:
        loc: floating point (..., d), mean of the normal distribution before it is truncated or squashed.
        scale: floating point (..., d), its standard deviation, greater than 0.
        bounds: floating point (..., 2, d), lowest and highest action; leading dimensions may be missing or 1.
        validate_args: see `MaskedDistribution`.
        dtype: of the results; None takes that of loc.

    Raises:
        ValueError: wrong shapes or dtypes; bounds that are not finite, or low > high; a loc or scale that is not
            finite; a scale that is not positive; in `log_prob`, a wrong shape. An action outside the bounds has
            `log_prob` -inf.
    """

    has_rsample = True
    arg_constraints = {
        "loc": constraints.real_vector,
        "scale": constraints.independent(constraints.positive, 1),  # type: ignore[no-untyped-call]
    }

    def __init__(
        self,
        loc: Tensor,
        scale: Tensor,
        bounds: Bounds,
        validate_args: bool | None = None,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        owner = type(self).__name__
        validate = validate_args is None or validate_args
        loc, scale = self._read_logits(loc, name="loc"), self._read_logits(scale, name="scale")
        if loc.shape != scale.shape:
            raise ValueError(
                f"{owner}: loc and scale must have one shape, got {tuple(loc.shape)}, {tuple(scale.shape)}"
            )
        self._bounds = _checks.check_bounds(bounds, loc, owner, validate)
        if validate and not bool((torch.isfinite(loc) & torch.isfinite(scale) & (scale > 0)).all()):
            raise ValueError(
                f"{owner}: loc must be finite, and scale finite and greater than 0; {_checks.HOW_POLICIES_DIVERGE}"
            )
        self._dtype = dtype or loc.dtype
        self._fill(loc.double(), scale.double())
        super().__init__(loc.shape[:-1], loc.shape[-1:], validate_args)

    def _fill(self, loc: Tensor, scale: Tensor) -> None:
        self._loc, self._scale = loc, scale
        self._low, self._high = self._bounds.double().unbind(-2)
        self._is_point = self._low == self._high
        # Bounds to compute with: where there is no choice, some that are apart; the results are left out.
        self._a = torch.where(self._is_point, self._low - 0.5, self._low)
        self._b = torch.where(self._is_point, self._high + 0.5, self._high)

    @property
    def mask(self) -> Tensor:
        """The bounds (..., 2, d), expanded to the batch."""
        return self._bounds

    @property
    def nvec(self) -> tuple[int, ...]:
        return (1,) * self.event_shape[0]

    @property
    def support(self) -> LegalActions:
        return LegalActions(self, is_discrete=False)

    @property
    def loc(self) -> Tensor:
        """(..., d), as given."""
        return self._loc.to(self._dtype)

    @property
    def scale(self) -> Tensor:
        """(..., d), as given."""
        return self._scale.to(self._dtype)

    @property
    def mean(self) -> Tensor:
        """Of each coordinate (..., d)."""
        return self._back(torch.where(self._is_point, self._low, self._moments()[0]))

    @property
    def variance(self) -> Tensor:
        """Of each coordinate (..., d)."""
        return self._back(torch.where(self._is_point, 0.0, self._moments()[1]))

    def sample(self, sample_shape: Sequence[int] = NO_SHAPE) -> Tensor:
        with torch.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = NO_SHAPE) -> Tensor:
        """As `sample`, with the gradient of the sample with respect to loc and scale."""
        shape = torch.Size(sample_shape) + self._loc.shape
        uniform = torch.rand(shape, dtype=torch.float64, device=self._loc.device)
        return self._rounded(self._draw(uniform.clamp(min=2.0**-53)))

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density of `value` (..., d); -inf, with zero gradient, where a coordinate is outside its bounds."""
        _checks.check_action_shape(value, self.batch_shape, self.event_shape, type(self).__name__)
        inside = self._inside(value)
        safe = torch.where(inside & ~self._is_point, value.double(), (self._a + self._b) / 2)
        density = torch.where(self._is_point, 0.0, self._log_density(safe))
        return self._fitting(self._back(torch.where(inside.all(-1), density.sum(-1), -math.inf)))

    def entropy(self) -> Tensor:
        """Differential entropy in nats; shape batch_shape."""
        return self._fitting(self._back(torch.where(self._is_point, 0.0, self._entropies()).sum(-1)))

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = self._blank(type(self), _instance)
        new._bounds, new._dtype = self._bounds.expand(*batch_shape, -1, -1), self._dtype
        new._fill(self._loc.expand(*batch_shape, -1), self._scale.expand(*batch_shape, -1))
        MaskedDistribution.__init__(new, torch.Size(batch_shape), self.event_shape, self._validates_data)
        return new

    def _kl_to(self, other: "MaskedInterval") -> Tensor:
        covered = (self._low >= other._low) & (self._high <= other._high) & (self._is_point | ~other._is_point)
        divergence = torch.where(self._is_point & other._is_point, 0.0, self._divergences(other))
        divergence = torch.where(self._is_point & ~other._is_point, math.inf, divergence)
        return self._back(torch.where(covered, divergence, math.inf).sum(-1))

    def _is_legal(self, value: Tensor) -> Tensor:
        return self._inside(value).all(-1)

    def _inside(self, value: Tensor) -> Tensor:
        return (value.double() >= self._low) & (value.double() <= self._high)

    def _rounded(self, action: Tensor) -> Tensor:
        """In the bounds' dtype and within them, the gradient kept; of unchecked parameters that are nan, a bound."""
        low, high = self._bounds.unbind(-2)
        rounded = torch.where(self._is_point, self._low, action).to(self._bounds.dtype)
        # nan compares as False, so that it becomes `low`.
        legal = torch.where(rounded >= low, torch.minimum(rounded, high), low).detach()
        return legal + (rounded - rounded.detach()) if rounded.requires_grad else legal

    def _back(self, result: Tensor) -> Tensor:
        return result.to(self._dtype)

    def _draw(self, uniform: Tensor) -> Tensor:
        """Actions (float64) from uniform numbers in (0, 1)."""
        raise NotImplementedError

    def _log_density(self, value: Tensor) -> Tensor:
        raise NotImplementedError

    def _entropies(self) -> Tensor:
        raise NotImplementedError

    def _moments(self) -> tuple[Tensor, Tensor]:
        """Mean and variance of each coordinate, float64 (..., d)."""
        raise NotImplementedError

    def _divergences(self, other: Any) -> Tensor:
        raise NotImplementedError


def limited(value: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    """`value` between limits, with the gradient of `value`."""
    low, high = (torch.as_tensor(limit, dtype=value.dtype, device=value.device) for limit in (low, high))
    with torch.no_grad():
        inside = torch.minimum(torch.maximum(value, low), high)
    return inside + (value - value.detach()) if value.requires_grad else inside
