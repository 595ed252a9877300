"""What the environments themselves counted, among RLlib's metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ray.rllib.callbacks.callbacks import RLlibCallback

from .features import ACTION_MASK

NUM_INVALID_ACTIONS = "num_invalid_actions"
NUM_INVALID_ACTIONS_LIFETIME = "num_invalid_actions_lifetime"
MEAN_LEGAL_FRACTION = "mean_legal_fraction"


def count_invalid_actions(env_runner: Any) -> int:
    """How many invalid actions the environments of an env runner were ever given, by their own counters.

    For every worker: `algorithm.env_runner_group.foreach_env_runner(count_invalid_actions)`.

    Raises:
        AttributeError: environments that do not count.
    """
    base = env_runner.env.unwrapped
    counters = [env.unwrapped.invalid_actions for env in base.envs] if hasattr(base, "envs") else base.invalid_actions
    return int(np.sum(counters))


class MaskMetrics(RLlibCallback):  # type: ignore[misc]
    """Logs, beside RLlib's own metrics of env runners and evaluation env runners:

    `num_invalid_actions` (of this iteration), `num_invalid_actions_lifetime` (of the run, through checkpoints and through
    the death of workers), and `mean_legal_fraction` (entries of the masks met that were 1).
    """

    def __init__(self) -> None:
        super().__init__()
        self._counted: tuple[Any, int] = (None, 0)

    def on_sample_end(self, *, env_runner: Any, metrics_logger: Any, samples: Sequence[Any], **kwargs: Any) -> None:
        counter, base = count_invalid_actions(env_runner), env_runner.env.unwrapped
        new = counter - (self._counted[1] if self._counted[0] is base else 0)
        self._counted = (base, counter)
        metrics_logger.log_value(NUM_INVALID_ACTIONS, new, reduce="sum")
        metrics_logger.log_value(NUM_INVALID_ACTIONS_LIFETIME, new, reduce="lifetime_sum")
        fractions = [np.mean(mask) for episode in _single_agent_episodes(samples) for mask in _masks(episode)]
        if fractions:
            metrics_logger.log_value(MEAN_LEGAL_FRACTION, float(np.mean(fractions)), reduce="mean", window=None)


def _single_agent_episodes(samples: Sequence[Any]) -> list[Any]:
    return [part for episode in samples for part in getattr(episode, "agent_episodes", {"": episode}).values()]


def _masks(episode: Any) -> Any:
    """The masks of the decisions in an episode, the one after its last action left out."""
    if len(episode) == 0:
        return ()
    observations = episode.get_observations(slice(0, len(episode)))
    if isinstance(observations, dict):
        return observations[ACTION_MASK]
    return [observation[ACTION_MASK] for observation in observations]
