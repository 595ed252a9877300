"""Multi-agent runs under RLlib: the policy of each agent, and the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.rl_module import validate_module_id
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
from ray.rllib.core.rl_module.rl_module import RLModuleSpec

from ..mask_spec import MaskSpec
from .multi_agent import MaskedMultiAgentEnv
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
        raise error(f"policies must be {SHARED!r}, {SEPARATE!r} or a mapping agent -> policy, not {policies!r}")
    for policy in chosen.values():
        validate_module_id(policy, error=True)
    return chosen


def spaces_of_policies(game: MaskedMultiAgentEnv, chosen: Mapping[str, str]) -> dict[str, tuple[Any, Any]]:
    """The observation and action space of each policy, in the order of agents.

    Raises:
        ValueError: agents under one policy have different spaces.
    """
    spaces: dict[str, tuple[Any, Any]] = {}
    for agent, policy in chosen.items():
        own = game.observation_spaces[agent], game.action_spaces[agent]
        if spaces.setdefault(policy, own) != own:
            others = [other for other, name in chosen.items() if name == policy and other != agent]
            raise ValueError(
                f"agents under one policy need the same spaces, and those of {agent!r} differ from those of {others}, "
                f"which share {policy!r} with it; use policies={SEPARATE!r} or a mapping that keeps them apart"
            )
    return spaces


def as_sampled(spec: MaskSpec) -> dict[str, bool]:
    """Settings with which actions reach the environment as they were sampled; none for discrete actions.

    By default RLlib rescales a Box action from [-1, 1] to the bounds of the space, which are not those of the mask.
    """
    continuous = spec.is_continuous
    return {"normalize_actions": False, "clip_actions": False} if continuous else {}


def configure_multi_agent(
    config: AlgorithmConfig,
    env: str | Callable[..., Any],
    arguments: Mapping[str, Any],
    options: Mapping[str, Any],
    served: tuple[Any, type[MaskedCatalog]],
    policies: Policies = SHARED,
) -> None:
    """The multi-agent half of `configure`. DQN's replay buffer becomes the one that RLlib has for several agents.

    Args:
        env: an id or a function, see `make_game`; `arguments` are its own.
        options: the model config of every policy.
        served: the module and the catalog of this algorithm.
        policies: see `policies_of_agents`.

    Raises:
        TypeError, ValueError: see `make_game`, `policies_of_agents`, `spaces_of_policies` and `mask_spec_of`.
    """
    module, catalog = served
    game = MaskedMultiAgentEnv({"env": env, **arguments})
    game.close()
    chosen = policies_of_agents(policies, game.possible_agents)
    spaces = spaces_of_policies(game, chosen)
    for seen, actions in spaces.values():
        made = catalog_for(module, catalog)(seen, actions, config.model_config | dict(options))
        config.environment(**as_sampled(made.scores.spec))
    if isinstance(config, DQNConfig):
        _buffer_for_several(config)
    # RLlib's check of a new multi-agent environment steps actions sampled without the mask
    # (ray/rllib/utils/pre_checks/env.py, 2.60). They would be counted and, with on_invalid="raise", stop the run.
    config.environment(MaskedMultiAgentEnv, env_config={"env": env, **arguments}, disable_env_checking=True)
    config.env_runners(gym_env_vectorize_mode="sync")  # RLlib steps games in no other way
    config.multi_agent(policies=list(spaces), policy_mapping_fn=PolicyOfAgent(chosen))
    specs = {
        policy: RLModuleSpec(
            module_class=module,
            catalog_class=catalog,
            observation_space=seen,
            action_space=actions,
            model_config=dict(options),
        )
        for policy, (seen, actions) in spaces.items()
    }
    config.rl_module(rl_module_spec=MultiRLModuleSpec(rl_module_specs=specs))


def _buffer_for_several(config: DQNConfig) -> None:
    buffer = config.replay_buffer_config
    config.training(replay_buffer_config={**buffer, "type": MULTI_AGENT_BUFFERS.get(buffer["type"], buffer["type"])})
