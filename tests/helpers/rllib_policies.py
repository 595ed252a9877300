"""Masked modules with random weights, as policies that act; and observations to act on."""

import gymnasium as gym
import rllib_cases
import rllib_observations  # noqa: F401  registers the ids
import torch
from ray.rllib.core.rl_module.rl_module import RLModuleSpec

import masked_envs  # noqa: F401  registers the ids
from masked_envs.rllib import MaskedDQNModule, MaskedPPOModule, MaskedRandomModule, TrainedPolicy

SMALL = {"vf_share_layers": True, "fcnet_hiddens": [16], "lstm_cell_size": 8}
FILTERS = {"conv_filters": [[4, 4, 2], [8, 4, 2]]}


def make(env_id):
    return gym.make(env_id, **({} if env_id.startswith("Shown") else {"on_invalid": "noop"}))


def module_of(env_id, module_class, options):
    env = make(env_id)
    torch.manual_seed(0)
    dqn = rllib_cases.DQN_MODEL if module_class is MaskedDQNModule else {}
    module = RLModuleSpec(
        module_class=module_class,
        observation_space=env.observation_space,
        action_space=env.action_space,
        model_config={**SMALL, **dqn, **options},
    ).build()
    if hasattr(module, "make_target_networks"):
        module.make_target_networks()
    return module


def policy_of(env_id, module_class=MaskedPPOModule, options=None):
    return TrainedPolicy(module_of(env_id, module_class, options or {}))


def observations_of(env_id, count, seed=0):
    """Along an episode of legal random actions, or several."""
    env = make(env_id)
    policy = policy_of(env_id, MaskedRandomModule)
    observation, _ = env.reset(seed=seed)
    found = []
    while len(found) < count:
        found.append(observation)
        observation, _, terminated, truncated, _ = env.step(policy.act(observation))
        if terminated or truncated:
            observation, _ = env.reset()
    return found
