"""Every way to make the environments that tests run over: the toys, which have every kind of mask, and the catalogue.

What a test crosses with interfaces, backends, autoreset modes or `on_invalid` runs over the toys. The same over every
id is marked `long`, so that `make test` takes no longer for one more id.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import pytest
import toys
from gymnasium.vector import AutoresetMode

import masked_envs
from masked_envs.api import MaskedAECEnv, MaskedEnv, MaskedParallelEnv, MaskedVectorEnv
from masked_envs.catalogue import CATALOGUE
from masked_envs.core.declaration import Declaration
from masked_envs.registration import declaration

TOYS: dict[str, Declaration] = {
    toy.id: toy
    for toy in (importlib.import_module(f"toys.{name}").ENV for _, name, _ in pkgutil.iter_modules(toys.__path__))
}
IDS = tuple(CATALOGUE)
GAMES = tuple(env_id for env_id, entry in CATALOGUE.items() if entry.play != "single")
BACKENDS = ("python", "numba")
ON_INVALID = ("raise", "terminate", "noop", "resample")
MODES = tuple(AutoresetMode)
ROWS = 3


def declared_of(env_id: str) -> Declaration:
    """The declaration of an id, or of a toy."""
    return TOYS[env_id] if env_id in TOYS else declaration(env_id)


def in_one_action(declared: Declaration) -> bool:
    """Whether one Gymnasium action can play every agent."""
    return declared.play != "simultaneous" or declared.mask(declared.resolve({})).kind in ("flat", "candidates")


def has_sb3_form(spec: Any) -> bool:
    """Whether sb3-contrib has a form for masks of this kind, so that `action_masks()` gives one."""
    return spec.can_convert("sb3")


def choices(env_id: str) -> Iterator[dict[str, Any]]:
    """The defaults of an id, then every other choice of each parameter that has choices."""
    yield {}
    for name, parameter in declared_of(env_id).parameters.items():
        yield from ({name: choice} for choice in parameter.choices if choice != parameter.default)


def makers(env_id: str) -> dict[str, Callable[..., Any]]:
    """What makes an environment of one id, or of a toy, by the kind of interface."""
    if env_id not in TOYS:
        return {
            "env": functools.partial(gym.make, env_id),
            "vector": functools.partial(gym.make_vec, env_id, num_envs=ROWS),
            "aec": functools.partial(masked_envs.make_aec, env_id),
            "parallel": functools.partial(masked_envs.make_parallel, env_id),
        }
    toy = TOYS[env_id]
    return {
        "env": functools.partial(MaskedEnv, toy),
        "vector": functools.partial(MaskedVectorEnv, toy, num_envs=ROWS),
        "aec": functools.partial(MaskedAECEnv, toy),
        "parallel": functools.partial(MaskedParallelEnv, toy),
    }


def surfaces(env_id: str) -> dict[str, Callable[..., Any]]:
    """The makers of one id, or of a toy, by the name of the surface."""
    declared, make_one = declared_of(env_id), makers(env_id)
    made: dict[str, Callable[..., Any]] = {}
    if in_one_action(declared):
        made["env"] = make_one["env"]
        for mode in MODES:
            made[f"vector {mode.value}"] = functools.partial(make_one["vector"], autoreset_mode=mode)
    if declared.play != "single":
        agent = len(declared.agents(declared.resolve({}))) - 1
        made["seat"] = functools.partial(make_one["env"], opponent="random", agent=agent)
        made["vector of seats"] = functools.partial(make_one["vector"], opponent="random", agent=agent)
        made["aec"] = make_one["aec"]
    if declared.play == "simultaneous":
        made["parallel"] = make_one["parallel"]
    return made


def pairs(env_ids: Any) -> tuple[tuple[str, str], ...]:
    return tuple(itertools.chain.from_iterable([(i, surface) for surface in surfaces(i)] for i in env_ids))


def some_and_long(some: Any, rest: Any) -> list[Any]:
    """Parameters of a test: `some` every time, the rest in `make test-long`."""
    tuples = (each if isinstance(each, tuple) else (each,) for each in rest)
    return [*some, *(pytest.param(*each, marks=pytest.mark.long) for each in tuples)]


ALL_SURFACES = pairs(IDS)
TOY_SURFACES = pairs(TOYS)
ONE_OF_EACH_PLAY = tuple({entry.play: env_id for env_id, entry in reversed(CATALOGUE.items())}.values())
"""The first id of each way to play, for what a registered id has and a toy has not."""


ALL_CHOICES = tuple(itertools.chain.from_iterable([(i, chosen) for chosen in choices(i)] for i in IDS))


def make(env_id: str, surface: str, **arguments: Any) -> Any:
    """One environment by id and surface."""
    return surfaces(env_id)[surface](**arguments)


def make_plain(env_id: str, surface: str, *, on_invalid: str = "raise", time_limit: int | None = None) -> Any:
    """`make` without a choice of the backend: a check of it compiles nothing for a single environment."""
    limit = {} if time_limit is None else {"time_limit": time_limit}
    return make(env_id, surface, on_invalid=on_invalid, **limit)
