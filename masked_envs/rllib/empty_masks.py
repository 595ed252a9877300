"""Masks that allow nothing, where an agent must act: found in batches of any kind, and raised as errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..errors import EmptyMaskError
from ..mask_spec import DictMask, MaskSpec

WHOLE = ("flat", "candidates", "joint")
"""Kinds of mask with an entry for each action: a row allows something if any entry does."""

HOW = "end the episode in such a position, or offer an action that passes"


def canonical_rows(spec: MaskSpec, masks: Any) -> Any:
    """A batch of masks as `spec` takes it, with one leading axis; RLlib's modules take masks of any dtype.

    Args:
        masks: arrays or tensors (..., mask), of any dtype and leading axes; a tree for a Dict or Tuple of masks.

    Raises:
        ValueError: a mask of numbers other than 0 and 1, such as one to be added to logits.
    """
    if isinstance(spec, DictMask):
        parts = zip(spec.parts, spec.unpack(masks, "the mask"), strict=True)
        return spec.pack([canonical_rows(part, values) for part, values in parts])
    array = masks.numpy(force=True) if isinstance(masks, torch.Tensor) else np.asarray(masks)
    rows = array.reshape(-1, *(spec.space.shape or ())).astype(spec.mask_buffer.base, copy=False)
    if not spec.is_continuous and rows.dtype != array.dtype and not np.array_equal(rows.ravel(), array.ravel()):
        raise ValueError(
            f"a {spec.kind} mask has values 0 (forbidden) and 1 (allowed) only, got {np.unique(array)[:5]}"
        )
    return rows


def empty_rows(spec: MaskSpec, masks: Any) -> npt.NDArray[np.bool_]:
    """Which rows allow nothing, bool (rows,), leading axes flattened; see `canonical_rows`."""
    empty: npt.NDArray[np.bool_] = np.asarray(spec.is_empty(canonical_rows(spec, masks)))
    return empty


def is_surely_full(spec: MaskSpec, masks: Any) -> bool:
    """Whether every row allows something and is a mask, as far as one reduction over the masks tells.

    Args:
        masks: arrays (rows, mask); see `canonical_rows` for others.
    """
    if spec.kind in WHOLE and type(masks) is np.ndarray and masks.dtype.char in "b?B":
        # Of bytes: 0 where nothing is allowed, 2 to 255 where there is another number than 0 and 1.
        largest = np.maximum.reduce(masks.view(np.uint8), axis=tuple(range(1, masks.ndim)))
        return bool((largest == 1).all())
    try:
        return not empty_rows(spec, masks).any()
    except ValueError:  # of which row, is for `refuse_empty` to say: that of an ended episode may hold anything
        return False


def refuse_empty(spec: MaskSpec, masks: Any, where: str = "row") -> None:
    """Raise if a mask of a batch allows nothing.

    Args:
        where: what a row of the batch is.

    Raises:
        EmptyMaskError: with the numbers of the rows.
        ValueError: see `canonical_rows`.
    """
    rows = np.flatnonzero(empty_rows(spec, masks)).tolist()
    if rows:
        listed = ", ".join(map(str, rows[:10])) + (", ..." if len(rows) > 10 else "")
        raise EmptyMaskError(f"{where} {listed}: an agent must act and its mask allows nothing: {HOW}")
