"""A normal distribution between two bounds, in float64, accurate however far the bounds are in its tails.

Every function measures from the mode, the point of the interval nearest to `loc`: an action is mode + scale * u, with u
between `lower` <= 0 <= `upper` and of density proportional to exp(-energy(u)), energy(u) = slope * u + u * u / 2.
`slope` = (mode - loc) / scale is 0 where loc is inside the bounds, positive where it is below them and negative where
it is above. No term is the difference of two large numbers, as the usual formulas in the distances of the bounds from
loc are (Burkardt, "The truncated normal distribution", 2014): those lose all digits from about 1e8 deviations on.
"""

import functools
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
_DEPTH = 30.0
"""Energy at which the density is cut off: what lies beyond has less than 1e-12 of the mass."""
_NODES = 20
"""Of Gauss-Legendre quadrature on each side of the mode: relative error about 1e-11 for energies up to 30."""
_STEEP = 1e4
"""Slopes from which u * u / 2 is negligible, so that u is exponential to a relative error of 1e-8."""
_NARROW = 1e-6
"""Widths, in standard deviations, below which the same holds."""
_FAR = -500.0
"""Log-probability below which `ndtri` of its exponential runs out of numbers."""


def log_density(z: Tensor) -> Tensor:
    """Of the standard normal."""
    return -0.5 * z * z - HALF_LOG_2PI


def energy(u: Tensor, slope: Tensor) -> Tensor:
    """Minus the log-density at u, up to a constant; 0 at the mode."""
    return u * (slope + 0.5 * u)


def log_mass(slope: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    """Logarithm of the integral of exp(-energy) from lower to upper, lower < upper."""
    return moments(slope, lower, upper)[0]


def moments(slope: Tensor, lower: Tensor, upper: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`log_mass`, and the expectations of u and u * u."""
    result: tuple[Tensor, Tensor, Tensor] = _Moments.apply(slope, lower, upper)  # type: ignore[no-untyped-call]
    return result


class _Moments(torch.autograd.Function):
    """The gradients are moments as well, so no graph of the quadrature is kept. They can be differentiated again."""

    @staticmethod
    def forward(ctx: Any, slope: Tensor, lower: Tensor, upper: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mass, first, second, third = _integrals(slope, lower, upper)
        ctx.save_for_backward(slope, lower, upper, mass, first, second, third)
        return mass.log(), first, second

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        slope, lower, upper, *integrals = ctx.saved_tensors
        # With create_graph, from the inputs again: what was saved has no graph.
        mass, first, second, third = _integrals(slope, lower, upper) if torch.is_grad_enabled() else integrals
        by_mass, by_first, by_second = grads

        def at(bound: Tensor) -> Tensor:
            moved = by_mass + by_first * (bound - first) + by_second * (bound * bound - second)
            return torch.exp(-energy(bound, slope)) / mass * moved

        by_slope = -(by_mass * first + by_first * (second - first * first) + by_second * (third - first * second))
        return by_slope, -at(lower), at(upper)


def quantile(share: Tensor, slope: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    """The u with this share, 0 to 1, of the mass below it; call it without gradient."""
    rate, width = slope.abs(), upper - lower
    below = torch.where(slope >= 0, share, 1 - share)
    linear = below * width
    exponential = torch.where(rate > 0, -torch.log1p(below * torch.expm1(-rate * width)) / rate, linear)
    simple = torch.where(slope >= 0, lower + exponential, upper - exponential)
    inverted = _normal_quantile(share, slope, lower, upper)
    u = torch.where(_is_simple(slope, width), simple, inverted)
    return torch.minimum(torch.maximum(u, lower), upper)


def quantile_gradient(share: Tensor, u: Tensor, slope: Tensor, lower: Tensor, upper: Tensor) -> tuple[Tensor, Tensor]:
    """Derivatives of the action mode + scale * u, u = quantile(share), by loc and by scale; call it without gradient.

    By the implicit function theorem at a fixed share (Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498).
    """
    at_u = energy(u, slope)
    # phi(bound) / phi(action) times the mass beyond the action: by how much a bound that moves takes it along.
    from_low = (1 - share) * (at_u - energy(lower, slope)).clamp(max=700.0).exp()
    from_high = share * (at_u - energy(upper, slope)).clamp(max=700.0).exp()
    by_loc = (1 - from_low - from_high).clamp(0.0, 1.0)
    by_scale = u + slope * by_loc - lower * from_low - upper * from_high
    # 1 - from_low - from_high cancels on steep slopes; there u is exponential, and the derivatives have a closed form.
    rate, width, distance = slope.abs(), upper - lower, u.abs()
    part = torch.exp(rate * (distance - width)) * torch.expm1(-rate * distance) / torch.expm1(-rate * width)
    excess = distance - width * part
    steep = rate > _STEEP
    by_loc = torch.where(steep, (excess / rate).clamp(0.0, 1.0), by_loc)
    return by_loc, torch.where(steep, 2 * excess * slope.sign(), by_scale)


def _is_simple(slope: Tensor, width: Tensor) -> Tensor:
    return (slope.abs() > _STEEP) | (width < _NARROW)


def _integrals(slope: Tensor, lower: Tensor, upper: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The integral of exp(-energy), and the expectations of u, u^2 and u^3, by quadrature on each side of the mode."""
    powers, weights = (torch.as_tensor(given, dtype=slope.dtype, device=slope.device) for given in _gauss_legendre())
    with torch.no_grad():
        deepest = 2 * _DEPTH / (slope.abs() + torch.sqrt(slope * slope + 2 * _DEPTH))
    sides = torch.stack([torch.maximum(lower, -deepest), torch.minimum(upper, deepest)])
    # At u = node * side, -energy is a polynomial in the nodes, and each integral is one in the sides.
    coefficients = torch.stack([-slope * sides, -0.5 * sides * sides]).flatten(1)
    sums = (weights @ (powers @ coefficients).exp_()).view(-1, *sides.shape)  # of density * node^k
    mass, *rest = ((sums[k] * sides.abs() * sides**k).sum(0) for k in range(4))
    first, second, third = (part / mass for part in rest)
    return mass, first, second, third


@functools.cache
def _gauss_legendre() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Nodes on (0, 1) and their squares (n, 2), and the weights times the powers 0 to 3 of the nodes (4, n)."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    nodes, weights = (nodes + 1) / 2, weights / 2
    return np.stack([nodes, nodes**2], axis=1), weights * nodes ** np.arange(4)[:, np.newaxis]


def _normal_quantile(share: Tensor, slope: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    """As `quantile`, by the distribution function of the standard normal, in its left tail, where it is precise."""
    alpha, beta = slope + lower, slope + upper
    mirrored = alpha + beta > 0
    low = torch.where(mirrored, -beta, alpha)
    below = torch.where(mirrored, 1 - share, share)
    log_total = log_density(slope) + log_mass(slope, lower, upper)
    z = _ndtri_of_exp(torch.logaddexp(torch.special.log_ndtr(low), below.log() + log_total))
    return torch.where(mirrored, -z, z) - slope


def _ndtri_of_exp(log_below: Tensor) -> Tensor:
    """z with log Phi(z) = log_below: `ndtri` where it can, refined or replaced by Newton's method on log Phi."""
    log_below = log_below.clamp(max=-1e-17)
    near = torch.special.ndtri(log_below.clamp(min=_FAR).exp())
    tail = -2 * (log_below.clamp(max=-1.0) + HALF_LOG_2PI)
    far = -torch.sqrt((tail - tail.clamp(min=1.0).log()).clamp(min=0.0))
    z = torch.where(log_below < _FAR, far, near)
    for _ in range(4):  # log Phi is concave and nearly quadratic in its tail: four steps end at the last digit
        log_cdf = torch.special.log_ndtr(z)
        step = (log_cdf - log_below) * (log_cdf - log_density(z)).clamp(max=700.0).exp()
        z = torch.where(log_below < -1.0, z - step, z)
    return z
