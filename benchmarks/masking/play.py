"""Rows of a vector environment as tensors of S seeds, and the evaluation of a trained policy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .arms import Arm
from .gallery import WAYS
from .noise import Noise
from .tasks import Task

EPISODES = 20  # of each seed in an evaluation
APART = 1000  # between the environment seeds of two seeds


class Rows:
    """A vector environment whose S x R rows belong to S seeds: what is shown now, and the episodes that ended.

    Attributes:
        obs, mask, over: observations {name: (S, R, ...)}, masks (S, R, N), and the rows whose episode ended, so that
            their next action is discarded.
        finished: (row, return) of each episode that the last step ended.
    """

    def __init__(self, envs: Any, seeds: list[int], noise: Noise | None = None, first: int = 0) -> None:
        self.envs, self.seeds, self.noise = envs, seeds, noise
        self.per_seed = envs.num_envs // len(seeds)
        self.rng = np.random.default_rng(seeds[0])
        starts = [first + APART * seed + row for seed in seeds for row in range(self.per_seed)]
        self.before: Any = None
        self.returns, self.finished = np.zeros(envs.num_envs), []
        ended = np.zeros(envs.num_envs, bool)
        self.take(envs.reset(seed=starts)[0], ended, ~ended)

    def step(self, action: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Rewards, terminations, ends and invalid actions of actions (S, R), each (S, R)."""
        counted = np.array(self.envs.invalid_actions)
        resting = self.over.flatten().numpy()
        observation, reward, terminated, truncated, _ = self.envs.step(action.flatten().numpy())
        over = terminated | truncated
        self.returns += reward
        self.finished = [(int(row), float(self.returns[row])) for row in np.flatnonzero(over)]
        self.returns[over] = 0.0
        self.take(observation, over, resting)
        invalid = np.array(self.envs.invalid_actions) > counted
        return self.by_seed(reward).float(), self.by_seed(terminated), self.over, self.by_seed(invalid)

    def take(self, observation: dict[str, Any], over: Any, started: Any) -> None:
        obs = {name: self.by_seed(part) for name, part in observation.items()}
        true = obs.pop("action_mask").bool()
        if self.noise is not None:
            flat = true.flatten(0, 1).numpy()
            shown = self.noise.shown(flat, self.before, started, self.rng)
            # The mask after an end is no mask of a decision: an agent with old masks has the last one it acted under.
            self.before = flat if self.before is None else np.where(over[:, None], self.before, flat)
            true = self.by_seed(shown)
        self.obs, self.mask, self.over = obs, true, self.by_seed(over)

    def by_seed(self, values: Any) -> Tensor:
        return torch.as_tensor(np.array(values)).unflatten(0, (len(self.seeds), self.per_seed))


Result = dict[str, list[float]]


@torch.no_grad()
def play(rows: Rows, policy: Any, way: str, greedy: bool) -> Result:
    """The first episode of every row: mean return and share of invalid actions of each seed."""
    shape = rows.over.shape
    live, returns = torch.ones(shape, dtype=torch.bool), torch.zeros(shape)
    decisions, wrong = torch.zeros(shape), torch.zeros(shape)
    while live.any():
        chosen = WAYS[way](policy.logits(rows.obs, rows.mask), rows.mask)
        reward, _, over, invalid = rows.step(chosen.mode if greedy else chosen.sample())
        returns += reward * live
        decisions, wrong = decisions + live, wrong + (invalid & live)
        live &= ~over
    share = wrong.sum(1) / decisions.sum(1)
    return {"return": returns.mean(1).tolist(), "invalid_share": share.tolist(), "decisions": decisions.sum(1).tolist()}


def evaluate(task: Task, arm: Arm, policy: Any, seeds: list[int], noise: Noise | None) -> dict[str, Result]:
    """Greedy and sampled play after training: as the arm is used, and with the mask removed.

    An invalid action lets a step pass and earns nothing, in every arm, so that returns can be compared.
    """
    found = {}
    for name, way in (("as_trained", arm.sampled), ("mask_removed", "all")):
        for how, greedy in (("greedy", True), ("sampled", False)):
            torch.manual_seed(seeds[0])
            rows = Rows(task.make(len(seeds) * EPISODES, on_invalid="noop"), seeds, noise, first=10**6)
            found[f"{name}_{how}"] = play(rows, policy, way, greedy)
    return found
