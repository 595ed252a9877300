"""What is looked at before the laws: whether there is anything that they could be held against."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

import gymnasium
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv, VectorWrapper

from .env_view import view_of


def maker_of(target: Any) -> tuple[Callable[..., Any], Callable[[int], Any] | None]:
    """How to make the environment, and a vector environment of the same where that is known.

    Raises:
        TypeError: not an environment, nor what makes one.
    """
    if isinstance(target, str):
        make_vector = functools.partial(gymnasium.make_vec, target)
        return functools.partial(gymnasium.make, target), lambda rows: make_vector(num_envs=rows)
    if isinstance(target, type) or (callable(target) and not hasattr(target, "reset")):
        return target, None
    view_of(target)
    return functools.partial(copy.deepcopy, target), None


def without_processes(target: Any, make: Callable[..., Any]) -> Callable[..., Any] | None:
    """What makes the same vector environment without processes, which cannot be copied; None where it has none."""
    given = hasattr(target, "reset") and not isinstance(target, type)
    env = target if given else make()
    layers = _layers(env)
    if not layers or not isinstance(layers[-1], AsyncVectorEnv):
        return None
    if not given:
        env.close()
    return functools.partial(_synchronous, env)


def _synchronous(env: Any) -> Any:
    """A SyncVectorEnv of the same functions, in copies of the same wrappers."""
    *wrappers, parallel = _layers(env)
    rows: Any = SyncVectorEnv(parallel.env_fns, autoreset_mode=parallel.autoreset_mode)
    for wrapper in reversed(wrappers):
        wrapper = copy.copy(wrapper)
        wrapper.env, rows = rows, wrapper
    return rows


def _layers(env: Any) -> list[Any]:
    """A vector environment and what it wraps, from the outside in."""
    if not isinstance(env, gymnasium.vector.VectorEnv):
        return []
    layers = [env]
    while isinstance(layers[-1], VectorWrapper):
        layers.append(layers[-1].env)
    return layers


def obstacle(target: Any, make: Callable[..., Any]) -> str:
    """Why no law can be held against the environment, in one sentence; "" where they can."""
    try:
        env = make()
    except Exception as error:  # copying may raise anything
        if not hasattr(target, "reset") or isinstance(target, type):
            raise
        how = "pass what makes it instead, such as its class or a function"
        return f"the environment cannot be copied ({type(error).__name__}: {error}): {how}"
    view_of(env)
    try:
        given = env.reset(seed=0)
    except Exception as error:  # an environment under test may fail in any way
        if isinstance(error, TypeError) and "seed" in str(error):
            return (
                f"reset() takes no seed ({error}), so that nothing could be reproduced: declare it as "
                "reset(self, *, seed=None, options=None), and call super().reset(seed=seed)"
            )
        return f"reset(seed=0) raised {type(error).__name__}: {error}"
    if isinstance(env, gymnasium.Env) and not (isinstance(given, tuple) and len(given) == 2):
        return (
            f"reset() returns {type(given).__name__} and not the tuple (observation, info), as gym did before 0.26: "
            "return both, or wrap the environment with shimmy"
        )
    return ""
