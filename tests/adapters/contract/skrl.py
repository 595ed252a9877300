"""skrl's PPO, over `masked_envs.skrl`."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

from . import OF_NUMBERS, ONE_SEAT, Adapter, Case, in_one_row, ratios


class Skrl(Adapter):
    """PPO; a model is a pair of the agent and how many decisions it took."""

    title, page = "`masked_envs.skrl`", "skrl.md"
    requires = ("skrl",)
    mode = AutoresetMode.SAME_STEP
    kinds, plays = OF_NUMBERS, ONE_SEAT

    def wrap(self, envs):
        from masked_envs.skrl import wrap

        return wrap(envs)

    def make(self, case, num_envs, through=None, **parameters):
        return super().make(case, num_envs, through, **{"mask_in": "observation", **parameters})

    def train(self, env, decisions, seed=0, masked=True):
        import skrl_cases

        rollouts = None if decisions >= 512 else max(2, decisions // env.num_envs)
        agent = skrl_cases.agent_of(env, seed, masked, rollouts)
        trainer = skrl_cases.trainer_of(agent, env, decisions)
        trainer.train()
        return agent, trainer.cfg.timesteps * env.num_envs

    def decisions(self, model):
        return model[1]

    def play(self, model, env, decisions, greedy):
        import skrl_cases

        skrl_cases.trainer_of(model[0], env, decisions, greedy).eval()

    def losses(self, model):
        return [float(np.mean(values)) for name, values in model[0].tracking_data.items() if name.startswith("Loss")]

    def weights(self, model):
        agent, _ = model
        return in_one_row(agent.policy, agent.value)

    def first_minibatch(self, env):
        import skrl_cases
        import torch

        agent = skrl_cases.agent_of(env, rollouts=9)
        skrl_cases.trainer_of(agent, env, 8 * env.num_envs).train()  # ends before the first update
        names = ("observations", "actions", "log_prob")
        observations, actions, old = (agent.memory.get_tensor_by_name(name)[:8].flatten(0, 1) for name in names)
        with torch.no_grad():
            _, outputs = agent.policy.act({"observations": observations, "taken_actions": actions}, role="policy")
        return ratios(outputs["log_prob"], old)

    def ordinary(self, case: Case, num_envs: int, **parameters: Any):
        from skrl.envs.wrappers.torch import wrap_env

        made = {**case.parameters, **parameters}
        singles = [lambda: gym.make(case.env_id, **made)] * num_envs
        return wrap_env(gym.vector.SyncVectorEnv(singles, autoreset_mode=self.mode), verbose=False)


ADAPTER = Skrl()
