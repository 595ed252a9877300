"""The spaces of Gymnasium as TorchRL's specs, for a batch of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torchrl.data import Binary, Bounded, Categorical, Composite, Unbounded

DONE_KEYS = ("done", "terminated", "truncated")


def spec_of(space: spaces.Space[Any], rows: int, device: torch.device) -> Any:
    """The spec of a batch of a space: Composite of a Dict, Categorical of a Discrete, bounded or not of a Box."""
    if isinstance(space, spaces.Dict):
        parts = {key: spec_of(part, rows, device) for key, part in space.spaces.items()}
        return Composite(parts, shape=(rows,), device=device)
    if isinstance(space, spaces.Discrete):
        return Categorical(int(space.n), shape=(rows,), device=device)
    if isinstance(space, spaces.MultiBinary):
        return Binary(shape=(rows, *space.shape), dtype=torch.int8, device=device)
    dtype = torch.from_numpy(np.zeros(0, space.dtype)).dtype
    if not isinstance(space, spaces.Box) or not space.is_bounded():
        return Unbounded(shape=(rows, *(space.shape or ())), dtype=dtype, device=device)
    low, high = (torch.from_numpy(np.array(bound)).to(device) for bound in (space.low, space.high))
    return Bounded(low, high, shape=space.shape, dtype=dtype, device=device).expand(rows, *space.shape)


def mask_spec(shape: tuple[int, ...], device: torch.device) -> Any:
    """The spec of bool masks of this shape."""
    return Binary(shape=shape, dtype=torch.bool, device=device)


def done_spec(rows: int, device: torch.device) -> Any:
    """done, terminated and truncated, bool (rows, 1) each."""
    flags = {key: Categorical(2, shape=(rows, 1), dtype=torch.bool, device=device) for key in DONE_KEYS}
    return Composite(flags, shape=(rows,), device=device)


def tensors(tree: Any) -> Any:
    """A dict of arrays, or one array, as tensors that share their memory; numbers of Discrete spaces as int64."""
    if isinstance(tree, dict):
        return {key: tensors(part) for key, part in tree.items()}
    return torch.from_numpy(np.ascontiguousarray(tree))
