"""Tianshou: bool (n,), Discrete only (tianshou/algorithm/modelfree/dqn.py, random.py, 2.0)."""

from __future__ import annotations

import numpy as np

from ._dialect import Dialect, array_codec

DIALECT = Dialect(
    "tianshou",
    "it masks Discrete actions only",
    {"flat": array_codec(np.bool_), "candidates": array_codec(np.bool_)},
)
