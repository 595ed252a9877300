"""Operations on masks and actions that several laws need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import trees
from ..mask_spec import MaskSpec

HeadMask = Callable[[int, Any], Any]  # (k, choices of the heads before it) -> what head k may take


class MaskFormError(ValueError):
    """No action can be drawn, since the mask has not the form that is declared: no fault of a step, but of the mask."""


def check_one_mask(spec: MaskSpec, mask: Any) -> None:
    """Raise `MaskFormError` unless this is one mask of the form, and not a batch of them, or of another shape."""
    try:
        spec.check(mask)
    except (ValueError, TypeError) as error:
        raise MaskFormError(f"a mask has not the form that is declared: {error}") from error
    if not is_one_mask(spec, mask):
        raise MaskFormError(f"a mask has not the form that is declared: expected one of {spec.space}, got several")


def is_one_mask(spec: MaskSpec, mask: Any) -> bool:
    """Whether what has the form of a mask or of a batch of masks is one mask."""
    return bool(trees.map(np.shape, mask) == trees.map(np.shape, spec.full()))


def binary_mask(spec: MaskSpec, mask: Any) -> Any:
    """A mask as int8 zeros and ones, whatever its dtype, so that a failure of L2 does not hide those of other laws."""
    if spec.kind in ("dict", "interval") or mask is None:
        return mask
    return (np.asarray(mask) != 0).astype(np.int8)


def parts_of(spec: Any, value: Any) -> list[tuple[Any, Any, Any]]:
    """Key, spec and value of each part of a dict or tuple mask, or of an action."""
    keys = range(len(spec.parts)) if spec.is_tuple else spec.keys
    return [(key, part, value[key]) for key, part in zip(keys, spec.parts, strict=True)]


def allows_a_part(spec: Any, mask: Any, action: Any) -> bool:
    """Whether a mask that judges the parts of an action apart allows one of them; False of other kinds of mask."""
    if spec.kind == "dict":
        triples = zip(parts_of(spec, mask), parts_of(spec, action), strict=True)
        return any(
            bool(part.allows(binary_mask(part, value), chosen)) or allows_a_part(part, value, chosen)
            for (_, part, value), (_, _, chosen) in triples
        )
    if spec.kind == "per_head":
        heads = np.split(np.asarray(mask), np.cumsum(spec.nvec)[:-1])
        return any(bool(head[choice]) for head, choice in zip(heads, action, strict=True))
    if spec.kind == "binary":
        return bool(np.asarray(mask)[np.arange(len(mask)), np.asarray(action, np.int64)].any())
    if spec.kind == "interval":
        return bool(((action >= mask[0]) & (action <= mask[1])).any())
    return False


def allows_nothing(spec: MaskSpec, mask: Any) -> bool:
    """Whether a mask is all zeros, or its bounds cross."""
    if spec.kind == "dict":
        return all(allows_nothing(part, value) for _, part, value in parts_of(spec, mask))
    if spec.kind == "interval":
        return bool((mask[0] >= mask[1]).all())
    return not np.asarray(mask).any()
