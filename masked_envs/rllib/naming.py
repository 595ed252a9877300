"""What may stand for an environment in `configure`: ids, classes, functions and names registered with Tune."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
from pettingzoo import AECEnv, ParallelEnv
from ray.rllib.env.env_context import EnvContext
from ray.rllib.env.multi_agent_env import MultiAgentEnv

from ..catalogue import CATALOGUE
from ..mask_spec.checks import shown
from .ray_internals.registry import creator_of

PACKAGE = __package__.partition(".")[0]
NUM_ENVS = "num_envs"
"""The entry that RLlib adds to env_config when it wants a vector environment."""

LAMBDA = "pass a function of the env_config, such as lambda env_config: MyEnv(**env_config)"


@dataclass(frozen=True)
class Named:
    """An environment as RLlib is told of it.

    Attributes:
        env: for `config.environment`: a string that RLlib resolves in every worker, or a class that it calls.
        creator: (env_config) -> the environment, as RLlib makes it.
        native: whether there is a native vector environment.
        id_of_package: the id, of an environment of this package.
    """

    env: Any
    creator: Callable[[Mapping[str, Any]], Any]
    native: bool = False
    id_of_package: str | None = None

    def make(self, arguments: Mapping[str, Any]) -> Any:
        """One environment, a Gymnasium, PettingZoo or RLlib one.

        Raises:
            TypeError: the environment is none of these, or does not take such arguments.
        """
        made = self.creator(EnvContext(dict(arguments), worker_index=0, num_workers=0))
        if not isinstance(made, (gym.Env, MultiAgentEnv, AECEnv, ParallelEnv)):
            raise TypeError(
                f"expected what makes a Gymnasium, PettingZoo or RLlib multi-agent environment, and {shown(self.env)} "
                f"made a {type(made)}"
            )
        return made


def resolve(env: Any) -> Named:
    """What a user has named.

    Args:
        env: a Gymnasium id, a name of `ray.tune.register_env`, a class (of Gymnasium, PettingZoo or RLlib), or a
            function; see `call` for their arguments.

    Raises:
        TypeError: something else. gymnasium.error.NameNotFound: no such id.
    """
    if callable(env):
        return Named(env if isinstance(env, type) and takes_env_config(env) else as_class(env), _caller(env))
    if not isinstance(env, str):
        raise TypeError(
            "env_id must be a Gymnasium id, a name of ray.tune.register_env, an environment class or a function of the "
            f"env_config, not {shown(env)}"
        )
    env = env.removeprefix(f"{PACKAGE}:")
    if env in CATALOGUE:
        # "package:id", so that a new worker imports the package, which registers the id.
        spec = gym.spec(env)
        native = spec.vector_entry_point is not None
        return Named(f"{PACKAGE}:{env}", functools.partial(_registered, spec), native, env)
    if (creator := creator_of(env)) is not None:
        return Named(env, creator)
    module, _, env_id = env.rpartition(":")
    if module:
        importlib.import_module(module)
    spec = gym.spec(env_id)
    make = functools.partial(_registered, spec)
    native = spec.vector_entry_point is not None
    # An id without a module may be registered in this process alone, a script or notebook: its spec goes to the others.
    return Named(env if module else _class_of(make, env), make, native)


def takes_env_config(creator: Callable[..., Any]) -> bool:
    """Whether a class or function is called as RLlib does, with one argument, the env_config.

    Its first parameter then has no default, or None or a dict, and is not `render_mode`. PettingZoo's classes, and
    functions such as its `env`, take keywords.
    """
    if isinstance(creator, type) and issubclass(creator, (AECEnv, ParallelEnv)):
        return False
    try:
        parameters = list(inspect.signature(creator).parameters.values())
    except (TypeError, ValueError):
        return True
    if not parameters or parameters[0].kind in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.KEYWORD_ONLY):
        return False
    first = parameters[0]
    return first.name != "render_mode" and (
        first.default is inspect.Parameter.empty or first.default is None or isinstance(first.default, Mapping)
    )


def call(creator: Callable[..., Any], env_config: Mapping[str, Any]) -> Any:
    """Call a class or function with env_config as its one argument, or with the entries of env_config as keywords.

    Raises:
        TypeError: it does not take them; says how it was called.
    """
    whole = takes_env_config(creator)
    try:
        return creator(env_config) if whole else creator(**env_config)
    except TypeError as error:
        how = "with one argument, the env_config, as RLlib calls it" if whole else f"with {sorted(env_config)}"
        raise TypeError(
            f"{_name(creator)} was called {how}: {error}. If that is not how to make it, {LAMBDA}"
        ) from error


def as_class(creator: Callable[..., Any]) -> type:
    """A class whose call with an env_config makes the environment: RLlib takes classes and strings, no functions."""
    return _class_of(_caller(creator), _name(creator))


def _caller(creator: Callable[..., Any]) -> Callable[[Mapping[str, Any]], Any]:
    return functools.partial(call, creator)


def _name(creator: Any) -> str:
    return str(getattr(creator, "__name__", type(creator).__name__))


class Maker:
    """Base of the classes that `configure` makes for RLlib; a call gives an environment."""

    make: Callable[[Mapping[str, Any]], Any]

    def __new__(cls, env_config: Mapping[str, Any]) -> Any:
        return cls.make(env_config)


def _class_of(make: Callable[[Mapping[str, Any]], Any], name: str) -> type:
    return type(name, (Maker,), {"make": staticmethod(make), "__module__": "__main__"})


def _registered(spec: Any, env_config: Mapping[str, Any]) -> Any:
    """An environment of a Gymnasium spec, a vector environment if env_config has `num_envs`."""
    arguments = dict(env_config)
    if NUM_ENVS in arguments:
        return gym.make_vec(spec, arguments.pop(NUM_ENVS), "vector_entry_point", **arguments)
    return gym.make(spec, **arguments)
