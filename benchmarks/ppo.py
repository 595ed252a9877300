"""Masked PPO to a mean return of 475 on MaskedCartPole, beside sb3-contrib's MaskablePPO; wall clock.

Both learn until 100 greedy episodes on a vector environment of 100 rows have a mean return of 475, looked at every
2,048 decisions. Both clocks begin when everything is imported, what torch imports with its first optimiser included,
and run over making the environments, learning and looking. Both have one torch thread. MaskablePPO has the settings
that RL Baselines3 Zoo tuned for PPO on CartPole-v1, and its usual DummyVecEnv of 8 environments.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import Comparison, Side, UnavailableError, require

import masked_envs

CHECKOUT = Path(masked_envs.__file__).resolve().parents[1]
TARGET = 475.0
EVERY = 2048  # decisions from one look to the next
MOST, ZOO_DECISIONS = 150_000, 100_000  # decisions after which each gives up and its learning rate is 0
SEEDS = 9


def comparisons() -> list[Comparison]:
    return [
        Comparison("PPO on MaskedCartPole to mean return 475", "sb3-contrib MaskablePPO", ours, theirs, must=3, aim=10,
                   unit="runs", repetitions=SEEDS),
    ]  # fmt: skip


def ours() -> Side:
    if not (CHECKOUT / "agents" / "__init__.py").exists():
        raise UnavailableError("the agents are run from a checkout of the repository, as a package; here is none")
    require("torch", "tqdm")
    return learner("ours")


def theirs() -> Side:
    require("torch", "sb3_contrib", "tqdm")
    return learner("sb3")


def learner(who: str) -> Side:
    seed = 0

    def run() -> dict[str, Any]:
        nonlocal seed
        seed += 1
        words = [sys.executable, __file__, who, str(seed)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        # One that gave up did less than it was asked in this time: its rate is an upper bound.
        return {**result, "seed": seed, "rate": 1.0 / result["seconds"]}

    return run


def stopwatch() -> Callable[[], dict[str, float]]:
    """Elapsed seconds since now, by the clock on the wall and by that of the processor (this process alone)."""
    wall, processor = time.perf_counter(), time.process_time()
    return lambda: {"seconds": time.perf_counter() - wall, "processor_seconds": time.process_time() - processor}


def import_all_of_torch() -> None:
    """What its first optimiser imports, up to two seconds' worth."""
    import torch

    torch.optim.Adam([torch.zeros(1, requires_grad=True)])


def learn_ours(seed: int) -> dict[str, Any]:
    """`python -m agents.ppo_torch --target-return 475`, without its report at the end."""
    sys.path.insert(0, str(CHECKOUT))
    from agents.ppo_torch import Config, Learner, train

    import_all_of_torch()
    elapsed = stopwatch()
    every = max(1, EVERY // (Config.num_envs * Config.num_steps))
    learner = Learner(Config(seed=seed, target_return=TARGET, total_decisions=MOST, evaluate_every=every))
    train(learner)
    learnt = {"decisions": learner.decisions, "reached": learner.reached_target, "invalid": learner.count.invalid}
    return {**elapsed(), **learnt}


def learn_sb3(seed: int) -> dict[str, Any]:
    import gymnasium
    import torch
    from sb3_contrib import MaskablePPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env

    torch.set_num_threads(1)
    import_all_of_torch()

    class UntilTarget(BaseCallback):
        reached, looked = False, 0

        def _on_step(self) -> bool:
            if self.num_timesteps - self.looked >= EVERY:
                self.looked = self.num_timesteps
                self.reached = mean_return(self.model, seed) >= TARGET
            return not self.reached

    elapsed = stopwatch()
    envs = make_vec_env(lambda: gymnasium.make("MaskedCartPole-v0", mask_in="info"), n_envs=8, seed=seed)
    model = MaskablePPO(
        "MlpPolicy", envs, seed=seed, device="cpu", n_steps=32, batch_size=256, gae_lambda=0.8, gamma=0.98, n_epochs=20,
        ent_coef=0.0, learning_rate=lambda left: 0.001 * left, clip_range=lambda left: 0.2 * left,
    )  # fmt: skip
    stop = UntilTarget()
    model.learn(ZOO_DECISIONS, callback=stop)
    return {**elapsed(), "decisions": model.num_timesteps, "reached": stop.reached}


def mean_return(model: Any, seed: int) -> float:
    """Of the first episode of 100 rows, greedily."""
    import numpy as np

    envs = masked_envs.make_vec("MaskedCartPole-v0", 100, mask_in="info")
    observation, info = envs.reset(seed=seed + 1_000_000)
    returns, live = np.zeros(100), np.ones(100, np.bool_)
    while live.any():
        actions, _ = model.predict(observation, action_masks=info["action_mask"].astype(np.bool_), deterministic=True)
        observation, rewards, terminated, truncated, info = envs.step(actions)
        returns += np.where(live, rewards, 0.0)
        live &= ~(terminated | truncated)
    return float(returns.mean())


if __name__ == "__main__":
    learn = {"ours": learn_ours, "sb3": learn_sb3}[sys.argv[1]]
    print(json.dumps(learn(int(sys.argv[2]))))
