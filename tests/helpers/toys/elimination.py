"""A simultaneous game whose agents leave one by one: whoever is hit as often as it has lives is out.

Each fires at one of the others or waits. Firing heats, and a hot agent waits. Who is out has terminated; the last one
standing wins 5, a round in which all that are left fall is a draw. Being hit costs 1, when one falls too.
"""

import numpy as np
from gymnasium.spaces import Box

from masked_envs.core import Declaration, Parameter, fill, random_below, rule, state_record
from masked_envs.mask_spec import MaskSpec

AGENTS = 4
WAIT = 0  # action 1 + k fires at agent k


def state(values):
    return state_record(lives=(np.int64, (AGENTS,)), hot=(np.int8, (AGENTS,)), hits=(np.int64, (AGENTS,)))


@rule
def reset(s, p):
    for i in range(AGENTS):
        s["lives"][i] = p["lives"] + random_below(s["rng"], 3)
    fill(s["hot"], 0)


@rule
def has_left(s, p, agent):
    return s["lives"][agent] == 0


@rule
def action_mask(s, p, agent, out):
    out[WAIT] = True
    for k in range(AGENTS):
        out[1 + k] = k != agent and s["lives"][k] > 0 and s["lives"][agent] > 0 and s["hot"][agent] == 0


@rule
def step(s, p, actions, rewards):
    fill(s["hits"], 0)
    for i in range(AGENTS):
        s["hot"][i] = actions[i] != WAIT
        if actions[i] != WAIT:
            s["hits"][actions[i] - 1] += 1
    standing, last = 0, 0
    for i in range(AGENTS):
        if s["hits"][i] > 0:
            rewards[i] -= 1.0
            s["lives"][i] = max(0, s["lives"][i] - s["hits"][i])
        if s["lives"][i] > 0:
            standing += 1
            last = i
    if standing == 1:
        rewards[last] += 5.0
    return standing <= 1


@rule
def observe(s, p, agent, out):
    for k in range(AGENTS):
        out[k] = s["lives"][(agent + k) % AGENTS]


ENV = Declaration(
    id="ToyElimination-v0",
    module=__name__,
    play="simultaneous",
    agents=lambda values: tuple(f"fighter_{i}" for i in range(AGENTS)),
    state=state,
    mask=lambda values: MaskSpec.flat(1 + AGENTS),
    observation=lambda values: Box(0, 9, (AGENTS,), np.int8),
    # By default nobody is out within three rounds, in which tests that know of no leaving refuse, copy and end.
    parameters={"lives": Parameter(7, "least number of hits that an agent stands", low=1, high=7)},
    time_limit=40,
)
