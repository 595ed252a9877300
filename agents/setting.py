from __future__ import annotations
import masked_envs
from masked_envs.catalogue import CATALOGUE

def make_envs(config, num_envs, **overrides):
    arguments = {"on_invalid": "noop", **config.env_args, **overrides, "mask_in": "info"}
    return masked_envs.make_vec(config.env, num_envs, **arguments)

def is_self_play(config):
    return CATALOGUE[config.env].play == "turns" and "opponent" not in config.env_args

def num_agents(config):
    if not is_self_play(config): return 1
    return len(masked_envs.make_aec(config.env, **config.env_args).possible_agents)
