"""Multi-agent runs under RLlib: the policy of each agent, and the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.rl_module import validate_module_id
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
from ray.rllib.core.rl_module.rl_module import RLModuleSpec

from ..mask_spec import MaskSpec
from ..mask_spec.checks import shown
from .kept import Kept
from .options import is_default
from .ray_internals.catalogs import MaskedCatalog, catalog_for

SHARED = "shared"
SEPARATE = "separate"
Policies = str | Mapping[str, str]

# DQN's buffers for one agent, and what RLlib calls the same for several.
MULTI_AGENT_BUFFERS = {
    "EpisodeReplayBuffer": "MultiAgentEpisodeReplayBuffer",
    "PrioritizedEpisodeReplayBuffer": "MultiAgentPrioritizedEpisodeReplayBuffer",
}


class PolicyOfAgent:
    """RLlib's `policy_mapping_fn` as a value that pickles by its module's name and shows what it maps."""

    def __init__(self, policies: Mapping[str, str]) -> None:
        self.policies = dict(policies)

    def __call__(self, agent_id: str, episode: Any = None, **kwargs: Any) -> str:
        return self.policies[agent_id]

    def __repr__(self) -> str:
        return f"PolicyOfAgent({self.policies})"


def policies_of_agents(policies: Policies, agents: list[str]) -> dict[str, str]:
    """The policy of each agent.

    Args:
        policies: "shared", one for all; "separate", one for each, named as its agent; or agent -> policy.

    Raises:
        TypeError: none of these. ValueError: an unknown word, an agent missing or unknown, a name RLlib refuses.
    """
    if isinstance(policies, Mapping):
        given, wanted = set(policies), set(agents)
        if given != wanted:
            raise ValueError(
                f"policies must name a policy for each of the agents {agents}: missing {sorted(wanted - given)}, "
                f"unknown {sorted(map(str, given - wanted))}"
            )
        if any(not isinstance(policy, str) for policy in policies.values()):
            raise TypeError(f"policies are names, as strings; got {dict(policies)}")
        if DEFAULT_MODULE_ID in policies.values():
            raise ValueError(f"{DEFAULT_MODULE_ID!r} is RLlib's name for play without several agents; choose another")
        chosen = {agent: policies[agent] for agent in agents}
    elif policies in (SHARED, SEPARATE):
        chosen = {agent: SHARED if policies == SHARED else agent for agent in agents}
    else:
        error = ValueError if isinstance(policies, str) else TypeError
        raise error(f"policies must be {SHARED!r}, {SEPARATE!r} or a mapping agent -> policy, not {shown(policies)}")
    for policy in chosen.values():
        validate_module_id(policy, error=True)
    return chosen


def spaces_of_policies(env: Any, chosen: Mapping[str, str]) -> dict[str, tuple[Any, Any]]:
    """The observation and action space of each policy, in the order of agents.

    Raises:
        ValueError: agents under one policy have different spaces.
    """
    spaces: dict[str, tuple[Any, Any]] = {}
    for agent, policy in chosen.items():
        own = env.get_observation_space(agent), env.get_action_space(agent)
        if spaces.setdefault(policy, own) != own:
            others = [other for other, name in chosen.items() if name == policy and other != agent]
            raise ValueError(
                f"agents under one policy need the same spaces, and those of {shown(agent)} differ from those of "
                f"{shown(others)}, which share {shown(policy)} with it; use policies={SEPARATE!r} or a "
                "mapping that keeps them apart"
            )
    return spaces


def as_sampled(spec: MaskSpec) -> dict[str, bool]:
    """Settings with which actions reach the environment as they were sampled; none for discrete actions.

    By default RLlib rescales a Box action from [-1, 1] to the bounds of the space, which are not those of the mask.
    To clip it to the bounds of the space changes nothing, since those of the mask lie within.
    """
    return {"normalize_actions": False} if spec.is_continuous else {}


def agents_of(env: Any) -> list[str]:
    """The agents of an RLlib multi-agent environment.

    Raises:
        ValueError: it does not say which they are.
    """
    agents = list(getattr(env, "possible_agents", None) or [])
    if not agents:
        raise ValueError(
            f"{type(env).__name__} does not say which agents there are: set possible_agents, observation_spaces and "
            "action_spaces in its __init__, as RLlib's MultiAgentEnv asks for"
        )
    return agents


def chosen_policies(
    config: AlgorithmConfig, policies: Policies | None, agents: list[str]
) -> tuple[dict[str, str], Callable[..., str] | None]:
    """The policy of each agent, and the user's policy_mapping_fn if it decides.

    Args:
        policies: the argument of `configure`; None where `config.multi_agent(policies=...)` may decide.

    Raises:
        ValueError: both are given, or policies_to_train names one that is not there; see also `policies_of_agents`.
    """
    own = not is_default(config, "policies") and not is_default(config, "policy_mapping_fn")
    half = is_default(config, "policies") != is_default(config, "policy_mapping_fn")
    if half or (own and policies is not None):
        raise ValueError(
            "give policies once: policies= of configure, or both policies and policy_mapping_fn in "
            "config.multi_agent(...) before it"
        )
    mapping = config.policy_mapping_fn if own else None
    chosen = policies_of_agents(SHARED if policies is None else policies, agents)
    if mapping is not None:
        chosen = {agent: mapping(agent, None) for agent in agents}
        names = set(config.policies)
        # A mapping may choose among policies by the episode; the others have the spaces of whoever plays here.
        if unknown := sorted(set(chosen.values()) - names):
            raise ValueError(f"policy_mapping_fn chooses {unknown}, and policies are {sorted(names)}")
    trained = config.policies_to_train
    known = set(chosen.values()) | (set(config.policies) if own else set())
    if isinstance(trained, (list, tuple, set)) and (unknown := sorted(set(trained) - known)):
        raise ValueError(f"policies_to_train names {unknown}, and the policies here are {sorted(known)}")
    return chosen, mapping


def configure_multi_agent(
    config: AlgorithmConfig,
    env: Any,
    descriptor: Any,
    options: Mapping[str, Any],
    kept: Kept,
    served: tuple[Any, type[MaskedCatalog]],
    policies: Policies | None,
) -> None:
    """The multi-agent half of `configure`. DQN's replay buffer becomes the one that RLlib has for several agents.

    Args:
        env: an RLlib multi-agent environment, to see its agents and spaces.
        descriptor: for `config.environment`.
        options: the model config of every policy.
        kept: modules of the user's.
        served: the module and the catalog of this algorithm.
        policies: see `chosen_policies`.

    Raises:
        TypeError, ValueError: see `chosen_policies`, `spaces_of_policies` and `mask_spec_of`.
    """
    if not is_default(config, "gym_env_vectorize_mode"):
        raise ValueError(
            f"RLlib steps several agents in no other way than 'sync': leave out gym_env_vectorize_mode="
            f"{shown(config.gym_env_vectorize_mode)}"
        )
    chosen, mapping = chosen_policies(config, policies, agents_of(env))
    spaces = spaces_of_policies(env, chosen)
    if mapping is not None:
        _, first = next(iter(spaces.items()))
        spaces |= {name: first for name in config.policies if name not in spaces}
    specs: dict[str, RLModuleSpec] = {}
    sampled: dict[str, bool] = {}
    for policy, (seen, actions) in spaces.items():
        module, catalog, model = kept.of(policy, served)
        made = catalog_for(module, catalog)(seen, actions, config.model_config | model | dict(options))
        sampled |= as_sampled(made.scores.spec)
        specs[policy] = RLModuleSpec(
            module_class=module,
            catalog_class=catalog,
            observation_space=seen,
            action_space=actions,
            model_config=model | dict(options),
        )
    if hasattr(config, "replay_buffer_config"):  # DQN and SAC
        _buffer_for_several(config)
    # RLlib's check of a new multi-agent environment steps actions sampled without the mask
    # (ray/rllib/utils/pre_checks/env.py, 2.60). They would be counted and, with on_invalid="raise", stop the run.
    config.environment(descriptor, disable_env_checking=True, **sampled)
    if mapping is None:
        config.multi_agent(policies=list(spaces), policy_mapping_fn=PolicyOfAgent(chosen))
    config.rl_module(rl_module_spec=MultiRLModuleSpec(rl_module_specs=specs))


def _buffer_for_several(config: AlgorithmConfig) -> None:
    buffer = config.replay_buffer_config
    config.training(replay_buffer_config={**buffer, "type": MULTI_AGENT_BUFFERS.get(buffer["type"], buffer["type"])})
