"""Arrays between RLlib, torch and the environments, and what makes many small steps with them quick."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.utils.numpy import convert_to_numpy
from ray.rllib.utils.spaces.space_utils import clip_action, get_base_struct_from_space, unsquash_action

from .. import trees

NARROWED = {"d": np.float32, "e": np.float32, "l": np.int32, "q": np.int32}


def as_array(value: Any) -> Any:
    """As `convert_to_numpy` converts one value: floats become float32, int64 becomes int32."""
    if not (isinstance(value, torch.Tensor) and value.dim()):
        return convert_to_numpy(value)
    array = value.numpy(force=True)
    return array.astype(NARROWED.get(array.dtype.char, array.dtype), copy=False)


def where_rows(rows: npt.NDArray[np.bool_], chosen: npt.NDArray[Any], other: npt.NDArray[Any]) -> Any:
    """Row by row the first or the second (N, ...)."""
    return np.where(rows.reshape(-1, *[1] * (chosen.ndim - 1)), chosen, other)


def fitting(config: AlgorithmConfig, action_space: spaces.Space[Any]) -> Callable[[Any], Any] | None:
    """Map module actions to environment actions; None if unchanged."""
    if not (config.normalize_actions or config.clip_actions):
        return None
    parts = get_base_struct_from_space(action_space)
    leaves: list[spaces.Space[Any]] = []
    trees.map(leaves.append, parts)
    if not any(isinstance(leaf, spaces.Box) for leaf in leaves):
        return lambda actions: actions
    change = unsquash_action if config.normalize_actions else clip_action
    return lambda actions: change(actions, parts)


def without_collections(method: Callable[..., Any]) -> Callable[..., Any]:
    """Keep Python's garbage collector from running within a method.

    A fragment makes thousands of dicts and no reference cycles. The collector would run again and again, and each time
    look through all objects of the process, of which RLlib has many.
    """

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return method(*args, **kwargs)
        finally:
            if was_enabled:
                gc.enable()

    return call
