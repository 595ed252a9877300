"""A machine with a gear, two flags and two powers: gear t % 3 is broken, flag 0 is stuck, power is at most `heat`."""

import numpy as np
from gymnasium.spaces import Box

from masked_envs.core import Declaration, random_uniform, rule, state_record
from masked_envs.mask_spec import MaskSpec


def state(values):
    return state_record(t=np.int64, heat=np.float64)


@rule
def reset(s, p):
    s["t"] = 0
    s["heat"] = random_uniform(s["rng"], 0.25, 0.75)


@rule
def action_mask(s, p, agent, out):
    for gear in range(3):
        out["gear"][gear] = gear != s["t"] % 3
    out["flags"][0, 0] = s["t"] % 2 == 0
    out["flags"][0, 1] = s["t"] % 2 == 1
    out["flags"][1, 0] = True
    out["flags"][1, 1] = True
    for i in range(2):
        out["power"][0, i] = 0.0
        out["power"][1, i] = s["heat"]


@rule
def step(s, p, action, rewards):
    rewards[0] += action["gear"] + action["flags"][1] + action["power"][0] - action["power"][1]
    s["heat"] = 0.5 * s["heat"] + 0.25 * action["power"][0] + random_uniform(s["rng"], 0.0, 0.25)
    s["t"] += 1
    return s["t"] == 10


@rule
def observe(s, p, agent, out):
    out[0] = s["heat"]
    out[1] = s["t"]


PARTS = {
    "gear": MaskSpec.flat(3),
    "flags": MaskSpec.binary(2),
    "power": MaskSpec.interval([0.0, 0.0], [1.0, 1.0]),
}

ENV = Declaration(
    id="ToyHybrid-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.dict(PARTS),
    observation=lambda values: Box(0, 100, (2,), np.float32),
)
