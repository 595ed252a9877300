"""sb3-contrib: bool, flat; MultiBinary as 2n (sb3_contrib/common/maskable/distributions.py, 2.9)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checks import Array
from ._dialect import Dialect, array_codec


def pairs_to_row(spec: Any, mask: Array) -> Array:
    """(..., n, 2) to (..., 2n): bit after bit, may be 0, may be 1."""
    return mask.reshape(*mask.shape[:-2], 2 * spec.n)


def row_to_pairs(spec: Any, row: Array) -> Array:
    """The reverse of `pairs_to_row`."""
    return row.reshape(*row.shape[:-1], spec.n, 2)


DIALECT = Dialect(
    "sb3",
    "MaskablePPO masks Discrete, MultiDiscrete and MultiBinary actions, each choice by itself",
    {
        "flat": array_codec(np.bool_),
        "candidates": array_codec(np.bool_),
        "per_head": array_codec(np.bool_),
        "binary": array_codec(np.bool_, lambda spec: (2 * spec.n,), pairs_to_row, row_to_pairs),
    },
)
