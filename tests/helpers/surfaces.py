"""Every way to make every environment of the catalogue, for tests that hold for all of them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
from gymnasium.vector import AutoresetMode

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.core.declaration import Declaration
from masked_envs.registration import declaration

IDS = tuple(CATALOGUE)
GAMES = tuple(env_id for env_id, entry in CATALOGUE.items() if entry.play != "single")
BACKENDS = ("python", "numba")
ON_INVALID = ("raise", "terminate", "noop", "resample")
MODES = tuple(AutoresetMode)
ROWS = 3


def in_one_action(declared: Declaration) -> bool:
    """Whether one Gymnasium action can play every agent."""
    return declared.play != "simultaneous" or declared.mask(declared.resolve({})).kind in ("flat", "candidates")


def has_sb3_form(spec: Any) -> bool:
    """Whether sb3-contrib has a form for masks of this kind, so that `action_masks()` gives one."""
    return spec.can_convert("sb3")


def choices(env_id: str) -> Iterator[dict[str, Any]]:
    """The defaults of an id, then every other choice of each parameter that has choices."""
    yield {}
    for name, parameter in declaration(env_id).parameters.items():
        yield from ({name: choice} for choice in parameter.choices if choice != parameter.default)


def surfaces(env_id: str) -> dict[str, Callable[..., Any]]:
    """The makers of one id by the name of the surface."""
    declared = declaration(env_id)
    made: dict[str, Callable[..., Any]] = {}
    if in_one_action(declared):
        made["env"] = functools.partial(gym.make, env_id)
        for mode in MODES:
            made[f"vector {mode.value}"] = functools.partial(gym.make_vec, env_id, num_envs=ROWS, autoreset_mode=mode)
    if declared.play != "single":
        agent = len(declared.agents(declared.resolve({}))) - 1
        made["seat"] = functools.partial(gym.make, env_id, opponent="random", agent=agent)
        made["vector of seats"] = functools.partial(gym.make_vec, env_id, num_envs=ROWS, opponent="random", agent=agent)
        made["aec"] = functools.partial(masked_envs.make_aec, env_id)
    if declared.play == "simultaneous":
        made["parallel"] = functools.partial(masked_envs.make_parallel, env_id)
    return made


ALL_SURFACES = tuple(itertools.chain.from_iterable([(i, surface) for surface in surfaces(i)] for i in IDS))


ALL_CHOICES = tuple(itertools.chain.from_iterable([(i, chosen) for chosen in choices(i)] for i in IDS))


def make(env_id: str, surface: str, **arguments: Any) -> Any:
    """One environment by id and surface."""
    return surfaces(env_id)[surface](**arguments)
