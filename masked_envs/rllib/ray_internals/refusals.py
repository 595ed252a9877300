"""Configurations that `BatchedEnvRunner` does not support, refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.env import INPUT_ENV_SINGLE_SPACES
from ray.rllib.utils import force_list

HOW = 'use RLlib\'s own env runner instead, by leaving out env_runner_cls (with configure: env_runner="rllib")'

ON_MASKS = {
    "FrameStacking": "masked_envs.wrappers.FrameStack stacks observations, but not masks",
    "MeanStdFilter": "masked_envs.wrappers.Normalize normalises observations, but not masks",
    "FlattenObservations": "leave it out: masked modules flatten what they are given, but for the mask",
    "PrevActionsPrevRewards": "put the last action and reward into the observation, in a wrapper of the environment",
}
"""Connector of RLlib that treats the mask as one more number of the observation -> what to do instead."""


def check_connectors_on_masks(config: AlgorithmConfig, spaces: Any) -> None:
    """Refuse connectors that would change the mask, or hide it from the module.

    RLlib's pipeline fails in several ways where one of them meets a Dict, so this looks at what the user gave.

    Args:
        spaces: as RLlib passes them to `config.env_runners(env_to_module_connector=...)`.

    Raises:
        ValueError: naming the connector and what to do instead.
    """
    for piece in _connectors(config, spaces):
        if instead := ON_MASKS.get(type(piece).__name__):
            raise ValueError(f"the connector {type(piece).__name__} takes the mask for an observation: {instead}")


def _connectors(config: AlgorithmConfig, spaces: Any) -> list[Any]:
    """The user's connectors, as far as their function makes some for these arguments."""
    make = config._env_to_module_connector
    if make is None:
        return []
    try:
        return list(force_list(make(None, spaces, None)))
    except Exception:
        return []  # RLlib calls the function again, with other arguments, and reports what it raises then


def is_called(callback: str, config: AlgorithmConfig, callbacks: Sequence[RLlibCallback]) -> bool:
    """Whether the configuration has this callback, as a method of a callbacks class or as a function."""
    given = bool(force_list(getattr(config, f"callbacks_{callback}")))
    return given or any(getattr(type(one), callback) is not getattr(RLlibCallback, callback) for one in callbacks)


def check_default_connectors(config: AlgorithmConfig) -> None:
    """Refuse a configuration without RLlib's default connectors, before RLlib fails for want of them.

    Raises:
        ValueError: naming the option.
    """
    for way in ("env_to_module", "module_to_env"):
        option = f"add_default_connectors_to_{way}_pipeline"
        if not getattr(config, option):
            raise ValueError(f"{option}=False: BatchedEnvRunner passes its batch through no connector of yours: {HOW}")


def check_supported(
    config: AlgorithmConfig, callbacks: Sequence[RLlibCallback], env_to_module: Any, module_to_env: Any
) -> None:
    """Refuse a configuration that the batched runner would follow only in part.

    Args:
        env_to_module, module_to_env: the pipelines that RLlib has built from the configuration.

    Raises:
        ValueError: connectors beyond RLlib's defaults or some of those left out, a callback `on_episode_step`, or
            several agents.
    """
    if config.is_multi_agent:
        raise ValueError(f"BatchedEnvRunner has one agent per environment, and this configuration several: {HOW}")
    if is_called("on_episode_step", config, callbacks):
        given = ", ".join(_name(one) for one in [*callbacks, *force_list(config.callbacks_on_episode_step)])
        raise ValueError(
            f"the callback on_episode_step ({given}) wants every episode after every step, and BatchedEnvRunner makes "
            f"the episodes when they have ended: use on_episode_end or on_sample_end, or {HOW}"
        )
    bare = config.copy(copy_frozen=False)
    bare._env_to_module_connector = bare._module_to_env_connector = None
    bare.add_default_connectors_to_env_to_module_pipeline = True
    bare.add_default_connectors_to_module_to_env_pipeline = True
    space, action_space = env_to_module.input_observation_space, env_to_module.input_action_space
    spaces = {INPUT_ENV_SINGLE_SPACES: (space, action_space)}
    _check_connectors("env_to_module", env_to_module, bare.build_env_to_module_connector(spaces=spaces))
    _check_connectors("module_to_env", module_to_env, bare.build_module_to_env_connector(spaces=spaces))


def _name(callback: Any) -> str:
    return getattr(callback, "__name__", type(callback).__name__)


def _check_connectors(which: str, pipeline: Any, default: Any) -> None:
    names, expected = ([type(piece).__name__ for piece in each.connectors] for each in (pipeline, default))
    if names == expected:
        return
    unknown = ", ".join(name for name in names if name not in expected)
    found = f"the connectors {unknown}" if unknown else f"a pipeline other than the default, {names},"
    raise ValueError(f"BatchedEnvRunner passes its batch through no connector, and {which} has {found}: {HOW}")
