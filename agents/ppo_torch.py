"""Masked PPO in PyTorch on the vector environments of masked_envs; `python agents/ppo_torch.py --help` lists the flags.

Proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347) with generalised advantage estimation (Schulman et
al. 2016, arXiv:1506.02438) for flat, candidate, per-head, joint and binary masks. In games whose moves alternate, one
network plays every seat (self-play). What masks ask of the algorithm:

- The mask is stored beside the observation it came with; sampling, log-probabilities and entropy all use that one.
- The environment discards the action given to a row whose episode has ended (NEXT_STEP autoreset): it is not learnt.
- A truncated episode goes on in the value of its last observation, a terminated one is worth nothing more.

Every run ends with a line such as `decisions 204800, invalid 0 (95% upper bound 1.5e-5), negative control 3871`, read
from the environments' own counters.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from checkpoint import FILE, load_checkpoint, pack, save_checkpoint, unpack
from command_line import add_flags, key_and_value
from demo import draw_learning_curve, record_gif
from evaluation import Count, evaluate, make_envs, negative_control, proof_line, self_play_agents
from networks import Encoder, Policy
from rollout import Batch, Rollout, advantages
from structs import each, full_mask, shown_mask
from torch import Tensor, nn
from tqdm import tqdm


def option(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True)
class Config:
    """All that decides the bytes of a run. Each field is a flag: total_decisions is --total-decisions."""

    env: str = option("MaskedCartPole-v0", "id of the environment")
    env_args: dict[str, Any] = field(default_factory=dict)
    seed: int = option(1, "of the network, the actions and the environments")
    total_decisions: int = option(150_000, "stop after so many decisions; until then the learning rate falls to 0")
    num_envs: int = option(32, "rows of the vector environment")
    num_steps: int = option(16, "steps of every row between two updates")
    epochs: int = option(4, "passes over the decisions of a rollout")
    minibatches: int = option(2, "gradient steps in a pass")
    learning_rate: float = option(3e-3, "step size of Adam at the start")
    gamma: float = option(0.99, "discount from one decision of an agent to its next")
    gae_lambda: float = option(0.95, "weight of the longer advantage estimates")
    clip: float = option(0.2, "how far the probability ratio may usefully leave 1")
    entropy_weight: float = option(0.01, "weight of the entropy over the allowed actions")
    value_weight: float = option(0.5, "weight of the critic's squared error")
    max_grad_norm: float = option(0.5, "longest gradient")
    hidden: int = option(64, "width of the hidden layers")
    mask: str = option("on", "off: keep the mask from the policy, to see what it is worth")
    target_return: float | None = option(None, "stop when 100 greedy episodes reach this mean return")
    evaluate_every: int = option(4, "iterations between two looks at the target return")
    threads: int = option(1, "of torch; rounding, and so the bytes of a run, depend on it")

    def __post_init__(self) -> None:
        for name in ("total_decisions", "num_envs", "num_steps", "epochs", "minibatches", "hidden", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("gamma", "gae_lambda"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must lie between 0 and 1, not {getattr(self, name)}")
        if self.evaluate_every < 1 or self.mask not in ("on", "off"):
            raise ValueError("evaluate_every must be at least 1, and mask 'on' or 'off'")


class Learner:
    """The environments, the policy, and all else that changes while it learns."""

    def __init__(self, config: Config) -> None:
        torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        self.config, self.self_play = config, self_play_agents(config) > 1
        self.envs = make_envs(config, config.num_envs).unwrapped
        self.encoder = Encoder(self.envs.single_observation_space)
        self.policy = Policy(self.encoder.shapes, self.envs.mask_spec, config.hidden)
        self.optimiser = torch.optim.Adam(self.policy.parameters(), config.learning_rate, eps=1e-5, foreach=True)
        self.rollout = Rollout(config, self.encoder.shapes, self.envs)
        self.iteration = self.decisions = self.earlier_invalid = 0
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
        metrics = self.update() | {"learning_rate": learning_rate}
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
        each(lambda stored, part: stored[t].copy_(part), where, what)

    def collect(self) -> list[float]:
        """Play a rollout; the returns (in a game those of the first agent) of the episodes that ended in it."""
        r, steps, returns = self.rollout, self.config.num_steps, []
        r.begin()
        for t in range(steps):
            with torch.inference_mode():
                distribution = self.policy.distribution(*each(itemgetter(t), (r.observation, r.mask)))
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
        seen = each(lambda part: part[:-1][chosen], (r.observation, r.mask))
        done = each(lambda part: part[chosen], (r.action, r.log_prob))
        return Batch(*seen, *done, advantage, target)

    def update(self) -> dict[str, float]:
        """Adam on the clipped objective; measures of the first minibatch, and means of the last pass."""
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
        return last | {f"first_{name}": float(measured[0][name]) for name in ("ratio_error", "kl")}

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
            "environments": pack(self.envs.get_state()),
            "observation": {name: part[last].clone() for name, part in r.observation.items()},
            "mask": each(lambda part: part[last].clone(), r.mask),
            "rows": torch.tensor(np.stack([r.agent[last], r.discarded[last]])),
            "episode_return": self.episode_return.tolist(),
            "counters": [self.iteration, self.decisions, self.count.invalid - self.evaluated.invalid],
            "evaluated": asdict(self.evaluated),
            "reached_target": self.reached_target,
            "history": self.history,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a `state` of a learner with the same config, to the same bytes."""
        r, last = self.rollout, self.config.num_steps
        self.policy.load_state_dict(state["policy"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.envs.set_state(unpack(state["environments"]))
        for name, part in state["observation"].items():
            r.observation[name][last] = part
        self._store(r.mask, last, state["mask"])
        r.agent[last], r.discarded[last] = state["rows"].numpy()
        self.episode_return = np.array(state["episode_return"])
        self.iteration, self.decisions, self.earlier_invalid = state["counters"]
        self.evaluated, self.reached_target = Count(**state["evaluated"]), state["reached_target"]
        self.history = [tuple(point) for point in state["history"]]
        torch.set_rng_state(state["torch_rng"])


def train(learner: Learner, directory: Path | None = None, checkpoint_every: int = 50) -> None:
    """Learn until the end of the run; with a directory, write TensorBoard logs and checkpoints into it."""
    config, writer, began = learner.config, None, time.perf_counter()
    if directory is not None:
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(str(directory), purge_step=learner.decisions)
    bar = tqdm(total=config.total_decisions, initial=learner.decisions, unit=" decisions", disable=None)
    while not learner.finished:
        metrics = learner.iterate()
        if config.target_return is not None and learner.iteration % config.evaluate_every == 0:
            returns, count = evaluate(learner.policy, learner.encoder, config, greedy=True)
            learner.evaluated += count
            metrics["greedy_return"] = float(returns.mean())
            learner.reached_target = metrics["greedy_return"] >= config.target_return
        if writer is not None:
            for name, value in metrics.items():
                writer.add_scalar(name, value, learner.decisions)
        if directory is not None and (learner.iteration % checkpoint_every == 0 or learner.finished):
            save_checkpoint(directory, learner.state())
        bar.update(learner.decisions - bar.n)
        bar.set_postfix({name: round(value, 1) for name, value in metrics.items() if name.endswith("_return")})
    bar.close()
    if writer is not None:
        writer.close()
    reached = f", mean return {config.target_return:g} reached" if learner.reached_target else ""
    print(f"{learner.decisions} decisions in {time.perf_counter() - began:.1f} s{reached}")


def report(learner: Learner) -> bool:
    """Print how the policy does, and the proof; whether the proof holds (masks off, there is nothing to prove)."""
    count, config = learner.count, learner.config
    for name, greedy in (("greedy", True), ("sampled", False)):
        returns, played = evaluate(learner.policy, learner.encoder, config, greedy=greedy)
        count += played
        won = f", won {np.mean(returns > 0):.0%}, lost {np.mean(returns < 0):.0%}" if learner.self_play else ""
        print(f"{name}: mean return {returns.mean():.2f} (sd {returns.std():.2f}) of {len(returns)} episodes{won}")
    control = negative_control(learner.encoder, config)
    print(proof_line(count, control))
    return config.mask == "off" or (count.invalid == 0 and control != 0)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Masked PPO on the environments of masked_envs.")
    add_flags(parser, Config)
    parser.add_argument("--env-arg", action="append", default=[], type=key_and_value, metavar="NAME=VALUE",
                        help="parameter of the environment, such as num_actions=128; may be repeated")  # fmt: skip
    parser.add_argument("--checkpoint-dir", type=Path, metavar="DIR", help="where to write checkpoints and logs")
    parser.add_argument("--checkpoint-every", type=int, default=50, metavar="N", help="in iterations (default: 50)")
    parser.add_argument("--resume", action="store_true", help="continue the run in --checkpoint-dir to the same bytes")
    parser.add_argument("--evaluate", type=Path, metavar="DIR", help="only play with the policy of the run in DIR")
    parser.add_argument("--demo", type=Path, metavar="DIR", help="as --checkpoint-dir, then draw curve and GIF there")
    given = vars(parser.parse_args(arguments))
    run = {name: given.pop(name) for name in ("checkpoint_dir", "checkpoint_every", "resume", "evaluate", "demo")}
    parameters = dict(given.pop("env_arg"))
    try:
        learner = prepare(given | ({"env_args": parameters} if parameters else {}), **run)
    except (ValueError, TypeError, OSError) as error:
        parser.error(str(error))
    directory = run["demo"] or run["checkpoint_dir"]
    if run["evaluate"] is None:
        train(learner, directory, run["checkpoint_every"])
    proven = report(learner)
    if run["demo"] is not None:
        draw_learning_curve(learner.history, learner.config, run["demo"] / "learning_curve.png")
        record_gif(learner.policy, learner.encoder, learner.config, run["demo"] / "agent.gif")
        print(f"wrote {run['demo'] / 'learning_curve.png'} and {run['demo'] / 'agent.gif'}")
    return 0 if proven else 1


def prepare(
    given: dict[str, Any], checkpoint_dir: Path | None, checkpoint_every: int, resume: bool, evaluate: Path | None,
    demo: Path | None,
) -> Learner:  # fmt: skip
    """The learner that the flags ask for: a new one, or one from a checkpoint.

    Raises:
        ValueError, TypeError: flags that contradict each other or the checkpoint, or that no environment takes.
        OSError: no checkpoint where one is needed, or one that would be overwritten.
    """
    if sum(place is not None for place in (checkpoint_dir, evaluate, demo)) > 1:
        raise ValueError("give one of --checkpoint-dir, --evaluate and --demo")
    if checkpoint_every < 1 or (resume and checkpoint_dir is None):
        raise ValueError("--checkpoint-every must be at least 1, and --resume needs --checkpoint-dir")
    if not (resume or evaluate):
        if checkpoint_dir is not None and (checkpoint_dir / FILE).exists():
            raise FileExistsError(f"{checkpoint_dir} holds a run: continue it with --resume, or give another directory")
        return Learner(Config(**given))
    source = evaluate or checkpoint_dir
    assert source is not None
    state = load_checkpoint(source)
    for name, value in given.items():
        if state["config"][name] != value:
            raise ValueError(f"the run in {source} has {name}={state['config'][name]!r}, which cannot become {value!r}")
    learner = Learner(Config(**state["config"]))
    if resume:
        learner.restore(state)
    else:
        learner.policy.load_state_dict(state["policy"])
    return learner


if __name__ == "__main__":
    raise SystemExit(main())
