"""Trainings of rl_games for the contract of the adapters."""

from __future__ import annotations

import contextlib
import io
import tempfile

import gymnasium as gym
import numpy as np
import torch
from rl_games.common.ivecenv import IVecEnv
from rl_games.torch_runner import Runner

MLP = {"units": [16], "activation": "tanh", "initializer": {"name": "default"}, "regularizer": {"name": "None"}}


def configuration(env, horizon, epochs=1, seed=0, masked=True, **config):
    """A configuration of rl_games' discrete PPO over an environment that is made already."""
    return {
        "seed": seed, "torch_threads": 1,
        "algo": {"name": "a2c_discrete"}, "model": {"name": "discrete_a2c"},
        "network": {"name": "actor_critic", "separate": True, "space": {"discrete": None}, "mlp": MLP},
        "config": {
            "name": "case", "env_name": "", "vec_env": env, "env_info": env.get_env_info(),
            "num_actors": env.num_envs, "horizon_length": horizon, "minibatch_size": horizon * env.num_envs // 2,
            "mini_epochs": 1, "max_epochs": epochs, "use_action_masks": masked,
            "reward_shaper": {"scale_value": 1}, "normalize_advantage": True, "normalize_input": False,
            "gamma": 0.99, "tau": 0.95, "learning_rate": 1e-3, "lr_schedule": None, "kl_threshold": 0.01,
            "grad_norm": 1.0, "entropy_coef": 0.01, "truncate_grads": True, "e_clip": 0.2, "clip_value": True,
            "critic_coef": 1, "device": "cpu", "device_name": "cpu", "print_stats": False, "torch_compile": False,
            "train_dir": tempfile.mkdtemp(), "save_best_after": 10**9, "score_to_win": 10**9, **config,
        },
    }  # fmt: skip


def quietly(call, *args, **kwargs):
    """rl_games prints what it does."""
    with contextlib.redirect_stdout(io.StringIO()):
        return call(*args, **kwargs)


def agent_of(env, horizon, epochs=1, seed=0, masked=True):
    runner = Runner()
    runner.reset()
    env.seed(seed)
    # Not runner.load, which would copy the environment.
    quietly(runner.load_config, configuration(env, horizon, epochs, seed, masked))
    torch.manual_seed(seed)
    return quietly(runner.algo_factory.create, runner.algo_name, base_name="run", params=runner.params)


def player_of(agent, env, greedy):
    runner = Runner()
    params = configuration(env, 2, player={"deterministic": greedy})
    quietly(runner.load_config, params)
    player = quietly(runner.create_player)
    player.model.load_state_dict(agent.model.state_dict())
    return player


class InPython(IVecEnv):
    """What users of rl_games write: a loop over single environments, which it resets itself."""

    def __init__(self, case, num_envs, parameters):
        made = {"mask_in": "info", "flat": True, **case.parameters, **parameters}
        self.singles = [gym.make(case.env_id, **made) for _ in range(num_envs)]
        self.num_envs, self.first, self.masks = num_envs, 0, None

    def seed(self, seed):
        self.first = seed

    def reset(self):
        given = [env.reset(seed=self.first + i) for i, env in enumerate(self.singles)]
        self.masks = [info["action_mask"] for _, info in given]
        return np.stack([observation for observation, _ in given])

    def step(self, actions):
        given = [self.step_one(i, self.singles[i], action) for i, action in enumerate(actions)]
        observations, rewards, over, time_outs = zip(*given, strict=True)
        return np.stack(observations), np.float32(rewards), np.array(over), {"time_outs": np.array(time_outs)}

    def step_one(self, i, env, action):
        observation, reward, terminated, truncated, info = env.step(action)
        if terminated or truncated:
            observation, info = env.reset()
        self.masks[i] = info["action_mask"]
        return observation, reward, terminated or truncated, truncated and not terminated

    def get_action_masks(self):
        return np.array(self.masks, bool)

    def get_env_info(self):
        env = self.singles[0]
        return {"observation_space": env.observation_space, "action_space": env.action_space, "agents": 1}
