"""Env runners that refuse a mask that allows nothing, as soon as the environment shows it where an agent must act."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModule
from ray.rllib.env.env_runner import ENV_STEP_FAILURE
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

from ... import trees
from ...errors import EmptyMaskError
from ...torch.features import ACTION_MASK
from ..empty_masks import is_surely_full, refuse_empty
from ..features import mask_spec_of
from ..metrics import MaskMetrics
from ..misfits import misfit_of
from .driver_errors import reported
from .recording import Records
from .refusals import check_connectors_on_masks

ALL = "__all__"


def _mask_spec(observation_space: Any, action_space: Any) -> Any:
    """The mask specification of an agent; None without a mask in the observation."""
    try:
        return mask_spec_of(observation_space, action_space)
    except ValueError:
        return None


class GuardsMasks:
    """Mixin over an env runner of RLlib's: EmptyMaskError where the episode goes on and nothing is legal.

    The last mask of an episode may allow nothing: the action after it is discarded. With `mask_actions=False` in the
    model config nothing is raised, and the metric `num_empty_masks` counts. Where a module of this package has lost its
    `MaskMetrics`, as after `config.callbacks(...)` with other callbacks, it is added.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.tune_trial_id = kwargs.get("tune_trial_id")  # RLlib's runner of several agents drops it
        self._specs: Any = None
        self._guards = True  # False for a negative control, whose modules do not mask
        super().__init__(*args, **kwargs)
        masked = any(hasattr(module, "allows_empty_masks") for module in _modules(self.module))  # type: ignore[attr-defined]
        if masked and not any(isinstance(callback, MaskMetrics) for callback in self._callbacks):
            self._callbacks: list[Any] = [*self._callbacks, MaskMetrics()]

    def make_env(self) -> None:
        super().make_env()  # type: ignore[misc]
        self._specs = self._mask_specs()
        if self._specs:
            check_connectors_on_masks(self.config, getattr(self, "spaces", {}))  # type: ignore[attr-defined]

    def sample(self, **kwargs: Any) -> Any:
        """As RLlib's. Raises EmptyMaskError."""
        self._guards = all(getattr(module, "masks", True) for module in _modules(self.module))  # type: ignore[attr-defined]
        with _left_to_the_runner(self.module), reported(self):  # type: ignore[attr-defined]
            return super().sample(**kwargs)  # type: ignore[misc]

    def _mask_specs(self) -> Any:
        """The mask specification of the environment; None without a mask in the observation."""
        return _mask_spec(self.env.single_observation_space, self.env.single_action_space)  # type: ignore[attr-defined]

    def _try_env_reset(self, **kwargs: Any) -> Any:
        try:
            observations, infos = super()._try_env_reset(**kwargs)  # type: ignore[misc]
        except Exception as error:
            if (misfit := misfit_of(self.env)) is not None:  # type: ignore[attr-defined]
                raise ValueError(misfit) from error
            raise
        self._refuse_empty(observations)
        return observations, infos

    def _try_env_step(self, actions: Any) -> Any:
        results = super()._try_env_step(actions)  # type: ignore[misc]
        if results != ENV_STEP_FAILURE:
            self._refuse_empty(results[0], results[2], results[3])
        return results

    def _refuse_empty(self, observations: Any, terminated: Any = None, truncated: Any = None) -> None:
        if self._specs is None or not self._guards or is_surely_full(self._specs, observations[ACTION_MASK]):
            return
        masks, where = observations[ACTION_MASK], "environment"
        if terminated is not None and (ended := np.logical_or(terminated, truncated)).any():
            acting = np.flatnonzero(~ended)
            masks, where = trees.row(masks, acting), f"of the environments {acting.tolist()}, number"
            if not len(acting):
                return
        self._refuse(self._specs, masks, where)

    def _refuse(self, spec: Any, masks: Any, where: str) -> None:
        """Raise with the name of the environment what is wrong with masks."""
        try:
            refuse_empty(spec, masks, f"{self._name()}, {where}")
        except EmptyMaskError:
            raise
        except ValueError as error:
            raise ValueError(f"{self._name()}: {error}") from error

    def _name(self) -> str:
        return f"{self.env}, env runner {self.worker_index}"  # type: ignore[attr-defined]


class MaskedSingleAgentEnvRunner(GuardsMasks, Records, SingleAgentEnvRunner):  # type: ignore[misc]
    """RLlib's env runner of one agent with `GuardsMasks`, and `Records` for `config.offline_data(output=...)`."""


class MaskedMultiAgentEnvRunner(GuardsMasks, MultiAgentEnvRunner):  # type: ignore[misc]
    """RLlib's env runner of several agents with `GuardsMasks`.

    Raises:
        ValueError: `config.offline_data(output=...)`, which RLlib has for one agent alone.
    """

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        if config.output:
            raise ValueError(
                "RLlib records episodes of one agent alone: leave offline_data(output=...) out, or train one seat "
                "with opponent= in env_config"
            )
        super().__init__(config=config, **kwargs)

    def _mask_specs(self) -> Any:
        env = self.env.envs[0].unwrapped
        agents = env.possible_agents
        found = {agent: _mask_spec(env.get_observation_space(agent), env.get_action_space(agent)) for agent in agents}
        return {agent: spec for agent, spec in found.items() if spec is not None}

    def _refuse_empty(self, observations: Any, terminated: Any = None, truncated: Any = None) -> None:
        for row, seen in enumerate(observations if self._guards else []):
            ends = [each[row] for each in (terminated, truncated) if each is not None]
            if any(end.get(ALL) for end in ends):
                continue
            for agent, observation in seen.items():
                if agent not in self._specs or any(end.get(agent) for end in ends):
                    continue
                spec, masks = self._specs[agent], trees.map(lambda mask: mask[None], observation[ACTION_MASK])
                if not is_surely_full(spec, masks):
                    self._refuse(spec, masks, f"environment {row}, agent {agent}, row")


def _modules(module: Any) -> list[Any]:
    """The module, or those in a MultiRLModule; none before it is made."""
    if module is None:
        return []
    return list(module.values()) if isinstance(module, MultiRLModule) else [module]


@contextlib.contextmanager
def _left_to_the_runner(module: Any) -> Iterator[None]:
    """A context in which modules leave empty masks to their env runner, which knows where an episode has ended."""
    modules = [one for one in _modules(module) if hasattr(one, "allows_empty_masks")]
    before = [one.allows_empty_masks for one in modules]
    for one in modules:
        one.allows_empty_masks = True
    try:
        yield
    finally:
        for one, value in zip(modules, before, strict=True):
            one.allows_empty_masks = value
