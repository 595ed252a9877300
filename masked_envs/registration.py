"""Environments by id: look up, make, and register with Gymnasium and PettingZoo."""

from __future__ import annotations

import difflib
import functools
import importlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gymnasium

from .catalogue import CATALOGUE
from .errors import UnknownEnvironmentError
from .mask_spec.checks import shown

if TYPE_CHECKING:
    from .api.aec_env import MaskedAECEnv
    from .api.gymnasium_env import MaskedEnv
    from .api.parallel_env import MaskedParallelEnv
    from .api.vector_env import MaskedVectorEnv
    from .core.declaration import Declaration

LIKENESS = 0.7
"""`difflib` ratio from which a word resembles an id: one of 1 differs in nothing, of 0 in everything."""


def declaration(env_id: str) -> Declaration:
    """The declaration of an id.

    Raises:
        UnknownEnvironmentError: there is no such id; the nearest is suggested.
    """
    if not isinstance(env_id, str) or env_id not in CATALOGUE:
        nearest = _nearest(env_id) if isinstance(env_id, str) else None
        hint = "" if nearest is None else f" Did you mean {nearest!r}?"
        raise UnknownEnvironmentError(
            f"there is no environment {shown(env_id)}.{hint} `masked-envs list` shows all ids."
        )
    module = importlib.import_module(f"{__package__}.envs.{CATALOGUE[env_id].module}")
    declared: Declaration = module.ENV
    return declared


def _nearest(word: str) -> str | None:
    """The id that a word resembles, if there is one, without regard to case, version and what all ids begin with."""

    def stem(env_id: str) -> str:
        name = re.sub(r"[-_]v\d+$", "", env_id.rpartition(":")[2].rpartition("/")[2])
        return re.sub(r"[^a-z0-9]", "", name.lower()).removeprefix("masked")

    stems = {stem(env_id): env_id for env_id in CATALOGUE}
    found = difflib.get_close_matches(stem(word), stems, 1, cutoff=LIKENESS)
    return stems[found[0]] if found else None


def make(env_id: str, **arguments: Any) -> MaskedEnv:
    """Make the Gymnasium environment of an id, as `gymnasium.make` does; for arguments see `api.MaskedEnv`."""
    from .api.gymnasium_env import MaskedEnv

    return MaskedEnv(declaration(env_id), **arguments)


def make_vec(env_id: str, num_envs: int = 1, **arguments: Any) -> MaskedVectorEnv:
    """Make the vector environment of an id, as `gymnasium.make_vec` does; for arguments see `api.MaskedVectorEnv`."""
    from .api.vector_env import MaskedVectorEnv

    return MaskedVectorEnv(declaration(env_id), num_envs, **arguments)


def make_aec(env_id: str, **arguments: Any) -> MaskedAECEnv:
    """Make the PettingZoo AEC environment of a game; for arguments see `api.MaskedAECEnv`."""
    _require_pettingzoo("make_aec")
    from .api.aec_env import MaskedAECEnv

    return MaskedAECEnv(_game(env_id), **arguments)


def make_parallel(env_id: str, **arguments: Any) -> MaskedParallelEnv:
    """Make the PettingZoo parallel environment of a simultaneous game; for arguments see `api.MaskedParallelEnv`."""
    _require_pettingzoo("make_parallel")
    from .api.parallel_env import MaskedParallelEnv

    return MaskedParallelEnv(_game(env_id), **arguments)


def _require_pettingzoo(what: str) -> None:
    try:
        import pettingzoo  # noqa: F401
    except ImportError as error:
        raise ImportError(f"{what} needs PettingZoo ({error}): pip install pettingzoo", name=error.name) from error


def _game(env_id: str) -> Declaration:
    declared = declaration(env_id)
    if declared.play == "single":
        raise TypeError(f"{env_id} has one agent: use gymnasium.make('{env_id}')")
    return declared


MAKERS: dict[str, Callable[..., Any]] = {"env": make, "vec": make_vec, "aec": make_aec, "parallel": make_parallel}


def __getattr__(name: str) -> Any:
    """Entry points of single ids, such as "env/MaskedX-v0", so that registries hold plain strings."""
    kind, _, env_id = name.partition("/")
    if kind in MAKERS and env_id in CATALOGUE:
        return functools.partial(MAKERS[kind], env_id)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def register_all() -> None:
    """Register every id with Gymnasium and, from 1.27 on, with PettingZoo."""
    for env_id in CATALOGUE:
        gymnasium.register(
            env_id,
            entry_point=f"{__name__}:env/{env_id}",
            vector_entry_point=f"{__name__}:vec/{env_id}",
            order_enforce=False,  # the environment itself refuses a step before reset, and has its own time limit
            disable_env_checker=True,  # the test suite runs it over every id; it costs more than a step
        )
    try:
        from pettingzoo import register
    except ImportError:  # before 1.27, PettingZoo has no registry: make_aec and make_parallel remain
        return
    for env_id, entry in CATALOGUE.items():
        if entry.play != "single":
            register("aec", env_id, entry_point=f"{__name__}:aec/{env_id}")
        if entry.play == "simultaneous":
            register("parallel", env_id, entry_point=f"{__name__}:parallel/{env_id}")
