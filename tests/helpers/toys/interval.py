"""A moving window: the first number lies in [position - 0.5, position + 0.25], the second in [-1, position]."""

import numpy as np
from gymnasium.spaces import Box

from masked_envs.core import Declaration, random_uniform, rule, state_record
from masked_envs.mask_spec import MaskSpec

LOW, HIGH = (-1.0, -1.0), (1.0, 1.0)


def state(values):
    return state_record(position=np.float64, t=np.int64)


@rule
def reset(s, p):
    s["position"] = random_uniform(s["rng"], -0.5, 0.5)
    s["t"] = 0


@rule
def action_mask(s, p, agent, out):
    out[0, 0] = max(s["position"] - 0.5, -1.0)
    out[1, 0] = min(s["position"] + 0.25, 1.0)
    out[0, 1] = -1.0
    out[1, 1] = s["position"]


@rule
def step(s, p, action, rewards):
    rewards[0] += action[0] * 0.5 - action[1]
    s["position"] = s["position"] * 0.5 + action[0] * 0.25 + random_uniform(s["rng"], -0.2, 0.2)
    s["t"] += 1
    return s["t"] == 18


@rule
def observe(s, p, agent, out):
    out[0] = s["position"]


ENV = Declaration(
    id="ToyInterval-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.interval(LOW, HIGH, meaning="safe"),
    observation=lambda values: Box(-2, 2, (1,), np.float64),
)
