"""`MaskSpec`: what the mask of an environment is, and everything one can do with it.

One class per kind of mask, one constructor per kind on `MaskSpec`:

>>> import numpy as np
>>> spec = MaskSpec.flat(3)
>>> spec.sample(np.array([0, 1, 0], np.int8), np.random.default_rng(0))
1
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .base import KINDS, MEANINGS, MaskSpec

if TYPE_CHECKING:
    from .composite import DictMask
    from .conditional import ConditionalMask
    from .dialects import DIALECTS
    from .discrete import CandidatesMask, FlatMask, JointMask, PerHeadMask
    from .vector import BinaryMask, IntervalMask

# Imported when they are asked for: together they would be half of the time of `import masked_envs`.
HOME = {
    "BinaryMask": "vector",
    "CandidatesMask": "discrete",
    "ConditionalMask": "conditional",
    "DIALECTS": "dialects",
    "DictMask": "composite",
    "FlatMask": "discrete",
    "IntervalMask": "vector",
    "JointMask": "discrete",
    "PerHeadMask": "discrete",
}

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


def __getattr__(name: str) -> Any:
    if name in HOME:
        return getattr(import_module(f"{__name__}.{HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
