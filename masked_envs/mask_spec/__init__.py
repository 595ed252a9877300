"""`MaskSpec`: the form of an environment's action mask, and everything one can do with it.

One class per kind of mask, one constructor per kind on `MaskSpec`:

>>> import numpy as np
>>> spec = MaskSpec.flat(3)
>>> spec.sample(np.array([0, 1, 0], np.int8), np.random.default_rng(0))
1
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .spec import KINDS, MEANINGS, MaskSpec

if TYPE_CHECKING:
    from .box import IntervalMask
    from .checks import HeadMask
    from .dialects import DIALECTS
    from .dict import DictMask
    from .discrete import CandidatesMask, FlatMask
    from .from_space import spec_of_space
    from .multi_binary import BinaryMask
    from .multi_discrete import ConditionalMask, JointMask, PerHeadMask

# Imported on first use: together they would take half of the time of `import masked_envs`.
HOME = {
    "BinaryMask": "multi_binary",
    "CandidatesMask": "discrete",
    "ConditionalMask": "multi_discrete",
    "DIALECTS": "dialects",
    "DictMask": "dict",
    "FlatMask": "discrete",
    "HeadMask": "checks",
    "IntervalMask": "box",
    "JointMask": "multi_discrete",
    "PerHeadMask": "multi_discrete",
    "spec_of_space": "from_space",
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
    "HeadMask",
    "IntervalMask",
    "JointMask",
    "MaskSpec",
    "PerHeadMask",
    "spec_of_space",
]


def __getattr__(name: str) -> Any:
    if name in HOME:
        return getattr(import_module(f"{__name__}.{HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
