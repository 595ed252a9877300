"""The environments of RLlib's action masking examples."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from gymnasium import spaces

PACKAGE = "RLlib, examples"
DISTRIBUTIONS = ("ray", "numpy", "gymnasium")
ENVIRONMENTS = {
    "ActionMaskEnv, 4 actions": "action_mask_env(4)",
    "ActionMaskEnv, 100 actions as in its example": "action_mask_env(100)",
    "ParametricActionsCartPole": "parametric().ParametricActionsCartPole(6)",
    "ParametricActionsCartPoleNoEmbeddings": "parametric().ParametricActionsCartPoleNoEmbeddings(6)",
}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 200}}


def action_mask_env(actions: int) -> Any:
    module = importlib.import_module("ray.rllib.examples.envs.classes.action_mask_env")
    spaces_of_it = {"action_space": spaces.Discrete(actions), "observation_space": spaces.Box(-1, 1, (5,), np.float32)}
    return module.ActionMaskEnv(spaces_of_it)


def parametric() -> Any:
    return importlib.import_module("ray.rllib.examples.envs.classes.parametric_actions_cartpole")
