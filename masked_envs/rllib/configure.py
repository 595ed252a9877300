"""`configure`: make RLlib's PPO, APPO, IMPALA, DQN, SAC, BC and MARWIL configs masked."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from pettingzoo import AECEnv, ParallelEnv
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.appo import APPOConfig
from ray.rllib.algorithms.cql import CQLConfig
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.impala import IMPALAConfig
from ray.rllib.algorithms.marwil import MARWILConfig
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.algorithms.sac import SACConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.env.multi_agent_env import MultiAgentEnv
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

from ..catalogue import CATALOGUE
from ..mask_spec.checks import check_choice, shown
from .kept import Kept, add_metrics, kept_modules, kept_runner, remember, set_learner, start_anew, state_of
from .modules import OPTIONS, MaskedAPPOModule, MaskedPPOModule
from .multi_agent import MaskedMultiAgentEnv
from .naming import PACKAGE, Named, resolve
from .options import check_options, is_default
from .policies import Policies, as_sampled, configure_multi_agent
from .ray_internals import versions
from .ray_internals.catalogs import MaskedCatalog, MaskedDQNCatalog, MaskedPPOCatalog, catalog_for
from .ray_internals.dqn_module import MaskedDQNModule
from .ray_internals.env_runner import BatchedEnvRunner
from .ray_internals.guard import MaskedMultiAgentEnvRunner, MaskedSingleAgentEnvRunner
from .ray_internals.sac_module import MaskedSACCatalog, MaskedSACModule

# Subclasses come before their base classes: APPOConfig is an IMPALAConfig, and BCConfig a MARWILConfig.
MODULES: dict[type[AlgorithmConfig], tuple[Any, type[MaskedCatalog]]] = {
    APPOConfig: (MaskedAPPOModule, MaskedPPOCatalog),
    IMPALAConfig: (MaskedPPOModule, MaskedPPOCatalog),
    PPOConfig: (MaskedPPOModule, MaskedPPOCatalog),
    DQNConfig: (MaskedDQNModule, MaskedDQNCatalog),
    MARWILConfig: (MaskedPPOModule, MaskedPPOCatalog),
    SACConfig: (MaskedSACModule, MaskedSACCatalog),
}

ENV_RUNNERS: dict[str, type] = {"batched": BatchedEnvRunner, "rllib": MaskedSingleAgentEnvRunner}


def configure(
    config: AlgorithmConfig,
    env_id: str | Callable[..., Any] | None = None,
    env_config: Mapping[str, Any] | None = None,
    model_config: Any = None,
    policies: Policies | None = None,
    env_runner: str = "batched",
) -> Any:
    """Make an RLlib config masked: set its environment, module, sampling and metrics. Everything else stays unchanged.

    What was set on the config before stays, or is refused by name: an environment, env_config, module, catalog, env
    runner, vectorize mode, policies, mapping function, callbacks, learner class. (RLlib's learners of IMPALA and APPO
    become their subclasses with `KeepsBootstrap`.) A second call, for another environment, replaces what the first set.

    Args:
        config: of PPO, APPO, IMPALA, DQN, SAC, BC or MARWIL on the new API stack; it is changed and returned.
        env_id: whose observation is `Dict(..., action_mask[, action_embeddings])`: a Gymnasium id; a name of
            `ray.tune.register_env`; a class of Gymnasium, RLlib (MultiAgentEnv) or PettingZoo; or a function that makes
            an environment, called as RLlib does, with env_config as its argument, or with the entries of env_config as
            keywords where it takes no such argument (see `naming.takes_env_config`). None: as `config.environment`
            says. A game of this package without `opponent` in env_config becomes a multi-agent run in which every agent
            learns.
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
        ValueError: an option that does nothing, a setting that cannot be kept, an unknown env_runner, an environment
            without a mask, an action space that no module serves, a mask of the wrong shape, policies that leave an
            agent out or join agents of different spaces.
        gymnasium.error.NameNotFound: no such id.
    """
    served = _module_of(config)
    check_options(config)
    runners = _runners(env_runner)
    options = _options_of(config, model_config)
    working = config.copy(copy_frozen=False)
    _configure(working, env_id, env_config, options, served, policies, runners)
    config.env = working.env  # refused where the config is frozen, as that of an algorithm
    vars(config).update(vars(working))
    return config


def _configure(
    working: AlgorithmConfig, env_id: Any, env_config: Any, options: Any, served: Any, policies: Any, runners: Any
) -> None:
    """What `configure` does, on a copy of the config."""
    start_anew(working)
    before = state_of(working)
    named = resolve(_one_environment(working, env_id))
    arguments = _arguments(named, {**working.env_config, **dict(env_config or {})})
    kept = kept_modules(working, served)
    runner, of_several_agents = runners
    with contextlib.closing(_probe(named, arguments)) as env:
        if isinstance(env, MultiAgentEnv):
            arguments, descriptor = _as_multi_agent(named, env, arguments)
            configure_multi_agent(working, env, descriptor, options, kept, served, policies)
            runner = of_several_agents
        else:
            _require_no_policies(working, named, policies)
            _configure_single_agent(working, named, env, options, kept, served)
    working.env_runners(env_runner_cls=kept_runner(working, runner))
    set_learner(working)
    add_metrics(working)
    remember(working, before, arguments)


def _require_no_policies(config: AlgorithmConfig, named: Any, policies: Policies | None) -> None:
    if policies is not None or not is_default(config, "policies"):
        raise TypeError(
            f"{named.env} has one learning agent here: policies= and config.multi_agent(...) are for games without "
            "opponent="
        )


def _runners(env_runner: str) -> tuple[type, type]:
    """The env runners of one agent and of several."""
    check_choice("env_runner", env_runner, ENV_RUNNERS)
    if not versions.is_tested():
        if env_runner == "batched":
            versions.warn_untested()
        return SingleAgentEnvRunner, MultiAgentEnvRunner
    return ENV_RUNNERS[env_runner], MaskedMultiAgentEnvRunner


def _one_environment(config: AlgorithmConfig, env_id: Any) -> Any:
    """The environment of `configure` or of the config."""
    if env_id is None and config.env is None:
        raise TypeError("which environment? configure(config, env_id), or config.environment(...) before it")
    same = [str(one).removeprefix(f"{PACKAGE}:") for one in (env_id, config.env)]
    if env_id is not None and config.env is not None and same[0] != same[1]:
        raise ValueError(
            f"config.environment(...) has named {shown(config.env)}, and configure was given {shown(env_id)}: give one "
            "of them (a config made by from_dict does not know what configure has set before: begin a new one)"
        )
    return config.env if env_id is None else env_id


def _is_game_of_all(named: Named, arguments: Mapping[str, Any]) -> bool:
    """Whether this is a game of this package in which every agent learns."""
    env_id = named.id_of_package
    return env_id is not None and CATALOGUE[env_id].play != "single" and arguments.get("opponent") is None


def _arguments(named: Named, given: Mapping[str, Any]) -> dict[str, Any]:
    arguments = ({"on_invalid": "noop"} if named.id_of_package else {}) | dict(given)
    if _is_game_of_all(named, arguments):
        arguments.pop("opponent", None)
    return arguments


def _probe(named: Named, arguments: Mapping[str, Any]) -> Any:
    """The environment, to see its spaces: a Gymnasium or an RLlib multi-agent one."""
    if _is_game_of_all(named, arguments):
        return MaskedMultiAgentEnv({"env": named.id_of_package, **arguments})
    env = named.make(arguments)
    if isinstance(env, (AECEnv, ParallelEnv)):
        env.close()
        return MaskedMultiAgentEnv({"env": named.creator, **arguments})
    return env


def _as_multi_agent(named: Named, env: Any, arguments: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """The env_config and the descriptor of an environment of several agents."""
    if isinstance(env, MaskedMultiAgentEnv) and named.env is not MaskedMultiAgentEnv:
        return {"env": named.id_of_package or named.creator, **arguments}, MaskedMultiAgentEnv
    return arguments, named.env


def _configure_single_agent(
    config: AlgorithmConfig,
    named: Named,
    env: Any,
    options: Mapping[str, Any],
    kept: Kept,
    served: tuple[Any, type[MaskedCatalog]],
) -> None:
    """The single-agent half of `configure`; the other is `configure_multi_agent`."""
    for name in ("observation_space", "action_space"):
        given, own = getattr(config, name), getattr(env, name)
        if given is not None and given != own:
            raise ValueError(
                f"{name}={given} was set on the config, and that of the environment is {own}: leave it out"
            )
    module, catalog, model = kept.of("", served)
    made = catalog_for(module, catalog)(
        env.observation_space, env.action_space, config.model_config | model | dict(options)
    )
    config.environment(named.env, **as_sampled(made.scores.spec))
    if named.native and is_default(config, "gym_env_vectorize_mode"):
        config.env_runners(gym_env_vectorize_mode="vector_entry_point")
    spec = RLModuleSpec(module_class=module, catalog_class=catalog, model_config=model | dict(options))
    config.rl_module(rl_module_spec=spec)


def _options_of(config: AlgorithmConfig, model_config: Any) -> dict[str, Any]:
    given = model_config or {}
    options = dict(vars(given) if dataclasses.is_dataclass(given) else given)
    known = {field.name for field in dataclasses.fields(DefaultModelConfig)} | set(config.model_config) | set(OPTIONS)
    if unknown := sorted(set(options) - known):
        raise TypeError(f"model_config has no entries {unknown}: it takes RLlib's DefaultModelConfig and {OPTIONS}")
    return options


def _module_of(config: Any) -> tuple[Any, type[MaskedCatalog]]:
    for config_class, served in MODULES.items():
        if isinstance(config, config_class) and not isinstance(config, CQLConfig):  # one of SAC, for Box actions
            if config.framework_str != "torch":
                raise ValueError(
                    f"masked modules are of PyTorch, and this config has framework {shown(config.framework_str)}"
                )
            if not config.enable_rl_module_and_learner:
                raise ValueError(
                    "masked modules need RLlib's new API stack, which this config has switched off: leave out "
                    "api_stack(enable_rl_module_and_learner=False)"
                )
            return served
    names = ", ".join(sorted(["BCConfig", *(config_class.__name__ for config_class in MODULES)]))
    given = f"the class {config.__name__}" if isinstance(config, type) else type(config).__name__
    raise TypeError(f"configure takes an instance of {names}, not {given}")
