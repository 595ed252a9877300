"""The arithmetic of a normal distribution between two bounds, in float64, stable far in its tails.

Everything is written for the standard normal between alpha and beta; where the interval lies to the right of 0 it is
mirrored to the left, where the distribution function keeps its digits (Burkardt, "The truncated normal distribution",
2014; Robert, "Simulation of truncated normal variables", 1995, for the tails).
"""

import math

import torch
from torch import Tensor

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
_NARROW = 1e-6
"""Standard deviations below which the density between the bounds is constant to the last digits that matter."""
_FAR = -500.0
"""Log-probability below which `ndtri` of its exponential runs out of numbers."""


def log_density(z: Tensor) -> Tensor:
    """Of the standard normal."""
    return -0.5 * z * z - _HALF_LOG_2PI


def log_mass(alpha: Tensor, beta: Tensor) -> Tensor:
    """Log-probability of lying between alpha and beta, alpha < beta, any shape."""
    low, high = _to_the_left(alpha, beta)
    narrow = high - low < _NARROW
    # The inner `where` keeps the branch not taken, and so its gradient, finite.
    ratio = torch.special.log_ndtr(torch.where(narrow, high - 1.0, low)) - torch.special.log_ndtr(high)
    wide = torch.special.log_ndtr(high) + torch.log(-torch.expm1(ratio.clamp(max=-1e-300)))
    flat = log_density((low + high) / 2) + torch.log(torch.where(narrow, high - low, 1.0))
    return torch.where(narrow, flat, wide)


def quantile(share: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """The point between alpha and beta with this share, 0 to 1, of their mass to its left; no gradient."""
    mirrored = alpha + beta > 0
    low, high = _to_the_left(alpha, beta)
    share = torch.where(mirrored, 1 - share, share)
    log_below = torch.logaddexp(torch.special.log_ndtr(low), share.log() + log_mass(low, high))
    point = _ndtri_of_exp(log_below)
    point = torch.where(high - low < _NARROW, low + share * (high - low), point)
    point = torch.minimum(torch.maximum(point, low), high)
    return torch.where(mirrored, -point, point)


def mean_and_variance(alpha: Tensor, beta: Tensor) -> tuple[Tensor, Tensor]:
    """Of the standard normal between alpha and beta (Johnson, Kotz and Balakrishnan 1994, section 10.1)."""
    total = log_mass(alpha, beta)
    at_alpha, at_beta = (log_density(alpha) - total).exp(), (log_density(beta) - total).exp()
    mean = at_alpha - at_beta
    variance = 1 + alpha * at_alpha - beta * at_beta - mean * mean
    narrow, width = beta - alpha < 1e-3, beta - alpha
    mean = torch.where(narrow, (alpha + beta) / 2 * (1 - width * width / 12), mean)
    return mean, torch.where(narrow, width * width / 12, variance).clamp_min(0.0)


def _to_the_left(alpha: Tensor, beta: Tensor) -> tuple[Tensor, Tensor]:
    mirrored = alpha + beta > 0
    return torch.where(mirrored, -beta, alpha), torch.where(mirrored, -alpha, beta)


def _ndtri_of_exp(log_below: Tensor) -> Tensor:
    """z with log Phi(z) = log_below: `ndtri` where it can, refined or replaced by Newton's method on log Phi."""
    log_below = log_below.clamp(max=-1e-17)
    near = torch.special.ndtri(log_below.clamp(min=_FAR).exp())
    tail = -2 * (log_below.clamp(max=-1.0) + _HALF_LOG_2PI)
    far = -torch.sqrt((tail - tail.clamp(min=1.0).log()).clamp(min=0.0))
    z = torch.where(log_below < _FAR, far, near)
    for _ in range(4):  # log Phi is concave and nearly quadratic in its tail: four steps end at the last digit
        log_cdf = torch.special.log_ndtr(z)
        step = (log_cdf - log_below) * (log_cdf - log_density(z)).clamp(max=700.0).exp()
        z = torch.where(log_below < -1.0, z - step, z)
    return z
