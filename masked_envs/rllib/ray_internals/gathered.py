"""Metrics of many episodes logged as one value each, and of many steps with fewer look-ups."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from ray.rllib.utils.metrics.metrics_logger import MetricsLogger


@contextlib.contextmanager
def gathered(env_runner: Any) -> Iterator[None]:
    """A context in which an env runner logs one value per key, not one per episode.

    RLlib's `get_metrics` logs nine values per episode, one by one, and then reduces them. Here the same RLlib classes
    reduce them, with the same window, before they are logged, so the results are equal.
    """
    logger = env_runner.metrics
    env_runner.metrics = _Gathered(logger)
    try:
        yield
    finally:
        env_runner.metrics = logger


@contextlib.contextmanager
def timers_found_once(logger: MetricsLogger) -> Iterator[None]:
    """A context in which `logger.log_time(key)` looks a key's statistics up once, not in every step."""
    log_time, found = logger.log_time, {}

    def log(key: Any, **how: Any) -> Any:
        if how:
            return log_time(key, **how)
        if key not in found:
            found[key] = log_time(key)
        return found[key]

    logger.log_time = log
    try:
        yield
    finally:
        del logger.log_time


class _Gathered:
    """The part of a logger's interface that `get_metrics` uses."""

    def __init__(self, logger: MetricsLogger) -> None:
        self._logger = logger
        self._values: dict[Any, list[float]] = {}

    def log_value(self, key: Any, value: float, *, reduce: str = "mean", window: int) -> None:
        self._values.setdefault((key, reduce, window), []).append(value)

    def reduce(self) -> dict[str, Any]:
        """As `MetricsLogger.reduce`."""
        for (key, reduce, window), values in self._values.items():
            stats = self._logger.stats_cls_lookup[reduce](window=window)
            stats.values.extend(values)
            self._logger.log_value(key, stats.peek(), reduce=reduce, window=window)
        results: dict[str, Any] = self._logger.reduce()
        return results
