"""Invalid actions counted by the environments, and the legal fraction, among RLlib's metrics."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS, EVALUATION_RESULTS

from .. import trees
from ..mask_spec import DictMask, MaskSpec
from .features import mask_spec_of
from .ray_internals.fragments import masks_of

NUM_INVALID_ACTIONS = "num_invalid_actions"
LIFETIME = "_lifetime"
NUM_INVALID_ACTIONS_LIFETIME = NUM_INVALID_ACTIONS + LIFETIME
MEAN_LEGAL_FRACTION = "mean_legal_fraction"


def count_invalid_actions(env_runner: Any) -> int:
    """Invalid actions in the environments of an env runner since they were made, by the environments' own counters.

    For every worker: `algorithm.env_runner_group.foreach_env_runner(count_invalid_actions)`. A local env runner beside
    remote ones may have no environment, and gives 0.

    Raises:
        AttributeError: environments that do not count.
    """
    if env_runner.env is None:
        return 0
    base = env_runner.env.unwrapped
    return sum(_counted_by(env) for env in getattr(base, "envs", [base]))


def _counted_by(env: Any) -> int:
    """What an environment counted, or a wrapper of it such as `ActionMask`."""
    if getattr(env, "has_wrapper_attr", lambda name: False)("invalid_actions"):
        return int(np.sum(env.get_wrapper_attr("invalid_actions")))
    if not hasattr(env.unwrapped, "invalid_actions"):
        raise AttributeError(
            f"{type(env.unwrapped).__name__} does not count: count_invalid_actions needs an attribute "
            f"`invalid_actions`, the number of invalid actions since the environment was made"
        )
    return int(np.sum(env.unwrapped.invalid_actions))


class MaskMetrics(RLlibCallback):  # type: ignore[misc]
    """Logs what the environments counted, beside RLlib's own metrics of env runners and evaluation env runners.

    These are `num_invalid_actions` (of this iteration), `num_invalid_actions_lifetime` (of the run, through checkpoints
    and through the death of workers), and `mean_legal_fraction` (the mean over all decisions of
    `MaskSpec.legal_fraction`, the share of the action space that the mask allowed).

    Environments without a counter `invalid_actions` get the last alone, and a warning that says so.
    """

    def __init__(self) -> None:
        super().__init__()
        self._counted: tuple[Any, int] = (None, 0)

    def on_sample_end(self, *, env_runner: Any, metrics_logger: Any, samples: Sequence[Any], **kwargs: Any) -> None:
        self._log_invalid_actions(env_runner, metrics_logger)
        of_agents: dict[Any, list[Any]] = {}  # each has its own space of masks
        for episode in _single_agent_episodes(samples):
            if len(episode):
                of_agents.setdefault(episode.agent_id, []).append(episode)
        try:
            fractions = [_legal_fractions(episodes) for episodes in of_agents.values()]
        except ValueError as error:
            warnings.warn(f"{MEAN_LEGAL_FRACTION} is not logged: {error}", stacklevel=2)
            return
        if fractions:
            mean = float(np.mean(np.concatenate(fractions)))
            metrics_logger.log_value(MEAN_LEGAL_FRACTION, mean, reduce="mean", window=None)

    def on_evaluate_end(self, *, metrics_logger: Any, evaluation_metrics: dict[str, Any], **kwargs: Any) -> None:
        """Put the sums over all evaluations where RLlib reports those of the latest alone as `_lifetime`."""
        results = evaluation_metrics.get(ENV_RUNNER_RESULTS, {})
        for name in [name for name in results if name.endswith(LIFETIME)]:
            results[name] = metrics_logger.peek((EVALUATION_RESULTS, ENV_RUNNER_RESULTS, name))

    def _log_invalid_actions(self, env_runner: Any, metrics_logger: Any) -> None:
        base = env_runner.env.unwrapped
        try:
            counter = count_invalid_actions(env_runner)
        except AttributeError as error:
            warnings.warn(f"{NUM_INVALID_ACTIONS} is not logged: {error}", stacklevel=2)
            return
        new = counter - (self._counted[1] if self._counted[0] is base else 0)
        self._counted = (base, counter)
        metrics_logger.log_value(NUM_INVALID_ACTIONS, new, reduce="sum")
        metrics_logger.log_value(NUM_INVALID_ACTIONS_LIFETIME, new, reduce="lifetime_sum")


def _single_agent_episodes(samples: Sequence[Any]) -> list[Any]:
    return [part for episode in samples for part in getattr(episode, "agent_episodes", {"": episode}).values()]


def _legal_fractions(episodes: Sequence[Any]) -> npt.NDArray[np.float64]:
    """`MaskSpec.legal_fraction` of every decision in the episodes of one agent.

    Raises:
        ValueError: spaces or masks of no known kind.
    """
    spec = mask_spec_of(episodes[0].observation_space, episodes[0].action_space)
    masks = trees.map(lambda *parts: np.concatenate(parts), *map(masks_of, episodes))
    fractions: npt.NDArray[np.float64] = spec.legal_fraction(_in_dtype_of(spec, masks))
    return fractions


def _in_dtype_of(spec: MaskSpec, masks: Any) -> Any:
    """Masks, which RLlib's modules take in any dtype, in the canonical one."""
    if isinstance(spec, DictMask):
        return spec.pack(spec.each(_in_dtype_of, spec.unpack(masks, "the mask")))
    return masks.astype(spec.mask_buffer.base)
