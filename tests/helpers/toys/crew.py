"""A simultaneous game of dict masks: each hand chooses a tool and a force within what is left of its strength."""

import numpy as np
from gymnasium.spaces import Box, Dict

from masked_envs.core import Declaration, random_uniform, rule, state_record
from masked_envs.mask_spec import MaskSpec


def state(values):
    return state_record(strength=(np.float64, (2,)), t=np.int64)


@rule
def reset(s, p):
    s["t"] = 0
    for agent in range(2):
        s["strength"][agent] = random_uniform(s["rng"], 0.5, 1.0)


@rule
def action_mask(s, p, agent, out):
    for tool in range(3):
        out["tool"][tool] = tool != (s["t"] + agent) % 3
    out["force"][0, 0] = 0.0
    out["force"][1, 0] = s["strength"][agent]


@rule
def step(s, p, actions, rewards):
    for agent in range(2):
        rewards[agent] += actions[agent]["force"][0] * (1 + actions[agent]["tool"])
        s["strength"][agent] = 0.9 * (s["strength"][agent] - 0.5 * actions[agent]["force"][0])
    s["t"] += 1
    return s["t"] == 9


@rule
def observe(s, p, agent, out):
    out["own"][0] = s["strength"][agent]
    out["other"][0] = s["strength"][1 - agent]


ENV = Declaration(
    id="ToyCrew-v0",
    module=__name__,
    play="simultaneous",
    agents=lambda values: ("left", "right"),
    state=state,
    mask=lambda values: MaskSpec.dict({"tool": MaskSpec.flat(3), "force": MaskSpec.interval([0.0], [1.0])}),
    observation=lambda values: Dict(own=Box(0, 1, (1,), np.float64), other=Box(0, 1, (1,), np.float64)),
)
