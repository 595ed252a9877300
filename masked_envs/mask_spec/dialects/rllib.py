"""RLlib: float32, flat; heads one after another; no distribution for MultiBinary.

rllib/examples/rl_modules/classes/action_masking_rlm.py and rllib/core/models/catalog.py, 2.60.
"""

from __future__ import annotations

import numpy as np

from ._dialect import Dialect, array_codec

DIALECT = Dialect(
    "rllib",
    "it masks Discrete and MultiDiscrete actions, each choice by itself",
    {
        "flat": array_codec(np.float32),
        "candidates": array_codec(np.float32),
        "per_head": array_codec(np.float32),
    },
)
