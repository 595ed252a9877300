"""Training once, with one seed: masked PPO of this repository, and MaskablePPO of sb3-contrib."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration

from .settings import START_SEED, STARTS, Settings

POINTS = 60  # of a curve


def ppo(env_id: str, settings: Settings, seed: int) -> dict[str, Any]:
    """`agents/ppo_torch`."""
    from agents.ppo_torch import Config, Learner, train
    from agents.ppo_torch.evaluation import EVALUATION_SEED, evaluate, negative_control

    config = Config(env=env_id, env_args=settings.env_args, seed=seed, **settings.ppo)
    began, learner = time.process_time(), Learner(config)
    train(learner)
    seconds, reached, count = time.process_time() - began, {}, learner.count
    judged = replace(config, seed=START_SEED - EVALUATION_SEED)
    for name, greedy in (("greedy", True), ("sampled", False)):
        returns, played = evaluate(learner.policy, learner.encoder, judged, greedy=greedy, episodes=STARTS)
        reached[name], count = float(returns.mean()), count + played
    return {
        "settings": settings.fingerprint("ppo"), "seed": seed, "seconds": round(seconds, 1), **reached,
        "decisions": count.decisions, "invalid": count.invalid,
        "negative_control": negative_control(learner.encoder, config), "curve": smoothed(learner.history),
    }  # fmt: skip


def maskable(env_id: str, settings: Settings, seed: int) -> dict[str, Any]:
    """sb3-contrib's MaskablePPO, with the settings of the other, over `masked_envs.sb3`.

    Raises:
        ValueError: not an environment of one agent with flat actions.
    """
    from sb3_contrib import MaskablePPO
    from stable_baselines3.common.callbacks import BaseCallback

    from agents.ppo_torch import Config
    from masked_envs.sb3 import evaluate, make_vec

    if not takes_maskable(env_id, settings):
        raise ValueError(f"{env_id}: MaskablePPO is run for one agent with flat actions")
    config = Config(env=env_id, env_args=settings.env_args, seed=seed, **settings.ppo)
    made = {"flat": True, "on_invalid": "noop", **settings.env_args}
    history: list[tuple[int, float]] = []

    class Returns(BaseCallback):
        """The mean return of the episodes that ended in each rollout."""

        def _on_step(self) -> bool:
            ended = [info["episode"]["r"] for info in self.locals["infos"] if "episode" in info]
            if ended:
                history.append((self.num_timesteps, float(np.mean(ended))))
            return True

    began, venv = time.process_time(), make_vec(env_id, config.num_envs, seed=seed, **made)
    model = MaskablePPO(
        "MlpPolicy", venv, seed=seed, n_steps=config.num_steps, n_epochs=config.epochs, gamma=config.gamma,
        batch_size=config.num_envs * config.num_steps // config.minibatches, gae_lambda=config.gae_lambda,
        learning_rate=lambda left: left * config.learning_rate, clip_range=config.clip,
        ent_coef=config.entropy_weight, vf_coef=config.value_weight, max_grad_norm=config.max_grad_norm,
        policy_kwargs={"net_arch": [config.hidden] * 2}, device="cpu",
    ).learn(config.total_decisions, callback=Returns())  # fmt: skip
    seconds, reached, decisions = time.process_time() - began, {}, model.num_timesteps
    invalid = int(venv.invalid_actions.sum())
    for name, greedy in (("greedy", True), ("sampled", False)):
        judged = make_vec(env_id, STARTS, seed=START_SEED, **made)
        found = evaluate(model, judged, episodes=STARTS, deterministic=greedy)
        reached[name], invalid = found.mean, invalid + found.invalid
    return {
        "settings": settings.fingerprint("maskable"), "seed": seed, "seconds": round(seconds, 1), **reached,
        "decisions": decisions, "invalid": invalid, "curve": smoothed(history),
    }  # fmt: skip


def takes_maskable(env_id: str, settings: Settings) -> bool:
    """Whether it has one agent with flat actions."""
    declared = declaration(env_id)
    kind = declared.mask(declared.resolve(settings.env_args)).kind
    return CATALOGUE[env_id].play == "single" and kind == "flat"


LEARNERS: dict[str, Callable[[str, Settings, int], dict[str, Any]]] = {"ppo": ppo, "maskable": maskable}


def smoothed(history: list[tuple[int, float]]) -> list[list[float]]:
    """The curve as means of equal parts: [decisions, mean return] each."""
    if not history:
        return []
    parts = np.array_split(np.array(history, float), min(POINTS, len(history)))
    return [[round(float(part[:, 0].mean())), round(float(part[:, 1].mean()), 3)] for part in parts]
