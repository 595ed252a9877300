"""A simultaneous game of flat masks: three runners move 0 to 3 cells, never onto or past the end of the track."""

import numpy as np
from gymnasium.spaces import Box

from masked_envs.core import Declaration, Parameter, random_below, rule, state_record
from masked_envs.mask_spec import MaskSpec

RUNNERS = 3


def state(values):
    return state_record(place=(np.int64, (RUNNERS,)), wind=np.int64)


@rule
def reset(s, p):
    for i in range(RUNNERS):
        s["place"][i] = 0
    s["wind"] = random_below(s["rng"], 2)


@rule
def action_mask(s, p, agent, out):
    for cells in range(4):
        out[cells] = s["place"][agent] + cells < p["track"] and (cells != 3 or s["wind"] == 0)


@rule
def step(s, p, actions, rewards):
    leader = 0
    for i in range(RUNNERS):
        s["place"][i] += actions[i]
        rewards[i] += actions[i]
        leader = max(leader, s["place"][i])
    s["wind"] = random_below(s["rng"], 2)
    return leader == p["track"] - 1


@rule
def observe(s, p, agent, out):
    for i in range(RUNNERS):
        out[i] = s["place"][(agent + i) % RUNNERS]
    out[RUNNERS] = s["wind"]


ENV = Declaration(
    id="ToyRace-v0",
    module=__name__,
    play="simultaneous",
    agents=lambda values: tuple(f"runner_{i}" for i in range(RUNNERS)),
    state=state,
    mask=lambda values: MaskSpec.flat(4),
    observation=lambda values: Box(0, 10_000, (RUNNERS + 1,), np.int16),
    parameters={"track": Parameter(40, "cells", low=2, high=1000)},
    time_limit=30,
)
