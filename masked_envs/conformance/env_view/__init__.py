"""`EnvView`: one interface over every kind of environment under test; one file per library interface."""

from __future__ import annotations

from typing import Any

from ...adaptation.other_libraries import advice_for
from .base import RESET_ENDED, EnvView
from .gymnasium import SingleEnvView
from .pettingzoo import AECEnvView, ParallelEnvView
from .third_party import Options
from .vector import VectorEnvView

__all__ = ["RESET_ENDED", "EnvView", "Options", "view_of"]


def view_of(env: Any) -> EnvView:
    """The view of an environment.

    Raises:
        TypeError: no known interface; of other libraries the message says what to do.
    """
    for kind in (VectorEnvView, SingleEnvView, AECEnvView, ParallelEnvView):
        if kind.fits(env):
            return kind(env)
    advice = advice_for(env)
    raise TypeError(
        "expected an id, a gymnasium.Env, a gymnasium VectorEnv, a PettingZoo AECEnv or ParallelEnv, or a function "
        f"that makes one, not {type(env).__name__}" + (f", which {advice}" if advice else "")
    )
