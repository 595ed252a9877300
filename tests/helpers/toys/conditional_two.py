"""Head 1 depends on head 0: j is legal after i where (i * j + t) is even, and the pair (0, 0) always."""

import numpy as np
from gymnasium.spaces import Discrete

from masked_envs.core import Declaration, random_below, rule, state_record
from masked_envs.mask_spec import MaskSpec

NVEC = (3, 4)
LENGTH = 20


def state(values):
    return state_record(t=np.int64)


@rule
def reset(s, p):
    s["t"] = random_below(s["rng"], 4)


@rule
def action_mask(s, p, agent, out):
    for i in range(NVEC[0]):
        for j in range(NVEC[1]):
            out[i, j] = (i * j + s["t"]) % 2 == 0 or (i == 0 and j == 0)


@rule
def step(s, p, action, rewards):
    s["t"] += 1 + random_below(s["rng"], 2)
    rewards[0] += action[0] - action[1]
    return s["t"] >= LENGTH


@rule
def observe(s, p, agent, out):
    out[0] = min(s["t"], LENGTH)


ENV = Declaration(
    id="ToyConditionalTwo-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.conditional(NVEC),
    observation=lambda values: Discrete(LENGTH + 1),
)
