"""masked_envs: action-masked reinforcement learning environments for Gymnasium and PettingZoo.

Importing this package registers every environment: `gymnasium.make("MaskedCartPole-v0")`.
"""

from __future__ import annotations

from typing import Any

from . import starting  # noqa: F401  (first: Ctrl-C during the other imports)
from .errors import EmptyMaskError, InvalidActionError, UnknownEnvironmentError
from .mask_spec import MaskSpec
from .registration import make, make_aec, make_parallel, make_vec, register_all

__all__ = [
    "EmptyMaskError",
    "InvalidActionError",
    "MaskSpec",
    "UnknownEnvironmentError",
    "__version__",
    "adapt",
    "check_masked_env",
    "make",
    "make_aec",
    "make_parallel",
    "make_vec",
]

register_all()


def __getattr__(name: str) -> Any:
    """What costs time to import comes when it is asked for."""
    if name == "check_masked_env":
        from .conformance import check_masked_env

        return check_masked_env
    if name == "adapt":
        from .adaptation import adapt

        return adapt
    if name == "__version__":
        from importlib.metadata import version

        return version("masked-envs")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
