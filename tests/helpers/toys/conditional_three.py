"""Three heads: the table (i + 2 * j + t) % 3 != 0, then k with (i + j + k + t + agent) even."""

import numpy as np
from gymnasium.spaces import Box

from masked_envs.core import Declaration, random_below, rule, state_record
from masked_envs.mask_spec import MaskSpec

NVEC = (3, 4, 5)


def state(values):
    return state_record(t=np.int64, total=np.int64)


@rule
def reset(s, p):
    s["t"] = random_below(s["rng"], 6)
    s["total"] = 0


@rule
def action_mask(s, p, agent, out):
    write_table(s["t"], out)


@rule
def write_table(t, out):
    for i in range(NVEC[0]):
        for j in range(NVEC[1]):
            out[i, j] = (i + 2 * j + t) % 3 != 0


@rule
def head_mask(s, p, agent, k, prefix, out):
    for choice in range(out.size):
        out[choice] = (prefix[0] + prefix[1] + choice + s["t"] + agent) % 2 == 0


@rule
def step(s, p, action, rewards):
    s["total"] += int(action[0] + action[1] * 3 + action[2] * 12)
    s["t"] += 1 + random_below(s["rng"], 3)
    rewards[0] += action[2]
    return s["t"] > 30


@rule
def observe(s, p, agent, out):
    out[0] = s["t"]
    out[1] = s["total"]


ENV = Declaration(
    id="ToyConditionalThree-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.conditional(NVEC),
    observation=lambda values: Box(0, 2000, (2,), np.int32),
)
