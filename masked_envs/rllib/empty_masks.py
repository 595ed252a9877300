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
    """
    if isinstance(spec, DictMask):
        parts = zip(spec.parts, spec.unpack(masks, "the mask"), strict=True)
        return spec.pack([canonical_rows(part, values) for part, values in parts])
    array = masks.numpy(force=True) if isinstance(masks, torch.Tensor) else np.asarray(masks)
    return array.reshape(-1, *(spec.space.shape or ())).astype(spec.mask_buffer.base, copy=False)


def empty_rows(spec: MaskSpec, masks: Any) -> npt.NDArray[np.bool_]:
    """Which rows allow nothing, bool (rows,), leading axes flattened; see `canonical_rows`."""
    empty: npt.NDArray[np.bool_] = np.asarray(spec.is_empty(canonical_rows(spec, masks)))
    return empty


def is_surely_full(spec: MaskSpec, masks: Any) -> bool:
    """Whether every row allows something, as far as one reduction over the masks tells.

    Args:
        masks: arrays (rows, mask); see `canonical_rows` for others.
    """
    if spec.kind in WHOLE and type(masks) is np.ndarray:
        return bool(np.logical_or.reduce(masks, axis=tuple(range(1, masks.ndim))).all())
    return not empty_rows(spec, masks).any()


def refuse_empty(spec: MaskSpec, masks: Any, where: str = "row") -> None:
    """Raise if a mask of a batch allows nothing.

    Args:
        where: what a row of the batch is.

    Raises:
        EmptyMaskError: with the numbers of the rows.
    """
    rows = np.flatnonzero(empty_rows(spec, masks)).tolist()
    if rows:
        listed = ", ".join(map(str, rows[:10])) + (", ..." if len(rows) > 10 else "")
        raise EmptyMaskError(f"{where} {listed}: an agent must act and its mask allows nothing: {HOW}")
