"""What a policy experienced, and how much better than expected each decision turned out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from masked_envs import trees

from .config import Config
from .environments import self_play_agents
from .masks import empty_actions, full_mask
from .networks import Observation

Array = npt.NDArray[Any]


class Rollout:
    """What T steps of N rows gave. Entry T of what was seen is what the next rollout begins with.

    `discarded` marks the steps whose action the environment discards because the row's episode had ended.
    """

    def __init__(self, config: Config, shapes: dict[str, tuple[int, ...]], envs: Any) -> None:
        steps, seen = (config.num_steps, config.num_envs), (config.num_steps + 1, config.num_envs)
        self.observation = {name: torch.zeros(*seen, *shape) for name, shape in shapes.items()}
        row = full_mask(envs.mask_spec, 1)
        self.mask = trees.map(lambda part: torch.zeros(*seen, *part.shape[1:], dtype=part.dtype), row)
        self.agent, self.discarded = np.zeros(seen, np.int64), np.zeros(seen, np.bool_)
        self.action = empty_actions(envs.single_action_space, *steps)
        self.log_prob = torch.zeros(steps)
        self.reward = np.zeros((*steps, self_play_agents(config)))
        self.terminated, self.truncated = np.zeros(steps, np.bool_), np.zeros(steps, np.bool_)

    def begin(self) -> None:
        """Begin where the last rollout ended."""
        trees.map(_last_to_first, (*self.observation.values(), self.mask, self.agent, self.discarded))


def _last_to_first(array: Any) -> None:
    array[0] = array[-1]


@dataclass
class Batch:
    """Decisions to learn from, one per entry."""

    observation: Observation
    mask: Any
    action: Any
    log_prob: Tensor
    advantage: Tensor
    target: Tensor

    def take(self, index: Tensor) -> Batch:
        return Batch(*(trees.map(lambda part: part[index], getattr(self, field.name)) for field in fields(self)))


def advantages(
    rewards: Array, values: Array, agents: Array, discarded: Array, terminated: Array, truncated: Array,
    gamma: float, gae_lambda: float,
) -> tuple[Array, Array]:  # fmt: skip
    """Generalised advantage estimates of each agent over its own decisions.

    Others may move between two decisions of an agent; its reward for the first is all that it earned before the second,
    or before the end. With one agent this is the usual estimate. Where a rollout or a truncated episode breaks off,
    only the agent to move has an observation, and so a value, to go on with: an earlier decision that another agent
    still waits on has no estimate and is left out.

    Args:
        rewards: (T, N, A), what each agent earned; zero in discarded steps.
        values: (T + 1, N), of what the agent to move observes.
        agents: int (T + 1, N), the agent to move.
        discarded: bool (T + 1, N), the step does nothing but begin a new episode.
        terminated, truncated: bool (T, N), the step ended the episode.

    Returns:
        The estimates (T, N), and where there are such: bool (T, N).
    """
    steps, rows, num_agents = rewards.shape
    row = np.arange(rows)
    # Looking back from each step, for every row and agent: the value and the estimate of the agent's next decision,
    # whether they are known, and what it earned since the decision before that.
    next_value, next_estimate, earned = np.zeros((3, rows, num_agents))
    known = np.zeros((rows, num_agents), np.bool_)
    next_value[row, agents[steps]], known[row, agents[steps]] = values[steps], True
    estimates, usable = np.zeros((steps, rows)), np.zeros((steps, rows), np.bool_)
    for t in reversed(range(steps)):
        over, cut = np.flatnonzero(terminated[t] | truncated[t]), np.flatnonzero(truncated[t] & ~terminated[t])
        next_value[over], next_estimate[over], earned[over], known[over] = 0.0, 0.0, 0.0, True
        known[cut] = False
        next_value[cut, agents[t + 1, cut]], known[cut, agents[t + 1, cut]] = values[t + 1, cut], True
        earned += rewards[t]
        n = np.flatnonzero(~discarded[t])
        now = n, agents[t, n]
        estimate = earned[now] + gamma * next_value[now] - values[t, n] + gamma * gae_lambda * next_estimate[now]
        usable[t, n] = known[now]
        estimates[t, n] = next_estimate[now] = np.where(known[now], estimate, 0.0)
        next_value[now], known[now], earned[now] = values[t, n], True, 0.0
    return estimates, usable
