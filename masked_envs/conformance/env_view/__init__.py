"""`EnvView`: one interface over every kind of environment under test; one file per library interface."""

from __future__ import annotations

from typing import Any

from .base import RESET_ENDED, EnvView
from .gymnasium import SingleEnvView
from .pettingzoo import AECEnvView, ParallelEnvView
from .third_party import Options
from .vector import VectorEnvView

__all__ = ["RESET_ENDED", "EnvView", "Options", "view_of"]


def view_of(env: Any) -> EnvView:
    """The view of an environment.

    Raises:
        TypeError: no known interface.
    """
    for kind in (VectorEnvView, SingleEnvView, AECEnvView, ParallelEnvView):
        if kind.fits(env):
            return kind(env)
    raise TypeError(
        f"expected an id, a gymnasium.Env, a gymnasium VectorEnv, a PettingZoo AECEnv or ParallelEnv, or a function "
        f"that makes one, not {type(env).__name__}"
    )
