"""The spec of a mask from a Gymnasium action space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

from .checks import is_one_of, items_of, shown
from .spec import MaskSpec, Meaning

KINDS_OF_SPACE: dict[type[spaces.Space[Any]], tuple[str, ...]] = {
    spaces.Discrete: ("flat", "candidates"),
    spaces.MultiDiscrete: ("per_head", "joint", "conditional"),
    spaces.MultiBinary: ("binary",),
    spaces.Box: ("interval",),
    spaces.Dict: ("dict",),
    spaces.Tuple: ("dict",),
}
"""The kinds of mask that a space can have; the first is the default, but a MultiDiscrete has none."""


def spec_of_space(space: spaces.Space[Any], kind: Any, meaning: Meaning) -> MaskSpec:
    """See `MaskSpec.from_space`."""
    if isinstance(space, (spaces.Dict, spaces.Tuple)):
        return _from_parts(space, kind, meaning)
    known = next((kinds for cls, kinds in KINDS_OF_SPACE.items() if isinstance(space, cls)), ())
    if not known:
        names = ", ".join(cls.__name__ for cls in KINDS_OF_SPACE)
        raise ValueError(f"there is no kind of mask for {shown(space)}; the action spaces with masks are {names}")
    if kind is None and isinstance(space, spaces.MultiDiscrete):
        raise ValueError(f"say which kind of mask {space} has: kind= one of {', '.join(map(repr, known))}")
    kind = known[0] if kind is None else kind
    if not is_one_of(kind, known):
        raise ValueError(f"a mask of {space} is of kind {' or '.join(map(repr, known))}, not {shown(kind)}")
    return _leaf(space, kind, meaning)


def _from_parts(space: spaces.Dict | spaces.Tuple, kind: Any, meaning: Meaning) -> MaskSpec:
    kind = None if is_one_of(kind, ("dict",)) else kind
    if isinstance(space, spaces.Dict):
        kinds = {} if kind is None else kind
        if not isinstance(kinds, Mapping) or not all(is_one_of(key, space.spaces) for key in kinds):
            raise ValueError(f"kind must map keys of {list(space.spaces)} to kinds, not {shown(kind)}")
        parts = {key: spec_of_space(part, kinds.get(key), meaning) for key, part in space.spaces.items()}
        return MaskSpec.dict(parts, meaning=meaning)
    kinds = [None] * len(space.spaces) if kind is None else items_of(kind)
    if kinds is None or len(kinds) != len(space.spaces):
        raise ValueError(f"kind must be a sequence of {len(space.spaces)} kinds, not {shown(kind)}")
    return MaskSpec.dict(
        [spec_of_space(*pair, meaning) for pair in zip(space.spaces, kinds, strict=True)], meaning=meaning
    )


def _leaf(space: Any, kind: str, meaning: Meaning) -> MaskSpec:
    if isinstance(space, spaces.Discrete):
        if kind == "flat":
            return MaskSpec.flat(int(space.n), start=int(space.start), meaning=meaning)
        if space.start != 0:
            raise ValueError(f"candidates are numbered from 0, which {space} is not")
        return MaskSpec.candidates(int(space.n), meaning=meaning)
    if isinstance(space, spaces.MultiBinary):
        if not isinstance(space.n, (int, np.integer)):
            raise ValueError(f"a binary mask is of MultiBinary(n) with one axis, not {space}")
        return MaskSpec.binary(int(space.n), meaning=meaning)
    if len(space.shape) != 1:
        raise ValueError(f"a mask is of actions with one axis, not {space}")
    if isinstance(space, spaces.Box):
        return MaskSpec.interval(space.low, space.high, dtype=space.low.dtype, meaning=meaning)
    if np.any(space.start != 0):
        raise ValueError(f"the heads of a mask are numbered from 0, which those of {space} are not")
    constructor = {"per_head": MaskSpec.per_head, "joint": MaskSpec.joint, "conditional": MaskSpec.conditional}[kind]
    return constructor(space.nvec, meaning=meaning)
