"""`masked_envs.sb3` beside SB3's ordinary way, `make_vec_env` (a `DummyVecEnv` of single environments in `Monitor`).

Environment steps: `step` and the masks that MaskablePPO asks for are on the clock; random legal actions are drawn
between them, for both sides alike. Training: the whole of `MaskablePPO.learn`, same settings and seed;
both sides have one torch thread and end with the same weights, which is checked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from measure import Comparison, Side, require

ENV_ID = "MaskedCartPole-v0"
ORDINARY = "DummyVecEnv"
TRAINED, ROWS = 10_240, 64  # decisions of a training, and environments


def comparisons() -> list[Comparison]:
    return [
        Comparison(f"SB3, {ENV_ID}, 64 envs", ORDINARY, lambda: steps(64), must=10, aim=25),
        Comparison(f"SB3, {ENV_ID}, 256 envs", ORDINARY, lambda: steps(256), must=20, aim=25),
        Comparison("SB3, MaskablePPO's training on it, 64 envs", ORDINARY, training, must=1.5, unit="decisions",
                   repetitions=5),
    ]  # fmt: skip


def makers(num_envs: int) -> dict[str, Callable[[], Any]]:
    require("sb3_contrib")
    from stable_baselines3.common.env_util import make_vec_env

    from masked_envs.sb3 import make_vec

    return {
        "ours": lambda: make_vec(ENV_ID, num_envs),
        "ordinary": lambda: make_vec_env(ENV_ID, n_envs=num_envs, env_kwargs={"mask_in": "info"}),
    }


def steps(num_envs: int) -> tuple[Side, Side]:
    ours, ordinary = (stepping(make(), 20_000 // num_envs) for make in makers(num_envs).values())
    return ours, ordinary


def stepping(venv: Any, count: int) -> Side:
    """Environment steps per second of `count` steps of all rows."""
    import numpy as np
    from sb3_contrib.common.maskable.utils import get_action_masks

    rng = np.random.default_rng(0)
    venv.seed(0)
    venv.reset()

    def run() -> float:
        seconds, masks = 0.0, get_action_masks(venv)
        for _ in range(count):
            actions = (masks * rng.random(masks.shape)).argmax(axis=1)
            began = time.perf_counter()
            venv.step(actions)
            masks = get_action_masks(venv)
            seconds += time.perf_counter() - began
        return venv.num_envs * count / seconds

    run()
    return run


def training() -> tuple[Side, Side]:
    made, weights = makers(ROWS), {}

    def side(name: str) -> Side:
        def run() -> float:
            import torch
            from sb3_contrib import MaskablePPO

            torch.set_num_threads(1)
            venv = made[name]()
            model = MaskablePPO("MlpPolicy", venv, n_steps=32, batch_size=256, n_epochs=4, seed=0)
            began = time.perf_counter()
            model.learn(TRAINED)
            seconds = time.perf_counter() - began
            weights[name] = sum(parameter.double().sum().item() for parameter in model.policy.parameters())
            if len(weights) == 2 and abs(weights["ours"] - weights["ordinary"]) > 1e-9:
                raise AssertionError(f"the two ways of training must give the same weights, not {weights}")
            return TRAINED / seconds

        return run

    ours, ordinary = side("ours"), side("ordinary")
    ours()  # compiles
    return ours, ordinary
