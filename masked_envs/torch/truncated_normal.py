"""A normal distribution truncated to bounds."""

import torch
from torch import Tensor

from masked_envs.torch import _normal
from masked_envs.torch.interval import MaskedInterval, limited

FARTHEST_LOC = 1e9
"""Standard deviations outside the bounds from which a loc is moved to this distance: nearly all mass is on a bound."""


class MaskedTruncatedNormal(MaskedInterval):
    """A normal distribution, conditioned on falling between the bounds.

    The density is phi(z) / (scale Z), z = (action - loc) / scale, with Z the normal mass between the bounds (Johnson,
    Kotz and Balakrishnan, "Continuous Univariate Distributions 1", 1994, section 10.1). A sample is the quantile of a
    uniform number, and its gradient that of the quantile at the same number (implicit reparameterisation: Figurnov,
    Mohamed and Mnih 2018, arXiv:1805.08498). A scale below the spacing of floating-point numbers at the bounds is
    computed as that spacing, and a loc is computed as at most 10^9 scales outside the bounds. See `MaskedInterval`.
    """

    def _fill(self, loc: Tensor, scale: Tensor) -> None:
        super()._fill(loc, scale)
        largest = torch.maximum(self._a.abs(), self._b.abs())
        kind = torch.finfo(self._bounds.dtype)
        self._s = limited(scale, (largest * kind.eps).clamp_min(kind.tiny), torch.finfo(torch.float64).max)
        reach = FARTHEST_LOC * self._s.detach()
        self._l = limited(loc, self._a - reach, self._b + reach)
        self._mode = torch.minimum(torch.maximum(self._l, self._a), self._b).detach()

    @property
    def mode(self) -> Tensor:
        """loc, or the bound nearest to it."""
        return self._rounded(self._mode)

    def _from_mode(self) -> tuple[Tensor, Tensor, Tensor]:
        """slope, lower and upper of `_normal`."""
        slope = (self._mode - self._l) / self._s
        return slope, (self._a - self._mode) / self._s, (self._b - self._mode) / self._s

    def _draw(self, uniform: Tensor) -> Tensor:
        with torch.no_grad():
            place = [part.expand(uniform.shape) for part in self._from_mode()]
            u = _normal.quantile(uniform, *place)
            value = self._mode + self._s * u
        if not (torch.is_grad_enabled() and (self._l.requires_grad or self._s.requires_grad)):
            return value
        with torch.no_grad():
            by_loc, by_scale = _normal.quantile_gradient(uniform, u, *place)
            free = torch.where(self._is_point, 0.0, 1.0)
        moved = by_loc * (self._l - self._l.detach()) + by_scale * (self._s - self._s.detach())
        return value + free * moved

    def _log_density(self, value: Tensor) -> Tensor:
        slope, lower, upper = self._from_mode()
        u = (value - self._mode) / self._s
        return -_normal.energy(u, slope) - self._s.log() - _normal.log_mass(slope, lower, upper)

    def _entropies(self) -> Tensor:
        return -self._mean_log_density(self)

    def _moments(self) -> tuple[Tensor, Tensor]:
        _, mean, square = _normal.moments(*self._from_mode())
        variance = (square - mean * mean).clamp_min(0.0)
        return self._mode + self._s * mean, self._s * self._s * variance

    def _divergences(self, other: "MaskedTruncatedNormal") -> Tensor:
        return (self._mean_log_density(self) - self._mean_log_density(other)).clamp_min(0.0)

    def _mean_log_density(self, of: "MaskedTruncatedNormal") -> Tensor:
        """The expectation, under this distribution, of the log-density of another."""
        _, mean, square = _normal.moments(*self._from_mode())
        apart, ratio = (self._mode - of._mode) / of._s, self._s / of._s
        u, u_square = apart + ratio * mean, apart * (apart + 2 * ratio * mean) + ratio * ratio * square
        slope, lower, upper = of._from_mode()
        return -(slope * u + 0.5 * u_square) - of._s.log() - _normal.log_mass(slope, lower, upper)
