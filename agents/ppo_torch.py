"""Masked PPO in PyTorch on the vector environments of masked_envs: python agents/ppo_torch.py --help

Proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347) with generalised advantage estimation (Schulman et
al. 2016, arXiv:1506.02438) for flat, candidate, per-head, joint and binary masks. In games whose moves alternate, one
network plays every seat (self-play). What masks ask of the algorithm:

- The mask is stored beside the observation it came with; sampling, log-probabilities and entropy all use that one.
- The environment discards the action given to an episode that has ended (NEXT_STEP autoreset): such rows are not learnt.
- A truncated episode goes on in the value of its last observation, a terminated one is worth nothing more.

Every run ends with a line such as `decisions 204800, invalid 0 (95% upper bound 1.5e-5), negative control 3871`, read from
the environments' own counters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from tqdm import tqdm

import command_line
import evaluation
from checkpoint import load_checkpoint, save_checkpoint
from networks import Encoder, Policy
from setting import is_self_play, make_envs, num_agents

Array = npt.NDArray[Any]


def option(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True)
class Config:
    """All that decides the bytes of a run. `command_line` turns every field into a flag."""

    env: str = option("MaskedCartPole-v0", "id of the environment")
    env_args: dict[str, Any] = field(default_factory=dict)
    seed: int = option(1, "seed of the network, of the actions and of the environments")
    total_decisions: int = option(300_000, "stop after this many decisions; the learning rate falls to 0 until then")
    num_envs: int = option(64, "rows of the vector environment")
    num_steps: int = option(32, "steps of every row between two updates")
    epochs: int = option(8, "passes over the decisions of a rollout")
    minibatches: int = option(4, "gradient steps in each pass")
    learning_rate: float = option(3e-3, "step size of Adam at the start")
    gamma: float = option(0.98, "discount from one decision of an agent to its next")
    gae_lambda: float = option(0.9, "weight of longer advantage estimates, 0 to 1")
    clip: float = option(0.2, "how far the probability ratio may leave 1")
    entropy_weight: float = option(0.0, "weight of the entropy over the legal actions")
    value_weight: float = option(0.5, "weight of the critic's squared error")
    max_grad_norm: float = option(0.5, "longest gradient")
    hidden: int = option(64, "width of the hidden layers")
    mask: str = option("on", "off: the policy does not see the mask, to measure what it is worth")
    target_return: float | None = option(None, "stop when 100 greedy episodes reach this mean return")
    evaluate_every: int = option(5, "iterations between two looks at the target return")
    threads: int = option(1, "threads of torch; rounding, and so the bytes of a run, depend on it")

    def __post_init__(self) -> None:
        for name in ("total_decisions", "num_envs", "num_steps", "epochs", "minibatches", "hidden", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("gamma", "gae_lambda"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must lie between 0 and 1, not {getattr(self, name)}")
        if self.mask not in ("on", "off"):
            raise ValueError(f"mask must be 'on' or 'off', not {self.mask!r}")


class Rollout:
    """What T steps of N rows gave; at entry T stands what the next rollout begins with.

    `discarded` marks the steps whose action the environment discards, because the row's episode had ended.
    """

    def __init__(self, config: Config, encoder: Encoder, envs: Any) -> None:
        steps, rows = config.num_steps, config.num_envs
        seen, space = (steps + 1, rows), envs.single_action_space
        self.observation = {name: torch.zeros(*seen, *shape) for name, shape in encoder.shapes.items()}
        self.mask = torch.zeros(*seen, *envs.unwrapped.mask_spec.space.shape, dtype=torch.bool)
        self.agent, self.discarded = np.zeros(seen, np.int64), np.zeros(seen, np.bool_)
        self.action = torch.zeros(steps, rows, *space.shape, dtype=torch.int64)
        self.log_prob = torch.zeros(steps, rows)
        self.reward = np.zeros((steps, rows, num_agents(config)))
        self.terminated, self.truncated = np.zeros((2, steps, rows), np.bool_)


def advantages(
    rewards: Array, values: Array, agents: Array, discarded: Array, terminated: Array, truncated: Array,
    gamma: float, gae_lambda: float,
) -> tuple[Array, Array]:  # fmt: skip
    """Generalised advantage estimates, for each agent over its own decisions.

    Between two decisions of an agent others may move; its reward for the first is all it earned until the second, or
    until the end. With one agent this is the usual estimate. At the edge of a rollout or of a truncated episode, only
    the agent that is to move there has an observation, and so a value, to go on with: an earlier decision of another
    agent has no estimate and is left out.

    Args:
        rewards: (T, N, A) of each agent; zero in discarded steps.
        values: (T + 1, N) of the observation of the agent to move.
        agents: int (T + 1, N), the agent to move.
        discarded: bool (T + 1, N), the action does nothing but begin a new episode.
        terminated, truncated: bool (T, N), the step ended the episode.

    Returns:
        The estimates (T, N), and bool (T, N): where there is one.
    """
    steps, rows, num = rewards.shape
    row = np.arange(rows)
    # Per row and agent, looking back from the step at hand: what its next decision is worth, whether that is known, the
    # estimate there, and the reward since.
    next_value, next_advantage, earned = np.zeros((3, rows, num))
    known = np.zeros((rows, num), np.bool_)
    next_value[row, agents[steps]], known[row, agents[steps]] = values[steps], True
    estimates, usable = np.zeros((steps, rows)), np.zeros((steps, rows), np.bool_)
    for t in reversed(range(steps)):
        ended = np.flatnonzero(terminated[t] | truncated[t])
        if ended.size:
            cut = ended[~terminated[t, ended]]
            next_value[ended] = next_advantage[ended] = earned[ended] = 0.0
            known[ended] = True
            known[cut] = False
            next_value[cut, agents[t + 1, cut]], known[cut, agents[t + 1, cut]] = values[t + 1, cut], True
        earned += rewards[t]
        n = np.flatnonzero(~discarded[t])
        a = agents[t, n]
        delta = earned[n, a] + gamma * next_value[n, a] - values[t, n]
        usable[t, n] = known[n, a]
        estimates[t, n] = np.where(known[n, a], delta + gamma * gae_lambda * next_advantage[n, a], 0.0)
        next_value[n, a], next_advantage[n, a] = values[t, n], estimates[t, n]
        known[n, a], earned[n, a] = True, 0.0
    return estimates, usable


class Learner:
    """The environments, the network and all that changes while it learns."""

    def __init__(self, config: Config) -> None:
        torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        self.config, self.self_play = config, is_self_play(config)
        self.envs = make_envs(config, config.num_envs)
        self.encoder = Encoder(self.envs.single_observation_space)
        self.policy = Policy(self.encoder, self.envs.unwrapped.mask_spec, config.hidden)
        self.optimiser = torch.optim.Adam(self.policy.parameters(), config.learning_rate, eps=1e-5, foreach=True)
        self.rollout = Rollout(config, self.encoder, self.envs)
        self.iteration = self.decisions = self.earlier_invalid = 0
        self.episode_return, self.history = np.zeros(config.num_envs), []  # type: ignore[var-annotated]
        self._see(config.num_steps, *self.envs.reset(seed=config.seed))

    @property
    def invalid(self) -> int:
        """Invalid actions since the run began, by the environments' own count."""
        return self.earlier_invalid + int(self.envs.unwrapped.invalid_actions.sum())

    def iterate(self) -> dict[str, float]:
        """One rollout and the updates from it; what is worth logging."""
        left = max(0.0, 1.0 - self.decisions / self.config.total_decisions)
        for group in self.optimiser.param_groups:
            group["lr"] = left * self.config.learning_rate
        finished = self.collect()
        metrics = self.update()
        self.iteration += 1
        if finished:
            metrics["episode_return"] = float(np.mean(finished))
            self.history.append((self.decisions, metrics["episode_return"]))
        return metrics

    def _see(self, t: int, observation: Any, info: dict[str, Any]) -> None:
        """Store what the rows show at step t; with the mask off, every action counts as allowed."""
        for name, array in self.encoder(observation).items():
            self.rollout.observation[name][t] = torch.from_numpy(array)
        self.rollout.mask[t] = torch.from_numpy(info["action_mask"]) if self.config.mask == "on" else True
        self.rollout.agent[t] = info["agent"] if self.self_play else 0

    def collect(self) -> list[float]:
        """Play a rollout; the returns (of the first agent) of the episodes that ended in it."""
        b, steps, finished = self.rollout, self.config.num_steps, []
        for seen in (*b.observation.values(), b.mask, b.agent, b.discarded):
            seen[0] = seen[steps]
        first_action = getattr(self.envs.single_action_space, "start", 0)
        for t in range(steps):
            with torch.inference_mode():
                distribution = self.policy.distribution({name: o[t] for name, o in b.observation.items()}, b.mask[t])
                b.action[t] = distribution.sample()
                b.log_prob[t] = distribution.log_prob(b.action[t])
            observation, reward, b.terminated[t], b.truncated[t], info = self.envs.step(b.action[t].numpy() + first_action)
            b.reward[t] = info["rewards"] if self.self_play else reward[:, None]
            b.discarded[t + 1] = ended = b.terminated[t] | b.truncated[t]
            self._see(t + 1, observation, info)
            self.episode_return += b.reward[t, :, 0]
            finished += self.episode_return[ended].tolist()
            self.episode_return[ended] = 0.0
        self.decisions += int((~b.discarded[:steps]).sum())
        return finished

    def update(self) -> dict[str, float]:
        """Clipped policy gradient and value regression on the decisions that have an advantage estimate."""
        c, b = self.config, self.rollout
        with torch.inference_mode():
            values = self.policy.value(b.observation).numpy()
        estimates, usable = advantages(
            b.reward, values, b.agent, b.discarded, b.terminated, b.truncated, c.gamma, c.gae_lambda
        )
        index = torch.from_numpy(np.flatnonzero(usable))
        observation = {name: o[:-1].flatten(0, 1)[index] for name, o in b.observation.items()}
        mask, action, old_log_prob = (x.flatten(0, 1)[index] for x in (b.mask[:-1], b.action, b.log_prob))
        advantage = torch.from_numpy(estimates[usable]).float()
        target = advantage + torch.from_numpy(values[:-1][usable])
        advantage = (advantage - advantage.mean()) / (advantage.std(correction=0) + 1e-8)
        log: list[Tensor] = []
        for _ in range(c.epochs):
            for chosen in torch.randperm(len(index)).tensor_split(c.minibatches):
                distribution = self.policy.distribution({name: o[chosen] for name, o in observation.items()}, mask[chosen])
                log_ratio = distribution.log_prob(action[chosen]) - old_log_prob[chosen]
                ratio, entropy = log_ratio.exp(), distribution.entropy().mean()
                gain = torch.minimum(ratio * advantage[chosen], ratio.clamp(1 - c.clip, 1 + c.clip) * advantage[chosen])
                value = self.policy.value({name: o[chosen] for name, o in observation.items()})
                value_loss = (value - target[chosen]).square().mean()
                loss = c.value_weight * value_loss - gain.mean() - c.entropy_weight * entropy
                self.optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(self.policy.parameters(), c.max_grad_norm, foreach=True)
                self.optimiser.step()
                log.append(_measured(log_ratio, ratio, entropy, value_loss))
        return {}


def _measured(*args):
    return torch.zeros(1)
