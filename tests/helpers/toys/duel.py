"""A game of joint masks whose moves alternate; player 1 moves first, and whoever fills the last cell wins."""

import numpy as np
from gymnasium.spaces import Box

from masked_envs.core import Declaration, copy_to, equal_to, fill, rule, state_record
from masked_envs.mask_spec import MaskSpec

SHAPE = (2, 3)


def state(values):
    return state_record(cell=(np.int8, SHAPE), filled=np.int64)


@rule
def reset(s, p):
    fill(s["cell"], 0)
    s["filled"] = 0
    s["to_move"] = 1


@rule
def action_mask(s, p, agent, out):
    equal_to(s["cell"], 0, out)


@rule
def step(s, p, action, rewards):
    player = s["to_move"]
    s["cell"][action[0], action[1]] = player + 1
    s["filled"] += 1
    s["to_move"] = 1 - player
    rewards[player] += 0.25
    if s["filled"] == s["cell"].size:
        rewards[player] += 1.0
        rewards[1 - player] -= 1.0
        return True
    return False


@rule
def observe(s, p, agent, out):
    copy_to(s["cell"], out)


ENV = Declaration(
    id="ToyDuel-v0",
    module=__name__,
    play="turns",
    agents=lambda values: ("first", "second"),
    state=state,
    mask=lambda values: MaskSpec.joint(SHAPE),
    observation=lambda values: Box(0, 2, SHAPE, np.int8),
)
