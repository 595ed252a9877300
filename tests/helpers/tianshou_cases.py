"""Networks and trainings of Tianshou for the contract of the adapters."""

from __future__ import annotations

import numpy as np
import torch
from gymnasium import spaces
from tianshou.algorithm import DQN, PPO
from tianshou.algorithm.modelfree.dqn import DiscreteQLearningPolicy
from tianshou.algorithm.modelfree.reinforce import DiscreteActorPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Batch, Collector, VectorReplayBuffer
from tianshou.trainer import OnPolicyTrainerParams
from tianshou.utils.net.common import ModuleWithVectorOutput
from tianshou.utils.net.discrete import DiscreteActor, DiscreteCritic

from masked_envs.tianshou import MaskedActor, ObservationOnly


class Features(ModuleWithVectorOutput):
    """One layer over all numbers of an observation: an array, a Batch of arrays, or numbers of a Discrete space."""

    def __init__(self, space, width=16):
        super().__init__(width)
        self.space = space
        self.layer = torch.nn.Linear(spaces.flatdim(space), width)

    def forward(self, obs, state=None, info=None):
        if isinstance(self.space, spaces.Discrete):
            numbers = torch.as_tensor(np.asarray(obs)).long()
            parts = [torch.nn.functional.one_hot(numbers, int(self.space.n)).float()]
        else:
            arrays = [obs[key] for key in sorted(self.space.spaces)] if isinstance(obs, Batch) else [obs]
            parts = [torch.as_tensor(np.asarray(array), dtype=torch.float32).flatten(1) for array in arrays]
        return torch.tanh(self.layer(torch.cat(parts, dim=1))), state


class Unmasked(MaskedActor):
    """An actor that forgets the mask: the negative control."""

    def forward(self, obs, state=None, info=None):
        return self.actor(obs.obs, state=state, info=info)


def spaces_of(env):
    """The space of bare observations, and the number of actions, of one row."""
    space = env.observation_space[0]
    return space["obs"] if "obs" in space.spaces else space["observation"], env.action_space[0]


def seeded(seed):
    torch.manual_seed(seed)
    np.random.seed(seed)  # what Tianshou draws minibatches and exploration from


def ppo(env, seed=0, masked=True):
    seeded(seed)
    space, actions = spaces_of(env)
    inner = DiscreteActor(preprocess_net=Features(space), action_shape=actions.n, softmax_output=False)
    actor = (MaskedActor if masked else Unmasked)(inner)
    critic = ObservationOnly(DiscreteCritic(preprocess_net=Features(space)))
    policy = DiscreteActorPolicy(actor=actor, action_space=actions)
    return PPO(policy=policy, critic=critic, optim=AdamOptimizerFactory(lr=1e-3))


def dqn(env, seed=0):
    seeded(seed)
    space, actions = spaces_of(env)
    model = DiscreteActor(preprocess_net=Features(space), action_shape=actions.n, softmax_output=False)
    policy = DiscreteQLearningPolicy(model=model, action_space=actions, eps_training=0.3)
    return DQN(policy=policy, optim=AdamOptimizerFactory(lr=1e-3), target_update_freq=20)


def train_ppo(algorithm, env, decisions, seed=0):
    """The losses of the last update, and how many decisions there were."""
    env.seed(seed)
    rows = len(env)
    each = rows * max(2, min(decisions, 512) // rows)
    collector = Collector(algorithm, env, VectorReplayBuffer(each, rows))
    trainer = algorithm.create_trainer(
        OnPolicyTrainerParams(
            training_collector=collector,
            max_epochs=1,
            epoch_num_steps=decisions,
            collection_step_num_env_steps=each,
            batch_size=128,
            verbose=False,
            show_progress=False,
        )  # fmt: skip
    )
    trainer.reset()
    stats = trainer.execute_epoch()
    return list(stats.training_stat.get_loss_stats_dict().values()), collector.collect_step
