"""Two independent heads: head 0 may not repeat `last`, head 1 takes what is at least `floor`."""

import numpy as np
from gymnasium.spaces import Box

from masked_envs.core import Declaration, random_below, rule, state_record
from masked_envs.mask_spec import MaskSpec

NVEC = (3, 4)


def state(values):
    return state_record(last=np.int64, floor=np.int64, total=np.int64)


@rule
def reset(s, p):
    s["last"] = random_below(s["rng"], NVEC[0])
    s["floor"] = random_below(s["rng"], NVEC[1])
    s["total"] = 0


@rule
def action_mask(s, p, agent, out):
    for i in range(NVEC[0]):
        out[i] = i != s["last"]
    for j in range(NVEC[1]):
        out[NVEC[0] + j] = j >= s["floor"]


@rule
def step(s, p, action, rewards):
    s["last"] = int(action[0])
    s["floor"] = random_below(s["rng"], NVEC[1])
    s["total"] += int(action[0] * 10 + action[1])
    rewards[0] += action[1] - 0.5 * action[0]
    return s["total"] > 200


@rule
def observe(s, p, agent, out):
    out[0] = s["last"]
    out[1] = s["floor"]
    out[2] = s["total"]


ENV = Declaration(
    id="ToyPerHead-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.per_head(NVEC),
    observation=lambda values: Box(0, 1000, (3,), np.float32),
    time_limit=15,
)
