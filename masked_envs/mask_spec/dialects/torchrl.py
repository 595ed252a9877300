"""TorchRL: bool, one entry per choice; MultiDiscrete as one joint mask of shape nvec.

torchrl/envs/libs/gym.py and modules/distributions/discrete.py (`MaskedCategorical`), 0.14.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checks import Array
from ._dialect import Dialect, array_codec


def heads_to_joint(spec: Any, mask: Array) -> Array:
    """The outer product of the masks of the heads, (..., *nvec)."""
    joint: Array = spec.dense(mask)
    return joint


def joint_to_heads(spec: Any, joint: Array) -> Array:
    """What each head may take in some combination, (..., sum nvec).

    Raises:
        ValueError: not every combination of these is allowed, so that no mask per head says the same.
    """
    count = len(spec.nvec)
    others = [tuple(j - count for j in range(count) if j != k) for k in range(count)]
    mask = np.concatenate([joint.any(axis=axes) for axes in others], axis=-1)
    if not np.array_equal(heads_to_joint(spec, mask), joint):
        raise ValueError(f"this joint mask over {spec.nvec} is no product of one mask per head; use MaskSpec.joint")
    return mask


def only_two_heads(spec: Any, mask: Array) -> Array:
    """The table of a conditional mask, where it is the whole mask.

    Raises:
        ValueError: there are dependent heads, which the table does not hold.
    """
    if len(spec.nvec) > 2:
        raise ValueError(f"only a conditional mask of two heads is a joint mask; this one has {len(spec.nvec)}")
    return mask


DIALECT = Dialect(
    "torchrl",
    "MaskedCategorical and ActionMask take one mask over all the choices of Discrete or MultiDiscrete",
    {
        "flat": array_codec(np.bool_),
        "candidates": array_codec(np.bool_),
        "per_head": array_codec(np.bool_, lambda spec: spec.nvec, heads_to_joint, joint_to_heads),
        "joint": array_codec(np.bool_),
        "conditional": array_codec(np.bool_, write=only_two_heads, read=only_two_heads),
    },
)
