"""What is wrong with an environment whose reset has failed, in words: Gymnasium fails while it copies arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..torch.features import part_at, parts_of


def misfit_of(envs: Any) -> str | None:
    """How what the first environment of a vector environment returns differs from what it says; None if it does not.

    Raises:
        Exception: what its own `reset` raises.
    """
    first = next(iter(getattr(envs.unwrapped, "envs", [])), None)
    if first is None:
        return None
    name, made = type(first.unwrapped).__name__, first.unwrapped.reset()
    if not (isinstance(made, tuple) and len(made) == 2 and isinstance(made[1], dict)):
        return f"{name}.reset() must return (observation, info), and returned a {type(made).__name__}"
    for path, space in parts_of(first.observation_space, whole=True).items():
        part = f"the observation {'/'.join(map(str, path))!r} of {name}"
        try:
            given = np.shape(part_at(made[0], path))
        except (KeyError, IndexError, TypeError):
            return f"{part} is missing, and its observation_space has it"
        if space.shape is not None and given != space.shape:
            return f"{part} has shape {given}, and its observation_space says {space.shape}"
    return None
