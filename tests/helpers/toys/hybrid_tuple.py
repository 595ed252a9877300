"""A Tuple action: a pair from a joint mask, heads from a per_head mask, and a flat choice that starts from 1."""

import numpy as np
from gymnasium.spaces import Box

from masked_envs.core import Declaration, rule, state_record
from masked_envs.mask_spec import MaskSpec


def state(values):
    return state_record(t=np.int64, total=np.int64)


@rule
def reset(s, p):
    s["t"] = 0
    s["total"] = 0


@rule
def action_mask(s, p, agent, out):
    for i in range(2):
        for j in range(3):
            out["0"][i, j] = (i + j + s["t"]) % 2 == 0
    for i in range(2):
        out["1"][i] = i == s["t"] % 2
        out["1"][2 + i] = True
    for i in range(4):
        out["2"][i] = i <= s["t"] % 4


@rule
def step(s, p, action, rewards):
    s["total"] += int(action["0"][0] + 2 * action["0"][1] + 6 * action["1"][0] + 12 * action["1"][1] + 24 * action["2"])
    s["t"] += 1
    rewards[0] += 1.0
    return s["t"] == 14


@rule
def observe(s, p, agent, out):
    out[0] = s["total"]


ENV = Declaration(
    id="ToyHybridTuple-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.dict([MaskSpec.joint((2, 3)), MaskSpec.per_head((2, 2)), MaskSpec.flat(4, start=1)]),
    observation=lambda values: Box(0, 10_000, (1,), np.int64),
)
