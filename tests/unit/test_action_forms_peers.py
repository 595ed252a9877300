"""Libraries that know flat masks alone play every kind of action through the wrappers, and give no invalid action."""

import gymnasium as gym
import numpy as np
import pytest
from test_action_forms import TOYS, make

from masked_envs.wrappers import FlatActions, SequentialActions

torch = pytest.importorskip("torch")
STEPS = 256
KINDS = {
    "joint": ("MaskedPairs-v0", {"num_items": 4}),
    "conditional": ("MaskedTetris-v0", {}),
    "binary": ("MaskedKnapsack-v0", {"form": "binary", "num_items": 6}),
    "three heads": ("ToyConditionalThree-v0", {}),
    "interval": ("ToyInterval-v0", {}),
    "dict": ("ToyHybrid-v0", {}),
}


def wrapped(kind, wrapper):
    env_id, arguments = KINDS[kind]
    env = make(env_id, on_invalid="noop", mask_in="info", **({} if env_id in TOYS else arguments))
    return gym.wrappers.FlattenObservation(gym.wrappers.TimeLimit(wrapper(env, bins=3), 40))


@pytest.mark.parametrize("wrapper", [FlatActions, SequentialActions])
@pytest.mark.parametrize("kind", KINDS)
def test_maskable_ppo(kind, wrapper):
    algorithm = pytest.importorskip("sb3_contrib", reason="needs sb3-contrib").MaskablePPO
    torch.set_num_threads(1)
    env = wrapped(kind, wrapper)
    model = algorithm("MlpPolicy", env, n_steps=128, batch_size=64, n_epochs=1, seed=0, device="cpu").learn(STEPS)
    assert model.num_timesteps == STEPS and env.unwrapped.invalid_actions == 0
    observation, _ = env.reset(seed=0)
    for masked in (True, False):
        for _ in range(80):
            mask = env.get_wrapper_attr("action_masks")() if masked else None
            action, _ = model.predict(observation, action_masks=mask)
            observation, _, terminated, truncated, _ = env.step(int(action))
            if terminated or truncated:
                observation, _ = env.reset()
        if masked:
            assert env.unwrapped.invalid_actions == 0
    everything_allowed = kind == "interval"  # a grid between bounds that leave room forbids nothing
    assert (env.unwrapped.invalid_actions > 0) != everything_allowed


@pytest.mark.parametrize("wrapper", [FlatActions, SequentialActions])
@pytest.mark.parametrize("kind", ["joint", "binary", "dict"])
def test_tianshous_dqn(kind, wrapper):
    dqn = pytest.importorskip("tianshou.algorithm.modelfree.dqn", reason="needs Tianshou")
    batch_class = pytest.importorskip("tianshou.data").Batch
    env = wrapped(kind, wrapper)
    size, n = env.observation_space.shape[0], int(env.action_space.n)
    torch.manual_seed(0)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(size, n)

        def forward(self, obs, state=None, info=None):
            return self.layer(torch.as_tensor(np.asarray(obs), dtype=torch.float32)), state

    policy = dqn.DiscreteQLearningPolicy(
        model=Net(), action_space=env.action_space, observation_space=env.observation_space
    )
    for masked in (True, False):
        observation, _ = env.reset(seed=0)
        for _ in range(120):
            mask = env.get_wrapper_attr("action_masks")() if masked else np.ones(n, bool)
            seen = batch_class(obs=batch_class(obs=observation[None], mask=mask[None]), info=batch_class())
            action = int(np.asarray(policy(seen).act)[0])
            observation, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                observation, _ = env.reset()
        if masked:
            assert env.unwrapped.invalid_actions == 0
    assert env.unwrapped.invalid_actions > 0
