"""All actions of a mask specification in one row of numbers, and its masks over that row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..mask_spec import MaskSpec

HeadMask = Callable[[int, Sequence[int]], npt.NDArray[Any]]
Flat = npt.NDArray[np.bool_]


class Enumeration:
    """One number for every action, in row-major order: of heads the last changes fastest, of parts the last part.

    The numbers of an interval are those of a grid between the bounds that hold at the moment, `bins` a coordinate:
    0 is the lowest legal number, bins - 1 the highest. Where the bounds meet, 0 alone is legal.

    Args:
        spec: any kind.
        bins: numbers of each coordinate of an interval, at least 2.
    """

    def __init__(self, spec: MaskSpec, bins: int = 11) -> None:
        self.spec: Any = spec
        self.bins = bins
        self.parts = [Enumeration(part, bins) for part in spec.parts] if spec.kind == "dict" else []  # type: ignore[attr-defined]
        self.sizes = self._sizes()

    def _sizes(self) -> tuple[int, ...]:
        """How many choices each place of the number has."""
        spec = self.spec
        if spec.kind == "dict":
            return tuple(part.size for part in self.parts)
        if spec.kind == "binary":
            return (2,) * int(spec.n)
        if spec.kind == "interval":
            return (self.bins,) * len(spec.low)
        return (int(spec.n),) if spec.kind in ("flat", "candidates") else tuple(map(int, spec.nvec))

    @property
    def size(self) -> int:
        """The number of actions, however large."""
        return math.prod(self.sizes)

    def mask(self, mask: Any, head_mask: HeadMask | None = None) -> Flat:
        """Bool (size,): which numbers stand for legal actions.

        Args:
            mask: canonical.
            head_mask: of a conditional mask with more than two heads.
        """
        spec = self.spec
        if spec.kind == "dict":
            parts = spec.unpack(mask, "the mask")
            return _outer([part.mask(own) for part, own in zip(self.parts, parts, strict=True)])
        if spec.kind == "interval":
            met = mask[0] == mask[1]
            return _outer([np.arange(self.bins) < (1 if meets else self.bins) for meets in met])
        if spec.kind == "binary":
            return _outer([row != 0 for row in mask])
        if spec.kind == "per_head":
            return _outer([head != 0 for head in np.split(mask, np.cumsum(self.sizes)[:-1])])
        whole = spec.dense(mask, head_mask) if spec.needs_head_mask else np.asarray(mask)
        return np.asarray(whole.reshape(-1) != 0)

    def action(self, number: int, mask: Any) -> Any:
        """The action that a number stands for, in the form of the action space; of an interval, under this mask."""
        spec = self.spec
        places = np.unravel_index(number, self.sizes)
        if spec.kind == "dict":
            masks = spec.unpack(mask, "the mask")
            chosen = zip(self.parts, places, masks, strict=True)
            return spec.pack([part.action(int(place), own) for part, place, own in chosen])
        if spec.kind == "interval":
            return self._between(np.array(places), mask)
        if spec.kind in ("flat", "candidates"):
            return int(number) + int(getattr(spec.action_space, "start", 0))
        return np.array(places, spec.action_space.dtype)

    def number(self, action: Any, mask: Any) -> int:
        """The number of an action; of an interval, of the nearest point of the grid under this mask."""
        spec = self.spec
        places: Any
        if spec.kind == "dict":
            columns = zip(self.parts, spec.unpack(action, "the action"), spec.unpack(mask, "the mask"), strict=True)
            places = [part.number(own, its_mask) for part, own, its_mask in columns]
        elif spec.kind == "interval":
            width = np.where(mask[1] > mask[0], mask[1] - mask[0], 1)
            places = np.rint((action - mask[0]) / width * (self.bins - 1)).clip(0, self.bins - 1).astype(int)
        elif spec.kind in ("flat", "candidates"):
            places = [int(action) - int(getattr(spec.action_space, "start", 0))]
        else:
            places = np.asarray(action, np.int64)
        return int(np.ravel_multi_index(tuple(places), self.sizes))

    def _between(self, places: npt.NDArray[np.int64], mask: Any) -> npt.NDArray[Any]:
        low, high = mask
        # A number that stands for nothing, where the bounds meet, becomes what no mask allows.
        share = np.where((low == high) & (places > 0), np.nan, places / (self.bins - 1))
        point = low + share * (high - low)
        point = np.where(places == self.bins - 1, np.where(low == high, point, high), point)
        return np.asarray(np.where(np.isnan(point), np.nan, np.clip(point, low, high)), low.dtype)


def _outer(masks: Sequence[Flat]) -> Flat:
    """The product of masks over independent places, the last changing fastest."""
    whole = masks[0]
    for mask in masks[1:]:
        whole = (whole[:, None] & mask).reshape(-1)
    return np.asarray(whole, np.bool_)
