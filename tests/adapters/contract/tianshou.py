"""Tianshou's PPO, over `masked_envs.tianshou`; its Q-learning is in tests/adapters/test_tianshou.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
from gymnasium.vector import AutoresetMode

from . import OF_NUMBERS, ONE_SEAT, Adapter, Case, in_one_row, ratios


@dataclass
class Trained:
    """What `train` gives."""

    algorithm: Any
    losses: list[float]
    decisions: int


class Tianshou(Adapter):
    """PPO."""

    title, page = "`masked_envs.tianshou`", "tianshou.md"
    requires = ("tianshou",)
    mode = AutoresetMode.DISABLED
    kinds, plays = OF_NUMBERS, ONE_SEAT

    def wrap(self, envs):
        from masked_envs.tianshou import MaskedVectorEnv

        return MaskedVectorEnv(envs)

    def train(self, env, decisions, seed=0, masked=True):
        import tianshou_cases

        algorithm = tianshou_cases.ppo(env, seed, masked)
        return Trained(algorithm, *tianshou_cases.train_ppo(algorithm, env, decisions, seed))

    def play(self, model, env, decisions, greedy):
        from tianshou.data import Collector

        model.algorithm.policy.deterministic_eval = greedy
        collector = Collector(model.algorithm, env)
        collector.reset()
        collector.collect(n_step=-(-decisions // len(env)) * len(env))

    def weights(self, model):
        return in_one_row(model.algorithm)

    def first_minibatch(self, env):
        import tianshou_cases
        import torch
        from tianshou.data import Collector, VectorReplayBuffer

        algorithm, drawn = tianshou_cases.ppo(env), []

        def remember(chosen, rollout):
            drawn.append(chosen.dist.log_prob(torch.as_tensor(chosen.act)))

        rows = len(env)
        collector = Collector(algorithm, env, VectorReplayBuffer(8 * rows, rows), on_step_hook=remember)
        collector.reset()
        with torch.no_grad():
            collector.collect(n_step=8 * rows)
            batch, _ = collector.buffer.sample(0)  # all of it, row by row
            new = algorithm.policy(batch).dist.log_prob(torch.as_tensor(batch.act))
        return ratios(new, torch.stack(drawn, dim=1).flatten())

    def ordinary(self, case: Case, num_envs: int, **parameters: Any):
        from tianshou.env import DummyVectorEnv

        made = {**case.parameters, **parameters}
        return DummyVectorEnv([lambda: Renamed(gym.make(case.env_id, **made)) for _ in range(num_envs)])


class Renamed(gym.ObservationWrapper):
    """What users of Tianshou write: the observation as Dict(obs, mask)."""

    def __init__(self, env):
        super().__init__(env)
        inner = env.observation_space
        self.observation_space = gym.spaces.Dict({"obs": inner["observation"], "mask": inner["action_mask"]})

    def observation(self, observation):
        return {"obs": observation["observation"], "mask": observation["action_mask"].astype(bool)}


ADAPTER = Tianshou()
