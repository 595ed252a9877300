"""A normal distribution squashed between bounds by tanh."""

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from masked_envs.torch import _normal
from masked_envs.torch.interval import MaskedInterval, limited

QUADRATURE_NODES = 64
FARTHEST_LOC, SMALLEST_SCALE, LARGEST_SCALE = 1e6, 1e-6, 1e6
"""Before tanh, where from +-9 on float32 cannot tell an action from a bound."""
_NEAREST_TO_BOUND = 1e-7
"""Distance from a bound, in halves of the interval, at which the density of an action on the bound is read."""


class MaskedSquashedNormal(MaskedInterval):
    """action = middle + half * tanh(y) of a normal y, middle and half being those of the bounds.

    Density by the change of variables (Haarnoja et al. 2018, arXiv:1801.01290, appendix C). The entropy is the normal's
    plus the mean of log |d action / d y|, by Gauss-Hermite quadrature of 64 nodes. The KL divergence between two under
    the same bounds is that of the normals, since the map is one to one; under different bounds it is nan. An action on
    a bound, where rounding may put it, has the density of the nearest number inside. loc is computed as at most 10^6
    from 0, and scale as between 10^-6 and 10^6. See `MaskedInterval`.
    """

    def _fill(self, loc: Tensor, scale: Tensor) -> None:
        super()._fill(loc, scale)
        self._l = limited(loc, -FARTHEST_LOC, FARTHEST_LOC)
        self._s = limited(scale, SMALLEST_SCALE, LARGEST_SCALE)
        self._middle, self._half = (self._a + self._b) / 2, (self._b - self._a) / 2

    @property
    def mode(self) -> Tensor:
        """The median, the image of loc: the density itself may have its mode at a bound."""
        return self._rounded(self._squash(self._l)).detach()

    def _draw(self, uniform: Tensor) -> Tensor:
        return self._squash(self._l + self._s * torch.special.ndtri(uniform))

    def _squash(self, y: Tensor) -> Tensor:
        return self._middle + self._half * torch.tanh(y)

    def _log_slope(self, y: Tensor) -> Tensor:
        """log of half * (1 - tanh(y)^2), without the cancellation."""
        return torch.log(self._half) + 2 * (math.log(2) - y - torch.nn.functional.softplus(-2 * y))

    def _log_density(self, value: Tensor) -> Tensor:
        squashed = (value - self._middle) / self._half
        y = torch.atanh(squashed.clamp(-1 + _NEAREST_TO_BOUND, 1 - _NEAREST_TO_BOUND))
        z = (y - self._l) / self._s
        return _normal.log_density(z) - self._s.log() - self._log_slope(y)

    def _nodes(self) -> tuple[Tensor, Tensor]:
        """Values of y and their weights by Gauss-Hermite quadrature, each (nodes, ...)."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(QUADRATURE_NODES)
        z, weight = (_beside(given, self._l) for given in (nodes, weights / weights.sum()))
        return self._l + self._s * z, weight

    def _entropies(self) -> Tensor:
        y, weights = self._nodes()
        mean_slope = (weights * self._log_slope(y)).sum(0)
        return 0.5 + _normal.HALF_LOG_2PI + self._s.log() + mean_slope

    def _moments(self) -> tuple[Tensor, Tensor]:
        """By quadrature over y, or over tanh(y) where the normal is so wide that tanh is a step to the former."""
        y, weights = self._nodes()
        squashed = torch.tanh(y)
        narrow_mean = (weights * squashed).sum(0)
        narrow_variance = (weights * (squashed - narrow_mean).square()).sum(0)
        # The expectation of g(T), T in (-1, 1), is g(-1) plus the integral of g'(t) P(T > t).
        nodes, widths = (_beside(given, self._l) for given in np.polynomial.legendre.leggauss(QUADRATURE_NODES))
        above = widths * torch.special.ndtr((self._l - torch.atanh(nodes)) / self._s)
        wide_mean = above.sum(0) - 1
        wide_variance = (1 + (2 * nodes * above).sum(0) - wide_mean.square()).clamp_min(0.0)
        narrow = self._s < 1
        mean = torch.where(narrow, narrow_mean, wide_mean)
        return self._middle + self._half * mean, self._half**2 * torch.where(narrow, narrow_variance, wide_variance)

    def _divergences(self, other: "MaskedSquashedNormal") -> Tensor:
        same = (self._low == other._low) & (self._high == other._high)
        ratio, shift = self._s / other._s, (self._l - other._l) / other._s
        return torch.where(same, 0.5 * (ratio * ratio + shift * shift - 1) - ratio.log(), math.nan)


def _beside(values: npt.NDArray[np.float64], like: Tensor) -> Tensor:
    """Constants (n,) as a tensor (n, 1, 1, ...) beside the shape of `like`."""
    return torch.as_tensor(values, dtype=like.dtype, device=like.device).view(-1, *(1 for _ in like.shape))
