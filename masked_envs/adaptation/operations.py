"""Operations of `MaskSpec` with a head mask that may be None: only a mask with dependent heads takes one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..mask_spec import MaskSpec

HeadMask = Callable[[int, Sequence[int]], Any]


def allows(spec: Any, mask: Any, action: Any, head_mask: HeadMask | None = None) -> bool:
    """Whether the mask allows the action; False for what is no action at all."""
    return bool(spec.allows(mask, action, *_needed(spec, head_mask)))


def sample(spec: Any, mask: Any, rng: np.random.Generator, head_mask: Any = None) -> Any:
    """One action, every legal one equally likely; of a batch of masks, one for each row.

    Args:
        spec: of the mask.
        mask: canonical, or a batch.
        rng: where the chance comes from.
        head_mask: for dependent heads; of a batch a list, one function for each row.

    Raises:
        ValueError: nothing is legal.
    """
    return spec.sample(mask, rng, *_needed(spec, head_mask))


def is_empty(spec: Any, mask: Any, head_mask: HeadMask | None = None) -> bool:
    """Whether no action is legal. With dependent heads, the search stops at the first legal action."""
    if spec.needs_head_mask:
        return not spec.list_legal(mask, 1, head_mask)
    return bool(spec.count(mask) == 0)


def empty_rows(spec: Any, masks: Any, head_masks: Sequence[HeadMask | None]) -> npt.NDArray[np.bool_]:
    """Which rows of a batch have no legal action, bool (rows,)."""
    if spec.needs_head_mask:
        return np.array([is_empty(spec, *row) for row in zip(masks, head_masks, strict=True)])
    return np.asarray(spec.count(masks) == 0, np.bool_)


def _needed(spec: MaskSpec, head_mask: Any) -> tuple[Any, ...]:
    return (head_mask,) if spec.needs_head_mask else ()
