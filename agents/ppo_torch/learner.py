"""The learner: how masked PPO plays, estimates and updates, and what a checkpoint holds of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from operator import itemgetter
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from masked_envs import trees

from ..proof import Count
from . import environments
from .config import Config
from .masks import full_mask, legal_fraction, shown_mask
from .networks import Encoder, new_policy
from .rollout import Batch, Rollout, advantages


class Learner:
    """The environments, the policy, and all else that changes while it learns."""

    def __init__(self, config: Config) -> None:
        torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        self.config, self.self_play = config, environments.self_play_agents(config) > 1
        self.envs = environments.make_envs(config, config.num_envs).unwrapped
        self.encoder = Encoder(self.envs.single_observation_space)
        self.policy = new_policy(self.encoder, self.envs.mask_spec, config)
        self.optimiser = torch.optim.Adam(self.policy.parameters(), config.learning_rate, eps=1e-5, foreach=True)
        self.rollout = Rollout(config, self.encoder.shapes, self.envs)
        self.iteration = self.decisions = self.earlier_invalid = 0
        self.saved = 0  # decisions in the newest checkpoint
        self.evaluated, self.reached_target = Count(), False
        self.history: list[tuple[int, float]] = []  # decisions, mean return of the episodes that ended in an iteration
        self.episode_return = np.zeros(config.num_envs)
        self._see(config.num_steps, *self.envs.reset(seed=config.seed))

    @property
    def count(self) -> Count:
        """Decisions and invalid actions of the whole run, evaluations included, by the environments' counters."""
        invalid = self.earlier_invalid + int(self.envs.invalid_actions.sum())
        return Count(self.decisions, invalid) + self.evaluated

    @property
    def finished(self) -> bool:
        return self.reached_target or self.decisions >= self.config.total_decisions

    def iterate(self) -> dict[str, float]:
        """One rollout and the updates from it; what is worth logging."""
        learning_rate = self.config.learning_rate * max(0.0, 1.0 - self.decisions / self.config.total_decisions)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate
        returns = self.collect()
        metrics = self.update() | {"learning_rate": learning_rate, "invalid_actions": self.count.invalid}
        self.iteration += 1
        if returns:
            metrics["episode_return"] = float(np.mean(returns))
            self.history.append((self.decisions, metrics["episode_return"]))
        return metrics

    def _see(self, t: int, observation: Any, info: dict[str, Any]) -> None:
        """Store what the rows show before step t; with the mask off, everything counts as allowed."""
        for name, part in self.encoder(observation).items():
            self.rollout.observation[name][t] = part
        masked = self.config.mask == "on"
        mask = shown_mask(self.envs, info) if masked else full_mask(self.envs.mask_spec, self.config.num_envs)
        self._store(self.rollout.mask, t, mask)
        self.rollout.agent[t] = info["agent"] if self.self_play else 0

    @staticmethod
    def _store(where: Any, t: int, what: Any) -> None:
        trees.map(lambda stored, part: stored[t].copy_(part), where, what)

    def collect(self) -> list[float]:
        """Play a rollout; the returns (in a game those of the first agent) of the episodes that ended in it."""
        r, steps, returns = self.rollout, self.config.num_steps, []
        r.begin()
        for t in range(steps):
            with torch.inference_mode():
                distribution = self.policy.distribution(*trees.map(itemgetter(t), (r.observation, r.mask)))
                self._store(r.action, t, action := distribution.sample())
                r.log_prob[t] = distribution.log_prob(action)
            observation, reward, terminated, truncated, info = self.envs.step(self.policy.to_env(action))
            r.reward[t] = info["rewards"] if self.self_play else reward[:, None]
            r.terminated[t], r.truncated[t] = terminated, truncated
            r.discarded[t + 1] = ended = terminated | truncated
            self._see(t + 1, observation, info)
            self.episode_return += r.reward[t, :, 0]
            returns += self.episode_return[ended].tolist()
            self.episode_return[ended] = 0.0
        self.decisions += int((~r.discarded[:steps]).sum())
        return returns

    def batch(self) -> Batch:
        """The decisions of the rollout that have an advantage estimate."""
        r, c = self.rollout, self.config
        with torch.inference_mode():
            values = self.policy.value(r.observation).numpy()
        estimates, usable = advantages(
            r.reward, values, r.agent, r.discarded, r.terminated, r.truncated, c.gamma, c.gae_lambda
        )
        advantage, chosen = torch.from_numpy(estimates[usable]).float(), torch.from_numpy(usable)
        target = advantage + torch.from_numpy(values[:-1][usable])
        advantage = (advantage - advantage.mean()) / (advantage.std(correction=0) + 1e-8)
        observation, mask = trees.map(lambda part: part[:-1][chosen], (r.observation, r.mask))
        action, log_prob = trees.map(lambda part: part[chosen], (r.action, r.log_prob))
        return Batch(observation, mask, action, log_prob, advantage, target)

    def update(self) -> dict[str, float]:
        """Adam on the clipped objective; measures of the first minibatch and means of the last pass."""
        batch, measured = self.batch(), []
        for _ in range(self.config.epochs):
            for index in torch.randperm(len(batch.target)).tensor_split(self.config.minibatches):
                if len(index):
                    loss, measures = self.loss(batch.take(index))
                    self.optimiser.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    nn.utils.clip_grad_norm_(self.policy.parameters(), self.config.max_grad_norm, foreach=True)
                    self.optimiser.step()
                    measured.append(measures)
        last = {name: float(np.mean([m[name] for m in measured[-self.config.minibatches :]])) for name in measured[0]}
        first = {f"first_{name}": float(measured[0][name]) for name in ("ratio_error", "kl")}
        return last | first | {"legal_fraction": legal_fraction(self.envs.mask_spec, batch.mask)}

    def loss(self, b: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """PPO's objective, negated. Before any update the ratio is 1 and the KL divergence 0, or a mask was lost.

        The divergence is estimated by mean(ratio - 1 - log ratio) (Schulman 2020, "Approximating KL divergence").
        """
        c, distribution = self.config, self.policy.distribution(b.observation, b.mask)
        log_ratio = distribution.log_prob(b.action) - b.log_prob
        ratio, entropy = log_ratio.exp(), distribution.entropy().mean()
        clipped = ratio.clamp(1 - c.clip, 1 + c.clip)
        gain = torch.minimum(ratio * b.advantage, clipped * b.advantage).mean()
        value_loss = (self.policy.value(b.observation) - b.target).square().mean()
        loss = c.value_weight * value_loss - gain - c.entropy_weight * entropy
        measures = {
            "policy_gain": gain,
            "value_loss": value_loss,
            "entropy": entropy,
            "kl": (ratio - 1 - log_ratio).mean(),
            "ratio_error": (ratio - 1).abs().max(),
            "clip_fraction": (ratio != clipped).float().mean(),
        }
        return loss, {name: measure.detach() for name, measure in measures.items()}

    def state(self) -> dict[str, Any]:
        """Everything that the rest of the run depends on. All its chance is torch's and the environments'."""
        r, last = self.rollout, self.config.num_steps
        return {
            "config": asdict(self.config),
            "policy": self.policy.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "torch_rng": torch.get_rng_state(),
            "environments": environments.positions(self.envs),
            "observation": {name: part[last].clone() for name, part in r.observation.items()},
            "mask": trees.map(lambda part: part[last].clone(), r.mask),
            "rows": (r.agent[last].copy(), r.discarded[last].copy()),
            "episode_return": self.episode_return.copy(),
            "counters": (self.iteration, self.decisions, self.count.invalid - self.evaluated.invalid),
            "evaluated": asdict(self.evaluated),
            "reached_target": self.reached_target,
            "history": self.history,
        }

    def load_policy(self, state: dict[str, Any]) -> None:
        """Take over the policy of a `state`, and nothing else.

        Raises:
            ValueError: a state of another learner.
        """
        with fits_this_agent():
            self.policy.load_state_dict(state["policy"])

    def restore(self, state: dict[str, Any]) -> bool:
        """Continue from a `state` of a learner with the same config, to the same bytes.

        Returns:
            False if the environments cannot return to their positions, so that new episodes begin instead.

        Raises:
            ValueError: a state of another learner.
        """
        with fits_this_agent():
            return self._restore(state)

    def _restore(self, state: dict[str, Any]) -> bool:
        r, last = self.rollout, self.config.num_steps
        self.policy.load_state_dict(state["policy"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.iteration, self.decisions, self.earlier_invalid = state["counters"]
        self.evaluated, self.reached_target = Count(**state["evaluated"]), state["reached_target"]
        self.history = state["history"]
        returned = environments.set_positions(self.envs, state["environments"])
        if returned:
            for name, part in state["observation"].items():
                r.observation[name][last] = part
            self._store(r.mask, last, state["mask"])
            r.agent[last], r.discarded[last] = state["rows"]
            self.episode_return = state["episode_return"]
        else:
            self._see(last, *self.envs.reset(seed=self.config.seed + self.decisions))
        torch.set_rng_state(state["torch_rng"])
        return returned


@contextlib.contextmanager
def fits_this_agent() -> Iterator[None]:
    """Makes a ValueError of what happens where a checkpoint's content has another form than this agent's."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError) as error:
        raise ValueError(f"the checkpoint does not fit this agent: {error!r}") from error
