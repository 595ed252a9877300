"""Playing with a policy: evaluation, and the negative control."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..proof import CONTROL_DECISIONS, Count
from . import environments
from .config import Config
from .masks import full_mask, same, shown_mask
from .networks import Encoder, Policy, new_policy

MOST_STEPS = 10_000  # of an evaluation: without a time limit an episode may go on for ever
EVALUATION_SEED = 1_000_000  # beyond the run's own seed, so that evaluation meets episodes that training has not


@dataclass(frozen=True)
class Played:
    """What came of playing.

    Attributes:
        returns: of each row's first episode, (N,), as far as it was played.
        cut_off: how many of these episodes did not end.
        count: decisions and invalid actions of all rows.
        forbade: whether any mask forbade anything.
    """

    returns: npt.NDArray[np.float64]
    cut_off: int
    count: Count
    forbade: bool


@torch.inference_mode()
def play(
    policy: Policy, encoder: Encoder, envs: Any, seed: int, *, greedy: bool, masked: bool, steps: int | None = None
) -> Played:
    """Play until every row has finished an episode, or for `steps` steps; torch's random stream is left as it was.

    Episodes that have not ended after `MOST_STEPS` are cut off.

    Args:
        greedy: the most probable action each time, instead of a sampled one.
        masked: False shows the policy a mask that allows everything.
    """
    returns, live = np.zeros(envs.num_envs), np.ones(envs.num_envs, np.bool_)
    discarded, everything = np.zeros(envs.num_envs, np.bool_), full_mask(envs.mask_spec, envs.num_envs)
    decisions, step, forbade = 0, 0, False
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        observation, info = envs.reset(seed=seed)
        while live.any() and step < MOST_STEPS if steps is None else step < steps:
            mask = shown_mask(envs, info)
            forbade = forbade or not same(mask, everything)
            distribution = policy.distribution(encoder(observation), mask if masked else everything)
            action = distribution.mode if greedy else distribution.sample()
            decisions += int((~discarded).sum())
            observation, rewards, terminated, truncated, info = envs.step(policy.to_env(action))
            discarded, step = terminated | truncated, step + 1
            returns += np.where(live, rewards, 0.0)
            live &= ~discarded
    return Played(returns, int(live.sum()), Count(decisions, int(envs.unwrapped.invalid_actions.sum())), forbade)


def evaluate(
    policy: Policy, encoder: Encoder, config: Config, *, greedy: bool, episodes: int = 100, steps: int | None = None
) -> tuple[npt.NDArray[np.float64], Count]:
    """The returns of episodes of the policy, and their count; in self-play, of each seat against random opponents.

    Args:
        steps: play so many steps instead of whole episodes.
    """
    seats = environments.self_play_agents(config)
    returns, count = [], Count()
    for seat in range(seats):
        against = {"opponent": "random", "agent": seat} if seats > 1 else {}
        envs = environments.make_envs(config, -(-episodes // seats), **against)
        seed = config.seed + EVALUATION_SEED
        played = play(policy, encoder, envs, seed, greedy=greedy, masked=config.mask == "on", steps=steps)
        returns.append(played.returns)
        count += played.count
        if steps is None and played.cut_off:
            rows = len(played.returns)
            print(f"{played.cut_off} of {rows} episodes were cut off after {MOST_STEPS} steps", file=sys.stderr)
    return np.concatenate(returns), count


def negative_control(encoder: Encoder, config: Config, decisions: int = CONTROL_DECISIONS) -> int | None:
    """How many invalid actions the run's policy, as it is before learning, takes if the mask is kept from it.

    None if the masks met on the way forbade nothing, so that there was no invalid action to take.
    """
    envs = environments.make_envs(config, config.num_envs)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        policy = new_policy(encoder, envs.mask_spec, config)
    steps = -(-decisions // config.num_envs)
    played = play(policy, encoder, envs, config.seed + EVALUATION_SEED, greedy=False, masked=False, steps=steps)
    return played.count.invalid if played.forbade else None
