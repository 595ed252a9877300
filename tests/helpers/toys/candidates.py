"""A hand of at most five cards; card i may be played while it is held, and taking one leaves the rest."""

import numpy as np
from gymnasium.spaces import Box, Dict

from masked_envs.core import Declaration, random_below, rule, state_record
from masked_envs.mask_spec import MaskSpec

HAND = 5


def state(values):
    return state_record(card=(np.int8, (HAND,)), total=np.int64)


@rule
def reset(s, p):
    for i in range(HAND):
        s["card"][i] = 1 + random_below(s["rng"], 9)
    s["total"] = 0


@rule
def action_mask(s, p, agent, out):
    for i in range(HAND):
        out[i] = s["card"][i] != 0


@rule
def step(s, p, action, rewards):
    rewards[0] += s["card"][action]
    s["total"] += s["card"][action]
    s["card"][action] = 0
    if random_below(s["rng"], 2) == 0:
        s["card"][random_below(s["rng"], HAND)] = 1 + random_below(s["rng"], 9)
    for i in range(HAND):
        if s["card"][i] != 0:
            return False
    return True


@rule
def observe(s, p, agent, out):
    out["observation"][0] = s["total"]
    for i in range(HAND):
        out["action_embeddings"][i, 0] = s["card"][i]
        out["action_embeddings"][i, 1] = s["card"][i] % 2


ENV = Declaration(
    id="ToyCandidates-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.candidates(HAND),
    observation=lambda values: Dict(
        observation=Box(0, 1000, (1,), np.float32), action_embeddings=Box(0, 9, (HAND, 2), np.float32)
    ),
    time_limit=12,
)
