"""Distributions over Box actions between bounds: a normal cut off at them, and a normal squashed between them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from masked_envs.torch import _checks, _normal
from masked_envs.torch.categorical import NO_SHAPE, MaskedDistribution

Bounds = Tensor | npt.NDArray[np.floating[Any]]
QUADRATURE_NODES = 64


class MaskedInterval(MaskedDistribution):
    """What the two below share: Box(d) actions within bounds, the coordinates independent.

    Samples have shape sample_shape + batch_shape + (d,) and lie within the bounds, rounded to the bounds' dtype;
    `rsample` is differentiable in loc and scale. `log_prob` is a density, `entropy` differential, both in nats and
    summed over the coordinates, computed in float64 and returned in that of loc. A coordinate whose bounds are
    equal leaves no choice: it adds 0 to `log_prob`, `entropy` and the KL divergence, and has gradient 0.

    Args:
        loc: floating point (..., d), mean of the normal distribution before it is cut off or squashed.
        scale: floating point (..., d), its standard deviation, greater than 0.
        bounds: floating point (..., 2, d), lowest and highest action; leading dimensions may be missing or 1.
        validate_args: see `MaskedDistribution`.

    Raises:
        ValueError: wrong shapes or dtypes, bounds that are not finite or the wrong way round, parameters that are not
            finite, a scale that is not positive; in `log_prob` a wrong shape. An action outside the bounds has
            `log_prob` -inf.
    """

    has_rsample = True

    def __init__(self, loc: Tensor, scale: Tensor, bounds: Bounds, validate_args: bool | None = None) -> None:
        owner = type(self).__name__
        validate = validate_args is None or validate_args
        loc, scale = (
            _checks.check_logits(given, f"{owner} ({name})") for given, name in ((loc, "loc"), (scale, "scale"))
        )
        if loc.shape != scale.shape:
            raise ValueError(
                f"{owner}: loc and scale must have one shape, got {tuple(loc.shape)}, {tuple(scale.shape)}"
            )
        self._bounds = _checks.check_bounds(bounds, loc, owner, validate)
        if validate and not bool((torch.isfinite(loc) & torch.isfinite(scale) & (scale > 0)).all()):
            raise ValueError(f"{owner}: loc must be finite and scale finite and greater than 0")
        self._dtype = loc.dtype
        self._set(loc.double(), scale.double(), self._bounds.double())
        super().__init__(loc.shape[:-1], loc.shape[-1:], validate_args)

    def _set(self, loc: Tensor, scale: Tensor, bounds: Tensor) -> None:
        self._loc, self._scale = loc, scale
        self._low, self._high = bounds.unbind(-2)
        self._point = self._low == self._high
        # Where there is no choice, bounds that are good to compute with; their results are left out.
        self._a = torch.where(self._point, self._low - 0.5, self._low)
        self._b = torch.where(self._point, self._high + 0.5, self._high)

    @property
    def mask(self) -> Tensor:
        """The bounds (..., 2, d), expanded to the batch."""
        return self._bounds

    @property
    def nvec(self) -> tuple[int, ...]:
        return (1,) * self.event_shape[0]

    @property
    def loc(self) -> Tensor:
        """(..., d), of the normal distribution before it is cut off or squashed."""
        return self._loc.to(self._dtype)

    @property
    def scale(self) -> Tensor:
        """(..., d), its standard deviation."""
        return self._scale.to(self._dtype)

    def sample(self, sample_shape: Sequence[int] = NO_SHAPE) -> Tensor:
        with torch.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = NO_SHAPE) -> Tensor:
        """As `sample`, with the gradient of the sample with respect to loc and scale."""
        shape = torch.Size(sample_shape) + self._loc.shape
        return self._rounded(self._draw(torch.rand(shape, dtype=torch.float64, device=self._loc.device)))

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density of `value` (..., d); -inf, with zero gradient, where a coordinate is outside its bounds."""
        _checks.check_action_shape(value, self.batch_shape, self.event_shape, type(self).__name__)
        inside = self._inside(value)
        safe = torch.where(inside & ~self._point, value.double(), (self._a + self._b) / 2)
        density = torch.where(self._point, 0.0, self._log_density(safe))
        return self._back(torch.where(inside.all(-1), density.sum(-1), -math.inf))

    def entropy(self) -> Tensor:
        """Differential entropy in nats; shape batch_shape."""
        return self._back(torch.where(self._point, 0.0, self._entropies()).sum(-1))

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = self._blank(type(self), _instance)
        loc, scale = (given.expand(*batch_shape, -1) for given in (self._loc, self._scale))
        new._bounds, new._dtype = self._bounds.expand(*batch_shape, -1, -1), self._dtype
        new._set(loc, scale, new._bounds.double())
        MaskedDistribution.__init__(new, torch.Size(batch_shape), self.event_shape, self._validates_data)
        return new

    def _kl_to(self, other: "MaskedInterval") -> Tensor:
        covered = (self._low >= other._low) & (self._high <= other._high) & (self._point | ~other._point)
        divergence = torch.where(self._point & other._point, 0.0, self._divergences(other))
        divergence = torch.where(self._point & ~other._point, math.inf, divergence)
        return self._back(torch.where(covered, divergence, math.inf).sum(-1))

    def _is_legal(self, value: Tensor) -> Tensor:
        return self._inside(value).all(-1)

    def _inside(self, value: Tensor) -> Tensor:
        return (value.double() >= self._low) & (value.double() <= self._high)

    def _rounded(self, action: Tensor) -> Tensor:
        """In the bounds' dtype and within them, the gradient kept."""
        action = torch.where(self._point, self._low, action)
        rounded = action.to(self._bounds.dtype)
        low, high = self._bounds.unbind(-2)
        inside: Tensor = rounded + (torch.minimum(torch.maximum(rounded, low), high) - rounded).detach()
        return torch.minimum(torch.maximum(inside, low), high) if not inside.requires_grad else inside

    def _back(self, result: Tensor) -> Tensor:
        return result.to(self._dtype)

    def _draw(self, uniform: Tensor) -> Tensor:
        """Actions of uniform numbers in [0, 1), float64."""
        raise NotImplementedError

    def _log_density(self, value: Tensor) -> Tensor:
        raise NotImplementedError

    def _entropies(self) -> Tensor:
        raise NotImplementedError

    def _divergences(self, other: Any) -> Tensor:
        raise NotImplementedError


class MaskedTruncatedNormal(MaskedInterval):
    """A normal distribution given that it falls between the bounds.

    With alpha, beta the bounds in standard deviations from loc and Z the normal mass between them: density
    phi(z) / (scale Z), entropy log(sqrt(2 pi e) scale Z) + (alpha phi(alpha) - beta phi(beta)) / (2 Z) (Johnson, Kotz
    and Balakrishnan, "Continuous Univariate Distributions 1", 1994, section 10.1). The sample is the quantile of a
    uniform number, and its gradient that of the quantile at the same number (implicit reparameterisation: Figurnov,
    Mohamed and Mnih 2018, arXiv:1805.08498). See `MaskedInterval`.
    """

    @property
    def mode(self) -> Tensor:
        """loc, or the bound nearest to it."""
        return self._rounded(torch.minimum(torch.maximum(self._loc, self._low), self._high)).detach()

    @property
    def mean(self) -> Tensor:
        """Of each coordinate (..., d)."""
        mean, _ = _normal.mean_and_variance(self._alpha, self._beta)
        return self._back(torch.where(self._point, self._low, self._loc + self._scale * mean))

    @property
    def _alpha(self) -> Tensor:
        return (self._a - self._loc) / self._scale

    @property
    def _beta(self) -> Tensor:
        return (self._b - self._loc) / self._scale

    def _draw(self, uniform: Tensor) -> Tensor:
        alpha, beta = self._alpha.detach(), self._beta.detach()
        with torch.no_grad():
            alpha, beta = alpha.expand(uniform.shape), beta.expand(uniform.shape)
            z = _normal.quantile(uniform, alpha, beta)
            # phi(alpha) / phi(z) times the share beyond z, which is what the lower bound moves the quantile by.
            from_low = (1 - uniform) * (0.5 * (z * z - alpha * alpha)).clamp(max=700.0).exp()
            from_high = uniform * (0.5 * (z * z - beta * beta)).clamp(max=700.0).exp()
            by_loc = 1 - from_low - from_high
            by_scale = z - alpha * from_low - beta * from_high
        loc, scale = self._loc, self._scale
        value = loc.detach() + scale.detach() * z
        free = torch.where(self._point, 0.0, 1.0)
        return value + free * (by_loc * (loc - loc.detach()) + by_scale * (scale - scale.detach()))

    def _log_density(self, value: Tensor) -> Tensor:
        z = (value - self._loc) / self._scale
        return _normal.log_density(z) - self._scale.log() - _normal.log_mass(self._alpha, self._beta)

    def _entropies(self) -> Tensor:
        return -self._mean_log_density(self)

    def _divergences(self, other: "MaskedTruncatedNormal") -> Tensor:
        return (self._mean_log_density(self) - self._mean_log_density(other)).clamp_min(0.0)

    def _mean_log_density(self, of: "MaskedTruncatedNormal") -> Tensor:
        """The expectation, under this distribution, of the log-density of another."""
        mean, variance = _normal.mean_and_variance(self._alpha, self._beta)
        centre = (self._loc + self._scale * mean - of._loc) / of._scale
        square = centre * centre + variance * (self._scale / of._scale) ** 2
        return -0.5 * square - 0.5 * math.log(2 * math.pi) - of._scale.log() - _normal.log_mass(of._alpha, of._beta)


class MaskedSquashedNormal(MaskedInterval):
    """A normal y pressed between the bounds: action = middle + half their distance times tanh(y).

    Density by the change of variables (Haarnoja et al. 2018, arXiv:1801.01290, appendix C). The entropy is the normal's
    plus the mean of log |d action / d y|, by Gauss-Hermite quadrature of 64 nodes. The KL divergence between two under
    the same bounds is that of the normals, since the map is one to one; under different ones it is nan. An action at a
    bound, where rounding may put it, has the density of the nearest number inside. See `MaskedInterval`.
    """

    @property
    def mode(self) -> Tensor:
        """The median, the image of loc: the density itself may have its mode at a bound."""
        return self._rounded(self._squash(self._loc)).detach()

    def _draw(self, uniform: Tensor) -> Tensor:
        tiny = torch.finfo(torch.float64).tiny
        return self._squash(self._loc + self._scale * torch.special.ndtri(uniform.clamp(min=tiny)))

    def _squash(self, y: Tensor) -> Tensor:
        return (self._a + self._b) / 2 + (self._b - self._a) / 2 * torch.tanh(y)

    def _log_slope(self, y: Tensor) -> Tensor:
        """log of half the width times 1 - tanh(y)^2, without the cancellation."""
        width = torch.log((self._b - self._a) / 2)
        return width + 2 * (math.log(2) - y - torch.nn.functional.softplus(-2 * y))

    def _log_density(self, value: Tensor) -> Tensor:
        share = (value - (self._a + self._b) / 2) / ((self._b - self._a) / 2)
        y = torch.atanh(share.clamp(-1 + 1e-7, 1 - 1e-7))
        z = (y - self._loc) / self._scale
        return _normal.log_density(z) - self._scale.log() - self._log_slope(y)

    def _entropies(self) -> Tensor:
        nodes, weights = (
            torch.as_tensor(given, device=self._loc.device)
            for given in np.polynomial.hermite_e.hermegauss(QUADRATURE_NODES)
        )
        shape = (-1, *(1 for _ in self._loc.shape))
        slopes = self._log_slope(self._loc + self._scale * nodes.view(shape))
        mean_slope = (weights.view(shape) * slopes).sum(0) / weights.sum()
        return 0.5 * math.log(2 * math.pi * math.e) + self._scale.log() + mean_slope

    def _divergences(self, other: "MaskedSquashedNormal") -> Tensor:
        same = (self._low == other._low) & (self._high == other._high)
        ratio, shift = self._scale / other._scale, (self._loc - other._loc) / other._scale
        return torch.where(same, 0.5 * (ratio * ratio + shift * shift - 1) - ratio.log(), math.nan)
