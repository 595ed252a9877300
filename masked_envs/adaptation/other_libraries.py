"""Environments of other libraries, and old ones: one sentence each on what to do with them."""

from __future__ import annotations

import inspect
from typing import Any

import gymnasium as gym

ADVICE = {
    "gym": "is of the old library gym: port it to gymnasium, or wrap it with shimmy (GymV26CompatibilityV0)",
    "stable_baselines3": "is a VecEnv of stable-baselines3: give the Gymnasium environments within it",
    "torchrl": "is an environment of TorchRL: give the Gymnasium or PettingZoo environment within",
    "rl4co": "is an environment of RL4CO, a batch of tensors: give a gymnasium.Env that steps one instance of it",
    "jumanji": "is an environment of Jumanji: wrap it with jumanji.wrappers.JumanjiToGymWrapper",
    "dm_env": "is a dm_env environment: wrap it with shimmy (DmControlCompatibilityV0)",
    "pyspiel": "is a game of OpenSpiel: wrap it with shimmy (OpenSpielCompatibilityV0)",
}


def advice_for(env: Any) -> str:
    """What to do with an environment of another interface, "" where nothing is known about it."""
    roots = [cls.__module__.partition(".")[0] for cls in type(env).__mro__]
    return next((ADVICE[root] for root in roots if root in ADVICE), "")


def reset_arguments(env: gym.Env[Any, Any]) -> tuple[str, ...]:
    """Which of `seed` and `options` the `reset` of an environment takes."""
    try:
        parameters = inspect.signature(env.reset).parameters.values()
    except (TypeError, ValueError):  # written in C, and does not say
        return ("seed", "options")
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return ("seed", "options")
    return tuple(name for name in ("seed", "options") if name in {parameter.name for parameter in parameters})


def reset_takes_no_seed(env: gym.Env[Any, Any]) -> str:
    """One sentence on an environment whose own `reset` takes no seed; "" where it takes one."""
    missing = [name for name in ("seed", "options") if name not in reset_arguments(env.unwrapped)]
    if not missing:
        return ""
    return (
        f"reset() of {type(env.unwrapped).__name__} takes no {' and no '.join(missing)}: Gymnasium's is "
        "reset(self, *, seed=None, options=None)"
    )
