"""Stable-Baselines3: a `VecEnv` over the compiled vector environment, for MaskablePPO and every algorithm of SB3.

from sb3_contrib import MaskablePPO

from masked_envs.sb3 import evaluate, make_vec

venv = make_vec("MaskedCartPole-v0", num_envs=64, seed=0)
model = MaskablePPO("MlpPolicy", venv, n_steps=64).learn(20_000)
assert not venv.invalid_actions.any()
mean, sd, invalid = evaluate(model, make_vec("MaskedCartPole-v0", num_envs=16, seed=1), episodes=50)

docs/sb3.md is the page about it.
"""

from __future__ import annotations

try:
    import stable_baselines3  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"masked_envs.sb3 needs Stable-Baselines3 ({error}): pip install 'masked-envs[sb3]'", name=error.name
    ) from error

from .evaluation import Evaluation, evaluate
from .vec_env import MaskedVecEnv, make_vec

__all__ = ["Evaluation", "MaskedVecEnv", "evaluate", "make_vec"]
