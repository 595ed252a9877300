"""A simultaneous game of conditional masks with three heads; the agent's index is part of the rule of head 2."""

import numpy as np
from gymnasium.spaces import Box

from masked_envs.core import Declaration, random_below, rule, state_record
from masked_envs.mask_spec import MaskSpec

from .conditional_three import NVEC, write_table


def state(values):
    return state_record(t=np.int64, total=(np.int64, (2,)))


@rule
def reset(s, p):
    s["t"] = random_below(s["rng"], 6)
    s["total"][0] = 0
    s["total"][1] = 0


@rule
def action_mask(s, p, agent, out):
    write_table(s["t"] + agent, out)


@rule
def head_mask(s, p, agent, k, prefix, out):
    for choice in range(out.size):
        out[choice] = (prefix[0] + prefix[1] + choice + s["t"] + agent) % 2 == 0


@rule
def step(s, p, actions, rewards):
    for agent in range(2):
        s["total"][agent] += int(actions[agent][0] + actions[agent][1] * 3 + actions[agent][2] * 12)
        rewards[agent] += actions[agent][2]
    s["t"] += 1 + random_below(s["rng"], 3)
    return s["t"] > 25


@rule
def observe(s, p, agent, out):
    out[0] = s["t"]
    out[1] = s["total"][agent]


ENV = Declaration(
    id="ToyConvoy-v0",
    module=__name__,
    play="simultaneous",
    agents=lambda values: ("front", "rear"),
    state=state,
    mask=lambda values: MaskSpec.conditional(NVEC),
    observation=lambda values: Box(0, 2000, (2,), np.int32),
)
