"""Means and intervals over seeds, as Agarwal et al. 2021 ("Deep RL at the Edge of the Statistical Precipice",
arXiv:2108.13264) define them: the interquartile mean and its 95% percentile bootstrap interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """Interquartile mean of some runs, with the ends of its interval."""

    mean: float
    low: float
    high: float
    runs: int

    def overlaps(self, other: Estimate) -> bool:
        return self.low <= other.high and other.low <= self.high


def interquartile_mean(values: Sequence[float]) -> float:
    """The mean without the lowest and the highest quarter of the values."""
    return float(stats.trim_mean(np.asarray(values, float), 0.25))


def estimate(values: Sequence[float]) -> Estimate:
    """The interquartile mean of one value per seed, and its interval; without spread the interval is one point."""
    numbers = np.asarray(values, float)
    mean = interquartile_mean(numbers)
    if len(numbers) < 2 or np.ptp(numbers) == 0:
        return Estimate(mean, mean, mean, len(numbers))
    drawn = np.random.default_rng(0).choice(numbers, (RESAMPLES, len(numbers)))
    means = stats.trim_mean(drawn, 0.25, axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(mean, float(low), float(high), len(numbers))
