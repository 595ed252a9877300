"""Stable-Baselines3 with sb3-contrib's MaskablePPO, over `masked_envs.sb3`."""

from __future__ import annotations

from typing import Any

from gymnasium.vector import AutoresetMode

from . import OF_NUMBERS, ONE_SEAT, YES, Adapter, Case, in_one_row, ratios


class Sb3(Adapter):
    """MaskablePPO."""

    title, page = "`masked_envs.sb3`", "sb3.md"
    requires = ("sb3_contrib",)
    mode = AutoresetMode.SAME_STEP
    kinds, plays = {**OF_NUMBERS, "per_head": YES, "binary": YES}, ONE_SEAT

    def wrap(self, envs):
        from masked_envs.sb3 import MaskedVecEnv

        return MaskedVecEnv(envs)

    def model(self, env, seed=0, masked=True, n_steps=None):
        from sb3_contrib import MaskablePPO
        from stable_baselines3 import PPO

        n_steps = n_steps or max(2, 512 // env.num_envs)
        policy = "MultiInputPolicy" if hasattr(env.observation_space, "spaces") else "MlpPolicy"
        return (MaskablePPO if masked else PPO)(
            policy, env, n_steps=n_steps, batch_size=128, n_epochs=1, seed=seed, policy_kwargs={"net_arch": [16]}
        )

    def train(self, env, decisions, seed=0, masked=True):
        return self.model(env, seed, masked, None if decisions >= 512 else 32).learn(decisions)

    def decisions(self, model):
        return model.num_timesteps

    def play(self, model, env, decisions, greedy):
        from sb3_contrib.common.maskable.utils import get_action_masks

        observations = env.reset()
        for _ in range(-(-decisions // env.num_envs)):
            actions, _ = model.predict(observations, deterministic=greedy, action_masks=get_action_masks(env))
            observations, *_ = env.step(actions)

    def losses(self, model):
        return [value for key, value in model.logger.name_to_value.items() if key.startswith("train/")]

    def weights(self, model):
        return in_one_row(model.policy)

    def first_minibatch(self, env):
        import torch
        from stable_baselines3.common.callbacks import BaseCallback

        class Nothing(BaseCallback):
            def _on_step(self):
                return True

        model = self.model(env)
        _, callback = model._setup_learn(10_000, Nothing())
        model.collect_rollouts(env, callback, model.rollout_buffer, model.n_steps)
        data = next(model.rollout_buffer.get(128))
        actions = data.actions.long().flatten() if hasattr(env.action_space, "n") else data.actions
        with torch.no_grad():
            _, new, _ = model.policy.evaluate_actions(data.observations, actions, action_masks=data.action_masks)
        return ratios(new, data.old_log_prob)

    def ordinary(self, case: Case, num_envs: int, **parameters: Any):
        from stable_baselines3.common.env_util import make_vec_env

        made = {"mask_in": "info", **case.parameters, **parameters}
        return make_vec_env(case.env_id, n_envs=num_envs, env_kwargs=made)


ADAPTER = Sb3()
