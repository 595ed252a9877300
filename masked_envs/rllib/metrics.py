"""Invalid actions counted by the environments, and the legal fraction, among RLlib's metrics."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS, EVALUATION_RESULTS

from .. import trees
from ..mask_spec import MaskSpec
from .empty_masks import canonical_rows, empty_rows
from .features import mask_spec_of
from .options import check_options
from .ray_internals import driver_errors
from .ray_internals.fragments import actions_of, masks_of

NUM_INVALID_ACTIONS = "num_invalid_actions"
NUM_EMPTY_MASKS = "num_empty_masks"
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
    """Logs the counts of the environments among RLlib's metrics of env runners and evaluation env runners.

    These are `num_invalid_actions` (of this iteration), `num_invalid_actions_lifetime` (of the run, through checkpoints
    and through the death of workers); `num_empty_masks`, decisions for which the mask allowed nothing, and
    `num_empty_masks_lifetime`; and `mean_legal_fraction` (the mean over all decisions of `MaskSpec.legal_fraction`, the
    fraction of the action space that the mask allowed).

    For environments without a counter `invalid_actions`, the first are the actions in the sampled episodes that the
    mask in the observation before them forbids.
    """

    def __init__(self) -> None:
        super().__init__()
        self._counted: tuple[Any, int] = (None, 0)
        self._specs: dict[Any, tuple[tuple[Any, Any], MaskSpec]] = {}

    def on_sample_end(self, *, env_runner: Any, metrics_logger: Any, samples: Sequence[Any], **kwargs: Any) -> None:
        of_agents: dict[Any, list[Any]] = {}  # each has its own space of masks
        for episode in _single_agent_episodes(samples):
            if len(episode):
                of_agents.setdefault(episode.agent_id, []).append(episode)
        try:
            decisions = [Decisions.of(episodes, self._spec_of(episodes[0])) for episodes in of_agents.values()]
        except ValueError as error:
            warnings.warn(f"{NUM_EMPTY_MASKS} and {MEAN_LEGAL_FRACTION} are not logged: {error}", stacklevel=2)
            decisions = None
        self._log_invalid_actions(env_runner, metrics_logger, decisions)
        if decisions is None:
            return
        _log_count(metrics_logger, NUM_EMPTY_MASKS, sum(part.num_empty_masks() for part in decisions))
        if decisions:
            mean = float(np.mean(np.concatenate([part.legal_fractions() for part in decisions])))
            metrics_logger.log_value(MEAN_LEGAL_FRACTION, mean, reduce="mean", window=None)

    def on_algorithm_init(self, *, algorithm: Any, **kwargs: Any) -> None:
        """Look at options again, for those set after `configure`."""
        check_options(algorithm.config)
        driver_errors.forget(algorithm)

    def on_train_result(self, *, algorithm: Any, **kwargs: Any) -> None:
        """Raise an EmptyMaskError or InvalidActionError of a remote env runner, which RLlib only logs."""
        driver_errors.raise_reported(algorithm)

    def on_evaluate_end(
        self, *, algorithm: Any, metrics_logger: Any, evaluation_metrics: dict[str, Any], **kwargs: Any
    ) -> None:
        """Replace the `_lifetime` values, which RLlib reports for the latest evaluation only, by the sums over all."""
        driver_errors.raise_reported(algorithm)
        results = evaluation_metrics.get(ENV_RUNNER_RESULTS, {})
        for name in [name for name in results if name.endswith(LIFETIME)]:
            results[name] = metrics_logger.peek((EVALUATION_RESULTS, ENV_RUNNER_RESULTS, name))

    def _spec_of(self, episode: Any) -> MaskSpec:
        """Raises ValueError: spaces of no known kind."""
        seen, actions = episode.observation_space, episode.action_space
        known = self._specs.get(episode.agent_id)
        if known is None or known[0][0] is not seen or known[0][1] is not actions:
            known = self._specs[episode.agent_id] = (seen, actions), mask_spec_of(seen, actions)
        return known[1]

    def _log_invalid_actions(self, env_runner: Any, metrics_logger: Any, decisions: list[Decisions] | None) -> None:
        base = env_runner.env.unwrapped
        try:
            counter = count_invalid_actions(env_runner)
        except AttributeError as error:
            if decisions is None:
                warnings.warn(f"{NUM_INVALID_ACTIONS} is not logged: {error}", stacklevel=2)
            else:
                _log_count(metrics_logger, NUM_INVALID_ACTIONS, sum(part.num_invalid_actions() for part in decisions))
            return
        new = counter - (self._counted[1] if self._counted[0] is base else 0)
        self._counted = (base, counter)
        _log_count(metrics_logger, NUM_INVALID_ACTIONS, new)


def _log_count(metrics_logger: Any, name: str, new: int) -> None:
    metrics_logger.log_value(name, new, reduce="sum")
    metrics_logger.log_value(name + LIFETIME, new, reduce="lifetime_sum")


def _single_agent_episodes(samples: Sequence[Any]) -> list[Any]:
    return [part for episode in samples for part in getattr(episode, "agent_episodes", {"": episode}).values()]


@dataclass(frozen=True)
class Decisions:
    """All decisions of one agent in some episodes: the masks, one row each, and the actions."""

    spec: MaskSpec
    masks: Any
    episodes: Sequence[Any]

    @classmethod
    def of(cls, episodes: Sequence[Any], spec: MaskSpec) -> Decisions:
        """Raises ValueError: masks of another kind."""
        masks = trees.map(lambda *parts: np.concatenate(parts), *map(masks_of, episodes))
        return cls(spec, canonical_rows(spec, masks), episodes)

    def legal_fractions(self) -> npt.NDArray[np.float64]:
        """`MaskSpec.legal_fraction` of every decision."""
        fractions: npt.NDArray[np.float64] = self.spec.legal_fraction(self.masks)
        return fractions

    def num_empty_masks(self) -> int:
        return int(empty_rows(self.spec, self.masks).sum())

    def num_invalid_actions(self) -> int:
        """Actions that the mask before them forbids."""
        actions = trees.map(lambda *parts: np.concatenate(parts), *map(actions_of, self.episodes))
        return int(np.logical_not(self.spec.allows(self.masks, actions)).sum())
