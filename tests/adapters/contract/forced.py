"""Exactly one action is legal in each state, and never the last one: what breaks learners that keep wrong masks."""

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box

from masked_envs.api import MaskedEnv, MaskedVectorEnv
from masked_envs.core import Declaration, random_below, rule, state_record
from masked_envs.mask_spec import MaskSpec

N = 4


def state(values):
    return state_record(legal=np.int64)


@rule
def reset(s, p):
    s["legal"] = random_below(s["rng"], N)


@rule
def action_mask(s, p, agent, out):
    for i in range(N):
        out[i] = i == s["legal"]


@rule
def step(s, p, action, rewards):
    rewards[0] += action
    s["legal"] = (s["legal"] + 1 + random_below(s["rng"], N - 1)) % N
    return random_below(s["rng"], 4) == 0


@rule
def observe(s, p, agent, out):
    for i in range(N):
        out[i] = i == s["legal"]


ENV = Declaration(
    id="Forced-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(N),
    observation=lambda values: Box(0, 1, (N,), np.float32),
    time_limit=4,  # so that some episodes end in a terminal row and others are truncated
)


def register() -> None:
    """Register the environment with Gymnasium."""
    gym.register(
        ENV.id,
        entry_point=lambda **arguments: MaskedEnv(ENV, **arguments),
        vector_entry_point=lambda **arguments: MaskedVectorEnv(ENV, **arguments),
        order_enforce=False,
        disable_env_checker=True,
    )
