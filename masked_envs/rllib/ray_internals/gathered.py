"""Metrics of many episodes logged as one value each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from ray.rllib.utils.metrics.metrics_logger import MetricsLogger


@contextlib.contextmanager
def gathered(env_runner: Any) -> Iterator[None]:
    """Within it, the metrics logger of an env runner gets one value for each key, not one for each episode.

    RLlib's `get_metrics` logs nine values for each episode, one by one, and reduces them right after. Here the same
    RLlib class reduces them with the same window before they are logged, so that the results are the same.
    """
    logger = env_runner.metrics
    env_runner.metrics = _Gathered(logger)
    try:
        yield
    finally:
        env_runner.metrics = logger


class _Gathered:
    """What `get_metrics` asks of a logger."""

    def __init__(self, logger: MetricsLogger) -> None:
        self._logger = logger
        self._values: dict[Any, list[float]] = {}

    def log_value(self, key: Any, value: float, *, reduce: str = "mean", window: int) -> None:
        self._values.setdefault((key, reduce, window), []).append(value)

    def reduce(self) -> dict[str, Any]:
        """As `MetricsLogger.reduce`."""
        for (key, reduce, window), values in self._values.items():
            stats = self._logger.stats_cls_lookup[reduce](window=window)
            for value in values:
                stats.push(value)
            self._logger.log_value(key, stats.peek(), reduce=reduce, window=window)
        results: dict[str, Any] = self._logger.reduce()
        return results
