"""Models and trainings of skrl for the contract of the adapters."""

from __future__ import annotations

import torch
from gymnasium import spaces
from skrl.agents.torch.ppo import PPO, PPO_CFG
from skrl.memories.torch import RandomMemory
from skrl.models.torch import CategoricalMixin, DeterministicMixin, Model
from skrl.trainers.torch import SequentialTrainer
from skrl.utils import set_seed
from torch import nn

from masked_envs.skrl import MaskedCategoricalMixin, split


def numbers(space, observations):
    """All parts of the observation but the mask in one row; numbers of Discrete spaces as one-hot."""
    shown, _ = split(space, observations)
    kinds = {key: part for key, part in space.spaces.items() if key != "action_mask"}
    parts = shown if isinstance(shown, dict) else {"observation": shown}
    return torch.cat(
        [
            nn.functional.one_hot(part.long().flatten(), int(kinds[key].n)).float()
            if isinstance(kinds[key], spaces.Discrete)
            else part.float().flatten(1)
            for key, part in parts.items()
        ],
        dim=1,
    )


class Network(Model):
    """Two layers over the observation without its mask."""

    def __init__(self, env, outputs):
        Model.__init__(self, observation_space=env.observation_space, action_space=env.action_space, device=env.device)
        size = sum(spaces.flatdim(part) for key, part in env.observation_space.spaces.items() if key != "action_mask")
        self.net = nn.Sequential(nn.Linear(size, 16), nn.Tanh(), nn.Linear(16, outputs))

    def compute(self, inputs, role=""):
        return self.net(numbers(self.observation_space, inputs["observations"])), {}


class Policy(MaskedCategoricalMixin, Network):
    def __init__(self, env):
        Network.__init__(self, env, env.action_space.n)
        MaskedCategoricalMixin.__init__(self)


class Unmasked(CategoricalMixin, Network):
    """The negative control."""

    def __init__(self, env):
        Network.__init__(self, env, env.action_space.n)
        CategoricalMixin.__init__(self)


class Value(DeterministicMixin, Network):
    def __init__(self, env):
        Network.__init__(self, env, 1)
        DeterministicMixin.__init__(self)


def agent_of(env, seed=0, masked=True, rollouts=None):
    """A PPO agent; skrl's wrapper is set to reset the environment with the seed."""
    set_seed(seed)
    env._seed, env._reset_once = seed, True  # what skrl's wrapper reads when it is made
    rollouts = rollouts or max(2, 512 // env.num_envs)
    cfg = PPO_CFG()
    cfg.rollouts, cfg.learning_epochs, cfg.mini_batches, cfg.entropy_loss_scale = rollouts, 1, 4, 0.01
    cfg.experiment.write_interval = cfg.experiment.checkpoint_interval = 0
    return PPO(
        models={"policy": (Policy if masked else Unmasked)(env), "value": Value(env)},
        memory=RandomMemory(memory_size=rollouts, num_envs=env.num_envs, device=env.device),
        cfg=cfg, observation_space=env.observation_space, action_space=env.action_space, device=env.device,
    )  # fmt: skip


def trainer_of(agent, env, decisions, greedy=False):
    steps = -(-decisions // env.num_envs)
    return SequentialTrainer(
        cfg={"timesteps": steps, "headless": True, "disable_progressbar": True, "stochastic_evaluation": not greedy,
             "close_environment_at_exit": False},
        env=env, agents=agent,
    )  # fmt: skip
