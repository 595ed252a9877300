"""The environments of a run, playing in them, and the proof that no invalid action was taken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import numpy.typing as npt
import torch
from gymnasium.vector import AutoresetMode
from networks import Encoder, Policy
from registered_envs import RegisteredEnvs
from structs import full_mask, same, shown_mask

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration

if TYPE_CHECKING:
    from ppo_torch import Config

EVALUATION_SEED = 1_000_000  # beyond the run's own seed, so that evaluation meets episodes that training has not
CONTROL_DECISIONS = 4096


@dataclass(frozen=True)
class Count:
    """How many decisions environments were given (discarded ones left out), and how many of them were invalid."""

    decisions: int = 0
    invalid: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.decisions + other.decisions, self.invalid + other.invalid)


@dataclass(frozen=True)
class Played:
    """The return of each row's first episode (N,), the count, and whether any mask forbade anything."""

    returns: npt.NDArray[np.float64]
    count: Count
    forbade: bool


def make_envs(config: Config, num_envs: int, **overrides: Any) -> Any:
    """The vector environment of a run, with the mask in `info` and the reset one step after the end.

    An invalid action does nothing but count ("noop"), in training, evaluation and control alike: that none was taken
    is then read from a counter that would have gone on counting, and not from the absence of an exception.
    """
    if config.env not in CATALOGUE:
        if ":" not in config.env and config.env not in gymnasium.registry:
            declaration(config.env)  # which says what is near
        return RegisteredEnvs(config.env, num_envs, {**config.env_args, **overrides})
    arguments = {"on_invalid": "noop", **config.env_args, **overrides}
    return masked_envs.make_vec(
        config.env, num_envs, mask_in="info", autoreset_mode=AutoresetMode.NEXT_STEP, **arguments
    )


def self_play_agents(config: Config) -> int:
    """How many agents take turns under the one policy: 1 unless a turn-based game is played without an opponent."""
    if config.env not in CATALOGUE or CATALOGUE[config.env].play != "turns" or "opponent" in config.env_args:
        return 1
    return len(masked_envs.make_aec(config.env, **config.env_args).possible_agents)


@torch.inference_mode()
def play(
    policy: Policy, encoder: Encoder, envs: Any, seed: int, *, greedy: bool, masked: bool, steps: int | None = None
) -> Played:
    """Play until every row has finished an episode, or for `steps` steps; torch's random stream is left as it was.

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
        while live.any() if steps is None else step < steps:
            mask = shown_mask(envs, info)
            forbade = forbade or not same(mask, everything)
            distribution = policy.distribution(encoder(observation), mask if masked else everything)
            action = distribution.mode if greedy else distribution.sample()
            decisions += int((~discarded).sum())
            observation, rewards, terminated, truncated, info = envs.step(policy.to_env(action))
            discarded, step = terminated | truncated, step + 1
            returns += np.where(live, rewards, 0.0)
            live &= ~discarded
    return Played(returns, Count(decisions, int(envs.unwrapped.invalid_actions.sum())), forbade)


def evaluate(
    policy: Policy, encoder: Encoder, config: Config, *, greedy: bool, episodes: int = 100
) -> tuple[npt.NDArray[np.float64], Count]:
    """The returns of episodes of the policy, and their count; in self-play, of each seat against random opponents."""
    seats = self_play_agents(config)
    returns, count = [], Count()
    for seat in range(seats):
        against = {"opponent": "random", "agent": seat} if seats > 1 else {}
        envs = make_envs(config, -(-episodes // seats), **against)
        seed = config.seed + EVALUATION_SEED
        played = play(policy, encoder, envs, seed, greedy=greedy, masked=config.mask == "on")
        returns.append(played.returns)
        count += played.count
    return np.concatenate(returns), count


def negative_control(encoder: Encoder, config: Config) -> int | None:
    """How many invalid actions the run's policy, as it is before learning, takes if the mask is kept from it.

    None if the masks met on the way forbade nothing, so that there was no invalid action to take.
    """
    envs = make_envs(config, config.num_envs)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        policy = Policy(encoder.shapes, envs.mask_spec, config.hidden)
    steps = -(-CONTROL_DECISIONS // config.num_envs)
    played = play(policy, encoder, envs, config.seed + EVALUATION_SEED, greedy=False, masked=False, steps=steps)
    return played.count.invalid if played.forbade else None


def proof_line(count: Count, control: int | None) -> str:
    """The line every run ends with.

    The bound is the rule of three: after none in n independent trials, a rate above 3/n is refuted at 95% (Hanley and
    Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249(13), 1983).
    """
    bound = ""
    if count.decisions and not count.invalid:
        bound = f" (95% upper bound {re.sub('e-0', 'e-', f'{3 / count.decisions:.1e}')})"
    compared = "not possible, nothing was forbidden" if control is None else str(control)
    return f"decisions {count.decisions}, invalid {count.invalid}{bound}, negative control {compared}"
