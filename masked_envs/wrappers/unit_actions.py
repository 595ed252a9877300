"""Actions in [-1, 1] and actions between the bounds of an interval mask: the affine map between them, both ways."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..mask_spec import MaskSpec

Numbers = npt.NDArray[Any]


def unit_spec(wrapper: object, spec: Any) -> MaskSpec:
    """The interval [-1, 1] in each coordinate of an interval mask.

    Raises:
        TypeError: another kind of mask.
    """
    if spec.kind != "interval":
        raise TypeError(
            f"{type(wrapper).__name__} is for interval masks, whose actions are a Box, not for {spec.kind} masks over "
            f"{spec.action_space}; FlatActions and SequentialActions take every kind"
        )
    d = len(spec.low)
    return MaskSpec.interval([-1.0] * d, [1.0] * d, dtype=spec.dtype, meaning=spec.meaning)


def to_bounds(unit: Numbers, mask: Numbers) -> Numbers:
    """The actions (..., d) that stand between the bounds of masks (..., 2, d) as `unit` (..., d) stands in [-1, 1].

    -1 gives exactly the lower bound and 1 the upper one; nothing leaves the bounds. What is not in [-1, 1] gives nan.
    """
    low, high = mask[..., 0, :], mask[..., 1, :]
    share = (unit.astype(np.float64) + 1.0) / 2.0
    point = (1.0 - share) * low + share * high  # a weighted mean, since high - low can overflow
    inside = (unit >= -1) & (unit <= 1)
    return np.where(inside, np.clip(point.astype(mask.dtype), low, high), np.nan).astype(mask.dtype)


def to_unit(action: Numbers, mask: Numbers) -> Numbers:
    """The reverse of `to_bounds`; 0 where the bounds meet, since every number stands for the same action there."""
    low, high = (mask[..., k, :].astype(np.float64) / 2.0 for k in range(2))  # halves do not overflow
    half, width = np.asarray(action, np.float64) / 2.0, high - low
    unit = np.clip(((half - low) - (high - half)) / np.where(width > 0, width, 1.0), -1.0, 1.0)
    # Half of the least subnormal number is 0, so the ends and what is free are told from the bounds themselves.
    ends = np.where(action >= mask[..., 1, :], 1.0, np.where(action <= mask[..., 0, :], -1.0, unit))
    return np.where(mask[..., 0, :] < mask[..., 1, :], ends, 0.0).astype(mask.dtype)


def log_scale(mask: Numbers) -> npt.NDArray[np.float64]:
    """The logarithm of the factor by which `to_bounds` stretches volumes, over the coordinates that are free; (...,).

    The log-density of an action is that of its number in [-1, 1] minus this.
    """
    low, high = (mask[..., k, :].astype(np.float64) / 2.0 for k in range(2))
    width = high - low
    scales: npt.NDArray[np.float64] = np.log(np.where(width > 0, width, 1.0)).sum(axis=-1)
    return scales
