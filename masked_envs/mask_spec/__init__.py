"""`MaskSpec`: what the mask of an environment is, and everything one can do with it.

One class per kind of mask, one constructor per kind on `MaskSpec`:

>>> import numpy as np
>>> spec = MaskSpec.flat(3)
>>> spec.sample(np.array([0, 1, 0], np.int8), np.random.default_rng(0))
1
"""

from .base import KINDS, MEANINGS, MaskSpec
from .composite import DictMask
from .conditional import ConditionalMask
from .dialects import DIALECTS
from .discrete import CandidatesMask, FlatMask, JointMask, PerHeadMask
from .vector import BinaryMask, IntervalMask

__all__ = [
    "DIALECTS",
    "KINDS",
    "MEANINGS",
    "BinaryMask",
    "CandidatesMask",
    "ConditionalMask",
    "DictMask",
    "FlatMask",
    "IntervalMask",
    "JointMask",
    "MaskSpec",
    "PerHeadMask",
]
