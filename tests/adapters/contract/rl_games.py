"""rl_games' PPO, over `masked_envs.rl_games`; needs an environment of its own (`make test-agilerl`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gymnasium.vector import AutoresetMode

from . import OF_NUMBERS, ONE_SEAT, Adapter, Case, in_one_row, ratios


@dataclass
class Trained:
    """What `train` gives."""

    agent: Any
    decisions: int


class RLGames(Adapter):
    """PPO."""

    title, page = "`masked_envs.rl_games`", "rl_games.md"
    requires = ("rl_games",)
    mode = AutoresetMode.SAME_STEP
    kinds, plays = OF_NUMBERS, ONE_SEAT

    def wrap(self, envs):
        from masked_envs.rl_games import MaskedVecEnv

        return MaskedVecEnv(envs)

    def make(self, case, num_envs, through=None, **parameters):
        return super().make(case, num_envs, through, **{"flat": True, **parameters})

    def train(self, env, decisions, seed=0, masked=True):
        import rl_games_cases

        horizon = max(2, min(decisions, 512) // env.num_envs)
        epochs = -(-decisions // (horizon * env.num_envs))
        agent = rl_games_cases.agent_of(env, horizon, epochs, seed, masked)
        rl_games_cases.quietly(agent.train)
        return Trained(agent, agent.frame)

    def play(self, model, env, decisions, greedy):
        import rl_games_cases

        player = rl_games_cases.player_of(model.agent, env, greedy)
        observations = player.env_reset(env)
        player.get_batch_size(observations, 1)
        for _ in range(-(-decisions // env.num_envs)):
            action = player.get_masked_action(observations, env.get_action_mask(), player.is_deterministic)
            observations, *_ = player.env_step(env, action)

    def losses(self, model):
        return [float(value.detach()) for value in model.agent.train_result[:4]]

    def weights(self, model):
        return in_one_row(model.agent.model)

    def first_minibatch(self, env):
        import rl_games_cases
        import torch

        agent = rl_games_cases.agent_of(env, 8)
        agent.init_tensors()
        agent.obs = agent.env_reset()
        with torch.no_grad():
            batch = agent.play_steps()
            asked = {"is_train": True, "prev_actions": batch["actions"], "obs": batch["obses"]}
            new = -agent.model({**asked, "action_masks": batch["action_masks"]})["prev_neglogp"]
        return ratios(new, -batch["neglogpacs"])

    def ordinary(self, case: Case, num_envs: int, **parameters: Any):
        import rl_games_cases

        return rl_games_cases.InPython(case, num_envs, parameters)


ADAPTER = RLGames()
