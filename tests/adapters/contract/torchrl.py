"""TorchRL's PPO, over `masked_envs.torchrl`; its DQN and games are in tests/adapters/test_torchrl.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
from gymnasium.vector import AutoresetMode

from . import OF_NUMBERS, ONE_SEAT, YES, Adapter, Case, in_one_row, ratios


@dataclass
class Trained:
    """What `train` gives."""

    actor: Any
    critic: Any
    losses: list[float]
    decisions: int


class TorchRL(Adapter):
    """PPO."""

    title, page = "`masked_envs.torchrl`", "torchrl.md"
    requires = ("torchrl",)
    mode = AutoresetMode.DISABLED
    kinds, plays = OF_NUMBERS, {**ONE_SEAT, "simultaneous": YES}

    def wrap(self, envs):
        from masked_envs.torchrl import MaskedEnv

        return MaskedEnv(envs)

    def train(self, env, decisions, seed=0, masked=True):
        import torchrl_cases

        return Trained(*torchrl_cases.train_ppo(env, decisions, seed, masked))

    def play(self, model, env, decisions, greedy):
        import torch
        from torchrl.envs import ExplorationType, set_exploration_type

        steps = -(-decisions // env.batch_size[0])
        how = ExplorationType.DETERMINISTIC if greedy else ExplorationType.RANDOM
        with torch.no_grad(), set_exploration_type(how):
            env.rollout(steps, model.actor, break_when_any_done=False)

    def weights(self, model):
        return in_one_row(model.actor, model.critic)

    def first_minibatch(self, env):
        import torch
        import torchrl_cases

        actor, _ = torchrl_cases.networks(env)
        with torch.no_grad():
            batch = env.rollout(8, actor, break_when_any_done=False)
            return ratios(actor.get_dist(batch).log_prob(batch["action"]), batch["action_log_prob"])

    def ordinary(self, case: Case, num_envs: int, **parameters: Any):
        import torchrl_cases

        made = {**case.parameters, **parameters}
        return torchrl_cases.serial(lambda: gym.make(case.env_id, **made), num_envs)


ADAPTER = TorchRL()
