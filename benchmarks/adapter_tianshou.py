"""`masked_envs.tianshou` beside Tianshou's ordinary way, a `DummyVectorEnv` of single environments.

Environment steps: what a collector calls, `step` and the `reset` of ended rows, is on the clock; random legal actions
are drawn between them, for both sides alike. Tianshou stacks the dicts of a DummyVectorEnv only when it makes a
`Batch` of them, which every collector does; so that is on the clock too. Training: the whole of PPO's `run_training`,
same settings and seed; both sides have one torch thread and end with the same weights, which is checked. Seconds are of
processor time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from measure import Comparison, require
from ways import pair, sum_of

ENV_ID = "MaskedCartPole-v0"
ORDINARY = "DummyVectorEnv"
TRAINED, ROWS, COUNT = 4_096, 64, 3_200  # decisions of a training, environments, and steps of a repetition


def comparisons() -> list[Comparison]:
    sizes = {"rows": ROWS, "count": COUNT, "decisions": TRAINED}
    return pair("Tianshou", ORDINARY, ENV_ID, ways, play=play, train=train, **sizes, must=8, aim=12)


def ways() -> dict[str, Callable[[], Any]]:
    require("tianshou")
    import gymnasium as gym
    from tianshou.env import DummyVectorEnv

    from masked_envs.tianshou import MaskedVectorEnv

    class Renamed(gym.ObservationWrapper):  # what users of Tianshou write
        def observation(self, observation: Any) -> Any:
            return {"obs": observation["observation"], "mask": observation["action_mask"].astype(bool)}

    return {
        "ours": lambda: MaskedVectorEnv(ENV_ID, ROWS),
        "ordinary": lambda: DummyVectorEnv([lambda: Renamed(gym.make(ENV_ID)) for _ in range(ROWS)]),
    }


def play(env: Any) -> Callable[[], float]:
    import numpy as np
    from tianshou.data import Batch

    rng = np.random.default_rng(0)
    env.seed(0)
    observations = Batch(obs=env.reset()[0]).obs

    def once() -> float:
        nonlocal observations
        masks = observations.mask
        actions = (masks * rng.random(masks.shape)).argmax(axis=1)
        began = time.process_time()
        given, _, terminated, truncated, _ = env.step(actions)
        observations = Batch(obs=given).obs
        over = np.flatnonzero(terminated | truncated)
        if len(over):
            observations[over] = Batch(obs=env.reset(over)[0]).obs
        return time.process_time() - began

    return once


def train(env: Any) -> tuple[float, float]:
    import numpy as np
    import torch
    from tianshou.algorithm import PPO
    from tianshou.algorithm.modelfree.reinforce import DiscreteActorPolicy
    from tianshou.algorithm.optim import AdamOptimizerFactory
    from tianshou.data import Collector, VectorReplayBuffer
    from tianshou.trainer import OnPolicyTrainerParams
    from tianshou.utils.net.common import Net
    from tianshou.utils.net.discrete import DiscreteActor, DiscreteCritic

    from masked_envs.tianshou import MaskedActor, ObservationOnly

    torch.set_num_threads(1)
    env.seed(0)
    torch.manual_seed(0)
    np.random.seed(0)
    actions = env.action_space[0]
    nets = [Net(state_shape=4, hidden_sizes=[64, 64]) for _ in range(2)]
    actor = DiscreteActor(preprocess_net=nets[0], action_shape=actions.n, softmax_output=False)
    policy = DiscreteActorPolicy(actor=MaskedActor(actor), action_space=actions)
    critic = ObservationOnly(DiscreteCritic(preprocess_net=nets[1]))
    algorithm = PPO(policy=policy, critic=critic, optim=AdamOptimizerFactory(lr=1e-3))
    params = OnPolicyTrainerParams(
        training_collector=Collector(algorithm, env, VectorReplayBuffer(32 * ROWS, ROWS)), max_epochs=1,
        epoch_num_steps=TRAINED, collection_step_num_env_steps=32 * ROWS, update_step_num_repetitions=4,
        batch_size=256, verbose=False, show_progress=False,
    )  # fmt: skip
    began = time.process_time()
    algorithm.run_training(params)
    return sum_of(algorithm.parameters()), time.process_time() - began
