"""`masked_envs.skrl` beside skrl's ordinary way, its wrapper over Gymnasium's `SyncVectorEnv` of single environments.

Environment steps: `step` of skrl's wrapper is on the clock; random legal actions are drawn between the calls, for both
sides alike. Training: the whole of PPO's `SequentialTrainer.train`, same settings and seed; both sides have one torch
thread and end with the same weights, which is checked. Seconds are of
processor time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from measure import Comparison, require
from ways import pair, sum_of

ENV_ID = "MaskedCartPole-v0"
ORDINARY = "SyncVectorEnv"
TRAINED, ROWS, COUNT = 4_096, 64, 3_200  # decisions of a training, environments, and steps of a repetition


def comparisons() -> list[Comparison]:
    sizes = {"rows": ROWS, "count": COUNT, "decisions": TRAINED}
    return pair("skrl", ORDINARY, ENV_ID, ways, play=play, train=train, **sizes)


def ways() -> dict[str, Callable[[], Any]]:
    require("skrl", "torch")
    import gymnasium as gym
    from gymnasium.vector import AutoresetMode, SyncVectorEnv
    from skrl.envs.wrappers.torch import wrap_env
    from skrl.utils import set_seed

    from masked_envs.skrl import make_env

    def sync() -> Any:
        singles = [lambda: gym.make(ENV_ID)] * ROWS
        return wrap_env(SyncVectorEnv(singles, autoreset_mode=AutoresetMode.SAME_STEP), verbose=False)

    set_seed(0)  # which skrl's wrapper reads when it is made
    return {"ours": lambda: make_env(ENV_ID, ROWS), "ordinary": sync}


def play(env: Any) -> Callable[[], float]:
    import torch

    from masked_envs.skrl import split

    torch.set_num_threads(1)
    space, generator = env.observation_space, torch.Generator().manual_seed(0)
    observations, _ = env.reset()

    def once() -> float:
        nonlocal observations
        _, mask = split(space, observations)
        actions = torch.multinomial(mask.float(), 1, generator=generator)
        began = time.process_time()
        observations, *_ = env.step(actions)
        return time.process_time() - began

    return once


def train(env: Any) -> tuple[float, float]:
    import torch
    from skrl.agents.torch.ppo import PPO, PPO_CFG
    from skrl.memories.torch import RandomMemory
    from skrl.models.torch import DeterministicMixin, Model
    from skrl.trainers.torch import SequentialTrainer
    from torch import nn

    from masked_envs.skrl import MaskedCategoricalMixin, split

    torch.set_num_threads(1)

    class Network(Model):
        def __init__(self, outputs: int) -> None:
            Model.__init__(
                self, observation_space=env.observation_space, action_space=env.action_space, device=env.device
            )
            self.net = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs))

        def compute(self, inputs: Any, role: str = "") -> Any:
            return self.net(split(self.observation_space, inputs["observations"])[0]), {}

    class Policy(MaskedCategoricalMixin, Network):
        def __init__(self) -> None:
            Network.__init__(self, int(env.action_space.n))
            MaskedCategoricalMixin.__init__(self)

    class Value(DeterministicMixin, Network):
        def __init__(self) -> None:
            Network.__init__(self, 1)
            DeterministicMixin.__init__(self)

    cfg = PPO_CFG()
    cfg.rollouts, cfg.learning_epochs, cfg.mini_batches = 32, 4, 8
    cfg.experiment.write_interval = cfg.experiment.checkpoint_interval = 0
    agent = PPO(
        models={"policy": Policy(), "value": Value()}, memory=RandomMemory(memory_size=32, num_envs=ROWS, device="cpu"),
        cfg=cfg, observation_space=env.observation_space, action_space=env.action_space, device="cpu",
    )  # fmt: skip
    settings = {"timesteps": TRAINED // ROWS, "headless": True, "disable_progressbar": True}
    trainer = SequentialTrainer(cfg=settings, env=env, agents=agent)
    began = time.process_time()
    trainer.train()
    return sum_of([*agent.policy.parameters(), *agent.value.parameters()]), time.process_time() - began
