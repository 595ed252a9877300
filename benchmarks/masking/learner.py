"""PPO of many seeds at once, with the mask used as an arm says, and all that a run reports of it.

The settings are those of the pilot study and the same for every arm, so that arms differ in nothing else. Sizes: S
seeds, R rows of each, T steps of a rollout, N actions. A tensor is (T, S, R, ...) while it is collected and (S, T x R,
...) where it is learnt from. PPO: Schulman et al. 2017 (arXiv:1707.06347).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .arms import Arm
from .gallery import WAYS
from .measures import Measures
from .networks import Policy, clip_gradients
from .noise import Noise
from .play import Rows, evaluate
from .tasks import Task

ROWS, STEPS, EPOCHS, MINIBATCHES = 8, 128, 4, 4
LEARNING_RATE, GAMMA, GAE_LAMBDA, CLIP = 1e-3, 0.99, 0.95, 0.2
ENTROPY_WEIGHT, VALUE_WEIGHT, MAX_GRAD_NORM = 0.01, 0.5, 0.5

Batch = dict[str, Any]


class Learner:
    """One arm on one task, for several seeds.

    Args:
        task, arm: what is played, and how the mask is used.
        seeds: of network and environment; seed k plays the same starts in every arm.
        noise: what the agent sees of the mask; the environment judges by the true one.
    """

    def __init__(self, task: Task, arm: Arm, seeds: list[int], noise: Noise | None = None) -> None:
        torch.manual_seed(seeds[0])
        self.task, self.arm, self.seeds, self.noise = task, arm, seeds, noise
        self.rows = Rows(task.make(len(seeds) * ROWS, **arm.refusal), seeds, noise)
        self.policy = Policy(seeds, self.rows.envs.single_observation_space)
        self.optimizer = torch.optim.Adam(self.policy.parameters(), LEARNING_RATE, eps=1e-5)
        self.measures = Measures(len(seeds), ROWS)

    def run(self, decisions: int, watch: Callable[[int], None] = lambda decided: None) -> list[dict[str, Any]]:
        """Train for `decisions` of each seed; what each seed's run came to."""
        began, updates = time.process_time(), -(-decisions // (ROWS * STEPS))
        for k in range(updates):
            batch = self.collect()
            self.learn(batch)
            self.measures.update(self.policy, self.arm, batch)
            watch((k + 1) * ROWS * STEPS)
        seconds = (time.process_time() - began) / len(self.seeds)
        after = evaluate(self.task, self.arm, self.policy, self.seeds, self.noise)
        return self.measures.runs(self.seeds, seconds, after)

    @torch.no_grad()
    def collect(self) -> Batch:
        """A rollout of every seed."""
        steps, arm = [], self.arm
        for _ in range(STEPS):
            obs, mask, discarded = self.rows.obs, self.rows.mask, self.rows.over
            logits = self.policy.logits(obs, mask)
            action = WAYS[arm.sampled](logits, mask).sample()
            reward, terminated, over, invalid = self.rows.step(action)
            self.measures.episodes(self.rows.finished)
            steps.append((obs, mask, action, logits, reward, terminated, over, discarded, invalid))
        names = ("mask", "action", "logits", "reward", "terminated", "over", "discarded", "invalid")
        shown, *parts = zip(*steps, strict=True)
        batch: Batch = {name: torch.stack(part) for name, part in zip(names, parts, strict=True)}
        batch["obs"] = {name: torch.stack([step[name] for step in shown]) for name in shown[0]}
        values = torch.stack([self.policy.value(obs) for obs in (*shown, self.rows.obs)])
        return self.with_advantages(batch, values)

    def with_advantages(self, batch: Batch, values: Tensor) -> Batch:
        """Advantages and targets added, and everything as (S, T x R, ...)."""
        advantages, following = torch.zeros_like(batch["reward"]), torch.zeros_like(batch["reward"][0])
        for t in reversed(range(STEPS)):
            error = batch["reward"][t] + GAMMA * values[t + 1] * ~batch["terminated"][t] - values[t]
            advantages[t] = following = error + GAMMA * GAE_LAMBDA * following * ~batch["over"][t]
        batch |= {"advantage": advantages, "target": advantages + values[:-1]}
        obs = {name: by_seed(part) for name, part in batch.pop("obs").items()}
        flat: Batch = {name: by_seed(part) for name, part in batch.items()}
        flat["obs"], flat["kept"] = obs, ~flat["discarded"]
        stored = WAYS[self.arm.stored](flat["logits"], flat["mask"])
        flat["log_prob"] = stored.log_prob(flat["action"])
        return flat

    def learn(self, batch: Batch) -> None:
        """Four epochs of four minibatches; steps whose action was discarded weigh nothing."""
        kept = batch["kept"].float()
        mean = weighted_mean(batch["advantage"], kept)
        deviation = weighted_mean((batch["advantage"] - mean).square(), kept).sqrt()
        advantage = (batch["advantage"] - mean) / (deviation + 1e-8)
        size = kept.shape[1] // MINIBATCHES
        for _ in range(EPOCHS):
            order = torch.rand(kept.shape).argsort(1)
            for part in order.split(size, 1):
                self.step(batch, advantage, kept, part)

    def step(self, batch: Batch, advantage: Tensor, kept: Tensor, part: Tensor) -> None:
        obs = {name: rows_of(values, part) for name, values in batch["obs"].items()}
        mask, action = rows_of(batch["mask"], part), rows_of(batch["action"], part)
        weight, gain = rows_of(kept, part), rows_of(advantage, part)
        learnt = WAYS[self.arm.learnt](self.policy.logits(obs, mask), mask)
        ratio = (learnt.log_prob(action) - rows_of(batch["log_prob"], part)).exp()
        objective = torch.minimum(ratio * gain, ratio.clamp(1 - CLIP, 1 + CLIP) * gain)
        error = (self.policy.value(obs) - rows_of(batch["target"], part)).square()
        loss = VALUE_WEIGHT * error - objective - ENTROPY_WEIGHT * learnt.entropy()
        self.measures.minibatch(ratio, weight, CLIP)
        self.optimizer.zero_grad()
        weighted_mean(loss, weight).sum().backward()  # a sum: the seeds share no parameter
        clip_gradients(self.policy.parameters(), MAX_GRAD_NORM)
        self.optimizer.step()


def by_seed(values: Tensor) -> Tensor:
    """(T, S, R, ...) as (S, T x R, ...)."""
    return values.transpose(0, 1).flatten(1, 2)


def rows_of(values: Tensor, rows: Tensor) -> Tensor:
    """The rows (S, B) of values (S, T x R, ...)."""
    return values[torch.arange(len(values)).unsqueeze(1), rows]


def weighted_mean(values: Tensor, weight: Tensor) -> Tensor:
    """(S, 1), over the rows of each seed."""
    return (values * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True).clamp(min=1.0)
