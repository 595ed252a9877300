"""The public environments: thin views of `core.engine.Engine`, one per interface.

gymnasium_env   `MaskedEnv`, a gymnasium.Env
vector_env      `MaskedVectorEnv`, a gymnasium.vector.VectorEnv
aec_env         `MaskedAECEnv`, a pettingzoo.AECEnv
parallel_env    `MaskedParallelEnv`, a pettingzoo.ParallelEnv
"""

from typing import Any

HOME = {
    "MaskedEnv": "gymnasium_env",
    "MaskedVectorEnv": "vector_env",
    "MaskedAECEnv": "aec_env",
    "MaskedParallelEnv": "parallel_env",
}

__all__ = ["MaskedAECEnv", "MaskedEnv", "MaskedParallelEnv", "MaskedVectorEnv"]  # noqa: F822


def __getattr__(name: str) -> Any:
    """Each interface imports its library when it is asked for."""
    if name in HOME:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
