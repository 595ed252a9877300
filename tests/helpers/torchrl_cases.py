"""Networks and trainings of TorchRL for the contract of the adapters."""

from __future__ import annotations

import numpy as np
import torch
from tensordict.nn import TensorDictModule
from torchrl.collectors import Collector
from torchrl.data import Categorical
from torchrl.envs import DTypeCastTransform, GymWrapper, SerialEnv, TransformedEnv
from torchrl.modules import ProbabilisticActor, ValueOperator
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

from masked_envs.torchrl import masked_actor

NOT_SEEN = ("action_mask", "invalid_action", *("done", "terminated", "truncated"))


class Network(torch.nn.Module):
    """Two layers over all numbers of an observation, whatever its keys; numbers of Categorical specs as one-hot."""

    def __init__(self, specs, outputs):
        super().__init__()
        self.specs = specs
        sizes = [spec.n if isinstance(spec, Categorical) else int(np.prod(spec.shape[1:])) for spec in specs]
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(sum(sizes), 16), torch.nn.Tanh(), torch.nn.Linear(16, outputs)
        )

    def forward(self, *parts):
        flat = []
        for spec, part in zip(self.specs, parts, strict=True):
            if isinstance(spec, Categorical):
                flat.append(torch.nn.functional.one_hot(part.long(), int(spec.n)).float())
            else:
                flat.append(part.float().flatten(part.ndim - (spec.ndim - 1)))
        return self.layers(torch.cat(flat, dim=-1))


def seen(env):
    """The keys of the observation, and their specs."""
    keys = sorted(key for key in env.observation_spec.keys() if key not in NOT_SEEN)
    return keys, [env.observation_spec[key] for key in keys]


def networks(env, seed=0, masked=True):
    """An actor and a critic."""
    torch.manual_seed(seed)
    keys, specs = seen(env)
    network = Network(specs, env.action_spec.space.n)
    if masked:
        actor = masked_actor(network, keys)
    else:
        module = TensorDictModule(network, in_keys=keys, out_keys=["logits"])
        actor = ProbabilisticActor(
            module, in_keys=["logits"], distribution_class=torch.distributions.Categorical, return_log_prob=True
        )
    return actor, ValueOperator(Network(specs, 1), in_keys=keys)


def train_ppo(env, decisions, seed=0, masked=True):
    """The actor, the critic, the losses of the last update, and how many decisions there were."""
    env.set_seed(seed)
    actor, critic = networks(env, seed, masked)
    loss = ClipPPOLoss(actor, critic, entropy_coeff=0.01)
    advantage = GAE(gamma=0.99, lmbda=0.95, value_network=critic)
    optimizer = torch.optim.Adam(loss.parameters(), 1e-3)
    rows = env.batch_size[0]
    each = rows * max(2, min(decisions, 512) // rows)
    total = -(-decisions // each) * each
    taken = 0
    collector = Collector(env, actor, frames_per_batch=each, total_frames=total, no_cuda_sync=True)
    for batch in collector:
        taken += batch.numel()
        with torch.no_grad():
            advantage(batch)
        flat = batch.reshape(-1)
        for chosen in torch.randperm(len(flat)).split(128):
            terms = loss(flat[chosen])
            optimizer.zero_grad()
            sum(value for key, value in terms.items() if key.startswith("loss_")).backward()
            optimizer.step()
    losses = [float(value) for key, value in terms.items() if key.startswith("loss_") or key == "entropy"]
    return actor, critic, losses, taken


def serial(make, rows):
    """TorchRL's ordinary way: single environments one after another, and the mask as bool."""
    env = SerialEnv(rows, [lambda: GymWrapper(make(), categorical_action_encoding=True)] * rows)
    return TransformedEnv(env, DTypeCastTransform(torch.int8, torch.bool, in_keys=["action_mask"]))
