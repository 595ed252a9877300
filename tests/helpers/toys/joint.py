"""Pairs (i, j) with (i + j + t) % 3 != 0: not a product of one set per head."""

import numpy as np
from gymnasium.spaces import MultiDiscrete

from masked_envs.core import Declaration, random_below, rule, state_record
from masked_envs.mask_spec import MaskSpec

NVEC = (3, 4)


def state(values):
    return state_record(t=np.int64, last=(np.int64, (2,)))


@rule
def reset(s, p):
    s["t"] = random_below(s["rng"], 3)
    s["last"][0] = 0
    s["last"][1] = 0


@rule
def action_mask(s, p, agent, out):
    for i in range(NVEC[0]):
        for j in range(NVEC[1]):
            out[i, j] = (i + j + s["t"]) % 3 != 0


@rule
def step(s, p, action, rewards):
    s["last"][0] = action[0]
    s["last"][1] = action[1]
    s["t"] = s["t"] + 1 + action[0]
    rewards[0] += action[0] * action[1] / 7.0
    return s["t"] > 25


@rule
def observe(s, p, agent, out):
    out[0] = s["last"][0]
    out[1] = s["last"][1]


ENV = Declaration(
    id="ToyJoint-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.joint(NVEC, meaning="useful"),
    observation=lambda values: MultiDiscrete(NVEC),
)
