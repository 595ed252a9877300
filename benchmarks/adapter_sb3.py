"""`masked_envs.sb3` beside SB3's ordinary way, `make_vec_env` (a `DummyVecEnv` of single environments in `Monitor`).

Environment steps: `step` and the masks that MaskablePPO asks for are on the clock; random legal actions are drawn
between them, for both sides alike. Training: the whole of `MaskablePPO.learn`, same settings and seed;
both sides have one torch thread and end with the same weights, which is checked. Seconds are of processor time.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from measure import Comparison, require
from ways import steps, sum_of, trainings

ENV_ID = "MaskedCartPole-v0"
ORDINARY = "DummyVecEnv"
TRAINED, ROWS, COUNT = 10_240, 64, 20_000  # decisions of a training, its environments, and steps of a repetition


def comparisons() -> list[Comparison]:
    few, many = (functools.partial(ways, rows) for rows in (64, 256))
    return [
        Comparison(f"SB3, {ENV_ID}, 64 envs", ORDINARY, *steps(few, play, 64, COUNT), must=10, aim=25),
        Comparison(f"SB3, {ENV_ID}, 256 envs", ORDINARY, *steps(many, play, 256, COUNT), must=20, aim=25),
        Comparison("SB3, MaskablePPO's training on it, 64 envs", ORDINARY, *trainings(few, train, TRAINED), must=1.5,
                   unit="decisions", repetitions=5),
    ]  # fmt: skip


def ways(rows: int) -> dict[str, Callable[[], Any]]:
    require("sb3_contrib")
    from stable_baselines3.common.env_util import make_vec_env

    from masked_envs.sb3 import make_vec

    return {
        "ours": lambda: make_vec(ENV_ID, rows),
        "ordinary": lambda: make_vec_env(ENV_ID, n_envs=rows, env_kwargs={"mask_in": "info"}),
    }


def play(venv: Any) -> Callable[[], float]:
    import numpy as np
    from sb3_contrib.common.maskable.utils import get_action_masks

    rng = np.random.default_rng(0)
    venv.seed(0)
    venv.reset()
    masks = get_action_masks(venv)

    def once() -> float:
        nonlocal masks
        actions = (masks * rng.random(masks.shape)).argmax(axis=1)
        began = time.process_time()
        venv.step(actions)
        masks = get_action_masks(venv)
        return time.process_time() - began

    return once


def train(venv: Any) -> tuple[float, float]:
    import torch
    from sb3_contrib import MaskablePPO

    torch.set_num_threads(1)
    model = MaskablePPO("MlpPolicy", venv, n_steps=32, batch_size=256, n_epochs=4, seed=0)
    began = time.process_time()
    model.learn(TRAINED)
    return sum_of(model.policy.parameters()), time.process_time() - began
