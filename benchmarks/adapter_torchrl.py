"""`masked_envs.torchrl` beside TorchRL's ordinary way, a `SerialEnv` of single environments in `GymWrapper`.

Environment steps: `step_and_maybe_reset`, which TorchRL's collectors call, is on the clock, with the mask as bool;
random legal actions are drawn between the calls, for both sides alike. Training: a collector and PPO's loss, same
settings and seed; both sides have one torch thread and end with the same weights, which is checked. Seconds are of
processor time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from measure import Comparison, require
from ways import pair, sum_of

ENV_ID = "MaskedCartPole-v0"
ORDINARY = "SerialEnv"
TRAINED, ROWS, COUNT = 2_048, 64, 1_280  # decisions of a training, environments, and steps of a repetition


def comparisons() -> list[Comparison]:
    sizes = {"rows": ROWS, "count": COUNT, "decisions": TRAINED}
    return pair("TorchRL", ORDINARY, ENV_ID, ways, play=play, train=train, **sizes, must=6, aim=12)


def ways() -> dict[str, Callable[[], Any]]:
    require("torchrl")
    import gymnasium as gym
    import torch
    from torchrl.envs import DTypeCastTransform, GymWrapper, SerialEnv, TransformedEnv

    from masked_envs.torchrl import make_env

    def serial() -> Any:
        one = lambda: GymWrapper(gym.make(ENV_ID), categorical_action_encoding=True)  # noqa: E731
        as_bool = DTypeCastTransform(torch.int8, torch.bool, in_keys=["action_mask"])
        return TransformedEnv(SerialEnv(ROWS, one), as_bool)

    return {"ours": lambda: make_env(ENV_ID, ROWS), "ordinary": serial}


def play(env: Any) -> Callable[[], float]:
    import torch

    torch.set_num_threads(1)
    env.set_seed(0)
    generator, shown = torch.Generator().manual_seed(0), env.reset()

    def once() -> float:
        nonlocal shown
        shown["action"] = torch.multinomial(shown["action_mask"].float(), 1, generator=generator).squeeze(-1)
        began = time.process_time()
        _, shown = env.step_and_maybe_reset(shown)
        return time.process_time() - began

    return once


def train(env: Any) -> tuple[float, float]:
    import torch
    from torch import nn
    from torchrl.collectors import Collector
    from torchrl.modules import ValueOperator
    from torchrl.objectives import ClipPPOLoss
    from torchrl.objectives.value import GAE

    from masked_envs.torchrl import masked_actor

    torch.set_num_threads(1)
    env.set_seed(0)
    torch.manual_seed(0)

    def network(outputs: int) -> nn.Module:
        return nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs))

    actor, critic = masked_actor(network(6)), ValueOperator(network(1), ["observation"])
    loss = ClipPPOLoss(actor, critic, entropy_coeff=0.01)
    advantage = GAE(gamma=0.99, lmbda=0.95, value_network=critic)
    optimizer = torch.optim.Adam(loss.parameters(), 1e-3)
    each = 32 * ROWS
    began = time.process_time()
    for batch in Collector(env, actor, frames_per_batch=each, total_frames=TRAINED):
        with torch.no_grad():
            advantage(batch)
        flat = batch.reshape(-1)
        for _ in range(4):
            for chosen in torch.randperm(each).split(256):
                terms = loss(flat[chosen])
                optimizer.zero_grad()
                sum(value for key, value in terms.items() if key.startswith("loss_")).backward()
                optimizer.step()
    return sum_of(loss.parameters()), time.process_time() - began
