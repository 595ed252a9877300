"""`configure`: make RLlib's PPO, APPO, IMPALA and DQN configs masked."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import gymnasium as gym
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.appo import APPOConfig
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.impala import IMPALAConfig
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner
from ray.rllib.utils import force_list

from ..catalogue import CATALOGUE
from .learners import LEARNERS
from .metrics import MaskMetrics
from .modules import OPTIONS, MaskedAPPOModule, MaskedPPOModule
from .policies import SHARED, Policies, as_sampled, configure_multi_agent
from .ray_internals import versions
from .ray_internals.catalogs import MaskedCatalog, MaskedDQNCatalog, MaskedPPOCatalog, catalog_for
from .ray_internals.dqn_module import MaskedDQNModule
from .ray_internals.env_runner import BatchedEnvRunner

PACKAGE = __package__.partition(".")[0]

# Subclasses come before their base classes: APPOConfig is an IMPALAConfig.
MODULES: dict[type[AlgorithmConfig], tuple[Any, type[MaskedCatalog]]] = {
    APPOConfig: (MaskedAPPOModule, MaskedPPOCatalog),
    IMPALAConfig: (MaskedPPOModule, MaskedPPOCatalog),
    PPOConfig: (MaskedPPOModule, MaskedPPOCatalog),
    DQNConfig: (MaskedDQNModule, MaskedDQNCatalog),
}

ENV_RUNNERS: dict[str, type[SingleAgentEnvRunner]] = {"batched": BatchedEnvRunner, "rllib": SingleAgentEnvRunner}


def configure(
    config: AlgorithmConfig,
    env_id: str | Callable[..., Any],
    env_config: Mapping[str, Any] | None = None,
    model_config: Any = None,
    policies: Policies | None = None,
    env_runner: str = "batched",
) -> Any:
    """Make an RLlib config masked: set its environment, module, sampling and metrics. All else stays as it is.

    RLlib's learners of IMPALA and APPO become their subclasses with `KeepsBootstrap`; a learner class of yours stays.

    Args:
        config: a PPOConfig, APPOConfig, IMPALAConfig or DQNConfig on the new API stack; it is changed and returned.
        env_id: a Gymnasium id whose observation is `Dict(observation, action_mask[, action_embeddings])`. A game of
            this package without `opponent` in env_config becomes a multi-agent run in which every agent learns; so does
            a function that makes a PettingZoo AEC or parallel environment with such observations.
        env_config: arguments of the environment. In environments of this package `on_invalid` is "noop" by default: an
            invalid action is counted and does nothing, so the counters cover the whole run.
        model_config: RLlib's own entries (a dict or a DefaultModelConfig) and those of `MaskedPPOModule`.
        policies: of a multi-agent run: "shared" (the default), one policy for all agents; "separate", one for each,
            named as its agent; or a mapping agent -> policy.
        env_runner: "batched", a `BatchedEnvRunner`, which steps the environments as arrays; or "rllib", RLlib's own,
            for connectors or callbacks that the batched one refuses. Games of several agents have RLlib's own, and so
            has every run, after one warning, on a version of Ray that the batched one was not tested with.

    Returns:
        The same config.

    Raises:
        TypeError: another algorithm's config, arguments that the environment or the model does not take, policies for
            one agent.
        ValueError: an unknown env_runner, an id without a mask, an action space that no module serves, a mask of the
            wrong shape, policies that leave an agent out or join agents of different spaces.
        gymnasium.error.NameNotFound: no such id.
    """
    served = _module_of(config)
    if env_runner not in ENV_RUNNERS:
        raise ValueError(f"env_runner must be one of {', '.join(map(repr, ENV_RUNNERS))}, not {env_runner!r}")
    if env_runner == "batched" and not versions.is_tested():
        versions.warn_untested()
        env_runner = "rllib"
    if not (isinstance(env_id, str) or callable(env_id)):
        raise TypeError(f"env_id must be a Gymnasium id or a function that makes a PettingZoo game, not {env_id!r}")
    if isinstance(env_id, str):
        env_id = env_id.removeprefix(f"{PACKAGE}:")
    arguments = ({"on_invalid": "noop"} if env_id in CATALOGUE else {}) | dict(env_config or {})
    options = _options_of(config, model_config)
    if callable(env_id) or _is_game_of_all(env_id, arguments):
        arguments = {name: value for name, value in arguments.items() if name != "opponent"}
        configure_multi_agent(config, env_id, arguments, options, served, SHARED if policies is None else policies)
    elif policies is not None:
        raise TypeError(f"{env_id} has one learning agent here: policies= is for games without opponent=")
    else:
        _configure_single_agent(config, env_id, arguments, options, served, ENV_RUNNERS[env_runner])
    config.learners(learner_class=LEARNERS.get(config.learner_class, config.learner_class))
    config.callbacks([*force_list(config.callbacks_class), MaskMetrics])
    return config


def _configure_single_agent(
    config: AlgorithmConfig,
    env_id: str,
    arguments: Mapping[str, Any],
    options: Mapping[str, Any],
    served: tuple[Any, type[MaskedCatalog]],
    env_runner: type[SingleAgentEnvRunner],
) -> None:
    """The single-agent half of `configure`; the other is `configure_multi_agent`."""
    module, catalog = served
    # "package:id", so that a new worker imports the package, which registers the id.
    name = f"{PACKAGE}:{env_id}" if env_id in CATALOGUE else env_id
    env: Any = gym.make(name, **arguments)
    with contextlib.closing(env):
        made = catalog_for(module, catalog)(
            env.observation_space, env.action_space, config.model_config | dict(options)
        )
        native = env.spec is not None and env.spec.vector_entry_point is not None
    config.environment(name, env_config=dict(arguments), **as_sampled(made.scores.spec))
    config.env_runners(env_runner_cls=env_runner, gym_env_vectorize_mode="vector_entry_point" if native else "sync")
    config.rl_module(
        rl_module_spec=RLModuleSpec(module_class=module, catalog_class=catalog, model_config=dict(options))
    )


def _is_game_of_all(env_id: str, arguments: Mapping[str, Any]) -> bool:
    """Whether this is a game in which every agent learns."""
    return env_id in CATALOGUE and CATALOGUE[env_id].play != "single" and arguments.get("opponent") is None


def _options_of(config: AlgorithmConfig, model_config: Any) -> dict[str, Any]:
    given = model_config or {}
    options = dict(vars(given) if dataclasses.is_dataclass(given) else given)
    known = {field.name for field in dataclasses.fields(DefaultModelConfig)} | set(config.model_config) | set(OPTIONS)
    if unknown := sorted(set(options) - known):
        raise TypeError(f"model_config has no entries {unknown}: it takes RLlib's DefaultModelConfig and {OPTIONS}")
    return options


def _module_of(config: Any) -> tuple[Any, type[MaskedCatalog]]:
    for config_class, served in MODULES.items():
        if isinstance(config, config_class):
            if config.framework_str != "torch":
                raise ValueError(
                    f"masked modules are of PyTorch, and this config has framework {config.framework_str!r}"
                )
            if not config.enable_rl_module_and_learner:
                raise ValueError("masked modules need RLlib's new API stack, which this config has switched off")
            return served
    names = ", ".join(sorted(config_class.__name__ for config_class in MODULES))
    given = f"the class {config.__name__}" if isinstance(config, type) else type(config).__name__
    raise TypeError(f"configure takes an instance of {names}, not {given}")
