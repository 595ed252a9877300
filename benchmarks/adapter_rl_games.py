"""`masked_envs.rl_games` beside what users of rl_games write: an `IVecEnv` that loops over single environments.

Needs the environment of rl_games, which `make test-agilerl` makes: `.venv-agilerl/bin/python benchmarks/adapters.py
rl_games`.
Environment steps: `step` and `get_action_masks` are on the clock; random legal actions are drawn between the calls, for
both sides alike. Training: the whole of rl_games' PPO, same settings and seed; both sides have one torch thread and end
with the same weights, which is checked. Seconds are of processor time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from measure import Comparison, require
from ways import pair, sum_of

ENV_ID = "MaskedCartPole-v0"
ORDINARY = "IVecEnv in Python"
TRAINED, ROWS, COUNT = 4_096, 64, 3_200  # decisions of a training, environments, and steps of a repetition
HORIZON = 32


def comparisons() -> list[Comparison]:
    sizes = {"rows": ROWS, "count": COUNT, "decisions": TRAINED}
    return pair("rl_games", ORDINARY, ENV_ID, ways, play=play, train=train, **sizes)


def cases() -> Any:
    """The settings and the loop over single environments, which the tests of the adapter have too."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
    import rl_games_cases

    return rl_games_cases


def ways() -> dict[str, Callable[[], Any]]:
    require("rl_games")
    import gymnasium as gym
    from gymnasium.vector import AutoresetMode

    from masked_envs.rl_games import MaskedVecEnv

    made = {"mask_in": "info", "flat": True, "autoreset_mode": AutoresetMode.SAME_STEP}
    case = SimpleNamespace(env_id=ENV_ID, parameters={})
    return {
        "ours": lambda: MaskedVecEnv(gym.make_vec(ENV_ID, num_envs=ROWS, **made)),
        "ordinary": lambda: cases().InPython(case, ROWS, {}),
    }


def play(env: Any) -> Callable[[], float]:
    import numpy as np

    rng = np.random.default_rng(0)
    env.seed(0)
    env.reset()
    masks = np.asarray(env.get_action_masks())

    def once() -> float:
        nonlocal masks
        actions = (masks * rng.random(masks.shape)).argmax(axis=1)
        began = time.process_time()
        env.step(actions)
        masks = np.asarray(env.get_action_masks())
        return time.process_time() - began

    return once


def train(env: Any) -> tuple[float, float]:
    agent = cases().agent_of(env, HORIZON, epochs=TRAINED // (ROWS * HORIZON))
    began = time.process_time()
    cases().quietly(agent.train)
    return sum_of(agent.model.parameters()), time.process_time() - began
