"""A game of turns whose agents leave one by one: whoever rolls less than it has said is out.

The agent to move says a number from 1 to 6, not the one that was said last, and rolls a die. Less than what it said: it
pays 2 and is out, but not by the first `calm` moves. Otherwise it earns what it said. The game ends with one agent.
"""

import numpy as np
from gymnasium.spaces import Box

from masked_envs.core import Declaration, Parameter, random_below, rule, state_record
from masked_envs.mask_spec import MaskSpec

AGENTS, FACES = 3, 6


def state(values):
    return state_record(out=(np.int8, (AGENTS,)), said=np.int64)


@rule
def reset(s, p):
    for i in range(AGENTS):
        s["out"][i] = 0
    s["said"] = -1
    s["to_move"] = random_below(s["rng"], AGENTS)


@rule
def has_left(s, p, agent):
    return s["out"][agent] == 1


@rule
def action_mask(s, p, agent, out):
    for face in range(FACES):
        out[face] = face != s["said"]


@rule
def step(s, p, action, rewards):
    mover = s["to_move"]
    s["said"] = action
    if random_below(s["rng"], FACES) < action and s["elapsed_steps"] >= p["calm"]:
        s["out"][mover] = 1
        rewards[mover] -= 2.0
    else:
        rewards[mover] += 1.0 + action
    standing = 0
    for k in range(AGENTS):
        other = (mover + AGENTS - k) % AGENTS  # the nearest one after the mover comes last
        if s["out"][other] == 0:
            standing += 1
            s["to_move"] = other
    return standing == 1


@rule
def observe(s, p, agent, out):
    for k in range(AGENTS):
        out[k] = s["out"][(agent + k) % AGENTS]
    out[AGENTS] = s["said"]


ENV = Declaration(
    id="ToyKnockout-v0",
    module=__name__,
    play="turns",
    agents=lambda values: tuple(f"roller_{i}" for i in range(AGENTS)),
    state=state,
    mask=lambda values: MaskSpec.flat(FACES, start=1),
    observation=lambda values: Box(-1, FACES, (AGENTS + 1,), np.int8),
    parameters={"calm": Parameter(6, "moves at the start by which nobody is out", low=0)},
    time_limit=60,
)
