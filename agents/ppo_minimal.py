"""Masked PPO in one file, for environments of masked_envs with flat, candidate and per-head masks.

    python agents/ppo_minimal.py --env MaskedCartPole-v0

Read it from top to bottom: the network, playing, advantages, the update, the run. A mask asks five things of PPO:

1. Actions are sampled from a masked distribution, so that every sample is legal.
2. The mask is stored beside its observation. The update uses that mask, for log-probabilities and entropy alike.
3. The step after the end of an episode only resets the row. Its action was discarded, so nothing is learnt from it.
4. A truncated episode is bootstrapped from its final observation; a terminated one has value 0 there.
5. The environments count invalid actions: 0 for the masked policy, and more than 0 for the same policy without masks.

PPO: Schulman et al. 2017 (arXiv:1707.06347). Advantages: Schulman et al. 2016 (arXiv:1506.02438).
"""

import argparse
import time
from typing import Any

import numpy as np

try:
    import torch
    from torch import Tensor, nn
except ImportError as error:
    raise SystemExit(f"this agent needs PyTorch ({error}): pip install 'masked-envs[torch]'") from error

import masked_envs
from masked_envs.cli import parser as values
from masked_envs.cli.output import Parser, run_program
from masked_envs.torch import Features, distribution_for, num_logits, score_candidates

KINDS = ("flat", "candidates", "per_head")
EVALUATE_EVERY, EPISODES, CONTROL_STEPS = 10, 100, 128  # updates; episodes; steps of the untrained policy unmasked

NUMBERS = {"epochs": 4, "minibatches": 2, "hidden": 64, "gamma": 0.99, "gae-lambda": 0.95, "clip": 0.2}
parser = Parser(usage="agents/ppo_minimal.py [--FLAG VALUE]...", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
parser.add_argument("--env", default="MaskedCartPole-v0", help="id of an environment of masked_envs")
parser.add_argument("--opponent", help="of a game, such as random: one player learns against it")
parser.add_argument("--seed", type=values.seed, default=1)
parser.add_argument("--total-steps", type=values.positive, default=150_000, help="of all rows together")
parser.add_argument("--target-return", type=float, default=np.inf, help="stop at this greedy mean return")
parser.add_argument("--num-envs", type=values.positive, default=32, help="rows of the vector environment")
parser.add_argument("--num-steps", type=values.positive, default=16, help="steps of every row between two updates")
parser.add_argument("--learning-rate", type=float, default=3e-3, help="at the start; it falls to 0")
for name, default in (NUMBERS | {"entropy-weight": 0.01, "value-weight": 0.5, "max-grad-norm": 0.5}).items():
    parser.add_argument(f"--{name}", type=values.positive if isinstance(default, int) else float, default=default)


def make_envs(args: argparse.Namespace, num_envs: int) -> Any:
    """A vector environment in which an invalid action does nothing but count."""
    return masked_envs.make_vec(args.env, num_envs, on_invalid="noop", opponent=args.opponent)


class Policy(nn.Module):
    """An actor and a critic. With candidate actions, the actor gives a query that is compared with their embeddings."""

    def __init__(self, envs: Any, hidden: int) -> None:
        super().__init__()
        self.spec, space = envs.mask_spec, envs.single_observation_space
        self.features = Features(space)  # one vector of everything but the mask and the embeddings
        inputs, outputs = self.features.space.shape[0], num_logits(self.spec)
        self.has_candidates = self.spec.kind == "candidates"
        if self.has_candidates:
            self.key, outputs = mlp(space["action_embeddings"].shape[1], hidden, hidden, 1.0), hidden
        self.actor, self.critic = mlp(inputs, hidden, outputs, 0.01), mlp(inputs, hidden, 1, 1.0)

    def distribution(self, obs: Any, mask: Tensor) -> Any:
        scores = self.actor(self.features(obs))
        if self.has_candidates:
            scores = score_candidates(self.key, scores, obs["action_embeddings"], mask)
        return distribution_for(self.spec, scores, mask)  # (1)

    def value(self, obs: Any) -> Any:
        return self.critic(self.features(obs)).squeeze(-1)

    def to_env(self, action: Tensor) -> Any:
        return action.numpy() + getattr(self.spec.action_space, "start", 0)  # a distribution counts from 0


def mlp(inputs: int, hidden: int, outputs: int, last_gain: float) -> nn.Sequential:
    layers = [nn.Linear(inputs, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, outputs)]
    for layer, gain in zip(layers, (2**0.5, 2**0.5, last_gain), strict=True):
        nn.init.orthogonal_(layer.weight, gain)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), layers[2])


def tensors(observation: Any) -> Any:
    """The observation without its mask, and the mask."""
    obs = {name: torch.as_tensor(part) for name, part in observation.items()}
    return obs, obs.pop("action_mask").bool()


@torch.no_grad()
def collect(envs: Any, policy: Policy, seen: Any, discarded: Tensor, num_steps: int) -> Any:
    """Play T steps of N rows: the rollout (T, N, ...), and what the next one begins with."""
    steps = []
    for _ in range(num_steps):
        obs, mask = seen
        action = (distribution := policy.distribution(obs, mask)).sample()
        log_prob = distribution.log_prob(action)
        observation, reward, terminated, truncated, _ = envs.step(policy.to_env(action))
        terminated, ended = torch.as_tensor(terminated), torch.as_tensor(terminated | truncated)
        steps.append((mask, action, log_prob, torch.as_tensor(reward).float(), terminated, ended, discarded, obs))
        seen, discarded = tensors(observation), ended
    *rollout, shown = zip(*steps, strict=True)
    obs = {name: torch.stack([*(part[name] for part in shown), seen[0][name]]) for name in seen[0]}
    return [obs, *map(torch.stack, rollout)], seen, discarded


def estimate(args: argparse.Namespace, reward: Tensor, terminated: Tensor, ended: Tensor, value: Tensor) -> Tensor:
    """Generalised advantage estimates (T, N). `value` (T + 1, N) has that of the final observation after an end (4)."""
    advantage, following = torch.zeros_like(reward), torch.zeros_like(reward[0])
    for t in reversed(range(len(reward))):
        error = reward[t] + args.gamma * value[t + 1] * ~terminated[t] - value[t]
        advantage[t] = following = error + args.gamma * args.gae_lambda * following * ~ended[t]
    return advantage


def update(args: argparse.Namespace, policy: Policy, optimizer: torch.optim.Adam, rollout: Any) -> int:
    """Learn from a rollout; how many decisions it held."""
    obs, mask, action, old_log_prob, reward, terminated, ended, discarded = rollout
    with torch.no_grad():
        value = policy.value(obs)
        advantage = estimate(args, reward, terminated, ended, value)
    kept = ~discarded  # (3)
    obs = {name: part[:-1][kept] for name, part in obs.items()}
    target = (advantage + value[:-1])[kept]
    mask, action, old_log_prob, advantage = (part[kept] for part in (mask, action, old_log_prob, advantage))
    advantage = (advantage - advantage.mean()) / (advantage.std(correction=0) + 1e-8)
    for _ in range(args.epochs):
        for i in torch.randperm(len(target)).tensor_split(args.minibatches):
            batch = {name: part[i] for name, part in obs.items()}
            distribution = policy.distribution(batch, mask[i])  # (2)
            ratio = (distribution.log_prob(action[i]) - old_log_prob[i]).exp()
            gain = torch.minimum(ratio * advantage[i], ratio.clamp(1 - args.clip, 1 + args.clip) * advantage[i])
            error = (policy.value(batch) - target[i]).square()
            loss = (args.value_weight * error - gain - args.entropy_weight * distribution.entropy()).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(policy.parameters(), args.max_grad_norm)
            optimizer.step()
    return len(target)


@torch.no_grad()
def play(envs: Any, policy: Policy, seed: int, masked: bool = True, steps: int | None = None) -> Any:
    """Play greedily until every row has ended an episode, or sampled for `steps`: returns, decisions, invalid ones."""
    returns, live, over = np.zeros(envs.num_envs), np.ones(envs.num_envs, bool), np.zeros(envs.num_envs, bool)
    observation, step, decisions = envs.reset(seed=seed)[0], 0, 0
    while live.any() if steps is None else step < steps:
        obs, mask = tensors(observation)
        distribution = policy.distribution(obs, mask if masked else torch.ones_like(mask))
        decisions += int((~over).sum())
        action = distribution.mode if steps is None else distribution.sample()
        observation, reward, terminated, truncated, _ = envs.step(policy.to_env(action))
        returns, over, step = returns + reward * live, terminated | truncated, step + 1
        live &= ~over
    return returns, decisions, int(envs.invalid_actions.sum())


def main(arguments: list[str] | None = None) -> int:
    return run_program("agents/ppo_minimal.py", lambda: run(parser.parse_args(arguments)))  # errors in one line


def run(args: argparse.Namespace) -> int:
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    try:
        envs = make_envs(args, args.num_envs)
    except (ValueError, TypeError) as error:
        parser.error(str(error))
    observation, info = envs.reset(seed=args.seed)
    if envs.mask_spec.kind not in KINDS or ("agent" in info and args.opponent is None):
        parser.error(f"{args.env} needs agents/ppo_torch: a mask of another kind, or a game without --opponent")
    policy = Policy(envs, args.hidden)
    _, _, control = play(make_envs(args, args.num_envs), policy, args.seed, masked=False, steps=CONTROL_STEPS)
    optimizer = torch.optim.Adam(policy.parameters(), args.learning_rate, eps=1e-5)
    seen, discarded = tensors(observation), torch.zeros(args.num_envs, dtype=torch.bool)
    began, decisions, invalid = time.perf_counter(), 0, 0
    updates = -(-args.total_steps // (args.num_envs * args.num_steps))
    for k in range(1, updates + 1):
        optimizer.param_groups[0]["lr"] = args.learning_rate * (1 - (k - 1) / updates)
        rollout, seen, discarded = collect(envs, policy, seen, discarded, args.num_steps)
        decisions += update(args, policy, optimizer, rollout)
        if k % EVALUATE_EVERY == 0 or k == updates:
            returns, *counted = play(make_envs(args, EPISODES), policy, args.seed + 1_000_000)
            decisions, invalid = decisions + counted[0], invalid + counted[1]
            print(f"update {k}, {time.perf_counter() - began:.1f} s: greedy mean return {returns.mean():.2f}")
            if returns.mean() >= args.target_return:
                break
    invalid += int(envs.invalid_actions.sum())
    bound = "" if invalid else f" (95% upper bound {3 / decisions:.1e})"  # the rule of three
    print(f"decisions {decisions}, invalid {invalid}{bound}, negative control {control}")  # (5)
    return int(invalid > 0 or control == 0)


if __name__ == "__main__":
    raise SystemExit(main())
