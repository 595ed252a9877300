"""Switches: bit i is locked at 0, locked at 1, or free, as drawn after every step."""

import numpy as np
from gymnasium.spaces import MultiBinary

from masked_envs.core import Declaration, random_below, rule, state_record
from masked_envs.mask_spec import MaskSpec

SWITCHES = 4
LOCKED_OFF, LOCKED_ON, FREE = range(3)


def state(values):
    return state_record(lock=(np.int8, (SWITCHES,)), lit=(np.int8, (SWITCHES,)), t=np.int64)


@rule
def draw_locks(s):
    for i in range(SWITCHES):
        s["lock"][i] = random_below(s["rng"], 3)


@rule
def reset(s, p):
    draw_locks(s)
    for i in range(SWITCHES):
        s["lit"][i] = 0
    s["t"] = 0


@rule
def action_mask(s, p, agent, out):
    for i in range(SWITCHES):
        out[i, 0] = s["lock"][i] != LOCKED_ON
        out[i, 1] = s["lock"][i] != LOCKED_OFF


@rule
def step(s, p, action, rewards):
    for i in range(SWITCHES):
        s["lit"][i] = action[i]
        rewards[0] += action[i] * (i + 1)
    draw_locks(s)
    s["t"] += 1
    return s["t"] == 12


@rule
def observe(s, p, agent, out):
    for i in range(SWITCHES):
        out[i] = s["lit"][i]


ENV = Declaration(
    id="ToyBinary-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.binary(SWITCHES),
    observation=lambda values: MultiBinary(SWITCHES),
)
