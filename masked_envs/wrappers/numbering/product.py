"""Numberings of actions whose places are independent of each other: Box, Dict and Tuple."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import trees
from ...core.backends import AUTO, PLAIN, Backend, choose
from ...core.number_rules import choices_interval
from ...mask_spec.checks import HeadMasks, outer
from ...mask_spec.loops import bound_choices
from .base import COMPILE_FROM, Flat, Integers, Numbering, bound_numbers


class IntervalNumbering(Numbering):
    """Box(d): a grid of `bins` points a coordinate between the bounds of the mask, 0 the lowest, bins - 1 the highest.

    Where the bounds of a coordinate are equal, 0 alone is legal.
    """

    def _sizes(self) -> tuple[int, ...]:
        return (self.bins,) * len(self.spec.low)

    def mask(self, mask: Any, head_mask: HeadMasks | None = None) -> Flat:
        rows, batch = self._rows(mask)
        out = np.zeros((len(rows), self.size), np.bool_)
        bound_numbers(self._backend(len(rows))).grid_rows(rows, self._sizes_row, out)
        return out if batch else out[0]

    def next_masks(self, masks: Any, made: Integers, count: Integers, head_mask: HeadMasks | None = None) -> Flat:
        out = np.zeros((len(made), self.width), np.bool_)
        rows, _ = self._rows(masks)
        loops = bound_choices(choices_interval, self._backend(len(rows)))
        loops.choices_rows(rows, made, count, self._sizes_row, out)
        return out

    def _action(self, places: Integers, mask: Any) -> npt.NDArray[Any]:
        rows, batch = self._rows(mask)
        out = np.zeros((len(rows), len(self.sizes)), self.spec.dtype)
        loops = bound_numbers(self._backend(len(rows)))
        loops.points_rows(rows, np.ascontiguousarray(places.reshape(out.shape)), self._sizes_row, out)
        return out if batch else out[0]

    def _rows(self, mask: Any) -> tuple[npt.NDArray[Any], bool]:
        """The mask as rows, in one form for compiled loops, and whether it was a batch."""
        batch = mask.ndim == 3
        rows = np.ascontiguousarray(mask if batch else mask[None]).view()
        rows.setflags(write=False)
        return rows, batch

    def _backend(self, rows: int) -> Backend:
        return PLAIN if self.spec.dtype == "float16" else choose(AUTO, rows, COMPILE_FROM)

    def _places(self, action: Any, mask: Any) -> Sequence[int]:
        low, high = mask
        width = np.where(high > low, high - low, 1)
        places = np.rint((action - low) / width * (self.bins - 1)).clip(0, self.bins - 1)
        return places.astype(int).tolist()  # type: ignore[no-any-return]


class DictNumbering(Numbering):
    """Dict or Tuple: a place for each part. Step by step, the parts are chosen one after the other."""

    def __init__(self, spec: Any, bins: int) -> None:
        from . import numbering_of

        self.parts = [numbering_of(part, bins) for part in spec.parts]
        super().__init__(spec, bins)
        self.most, self.width = sum(part.most for part in self.parts), max(part.width for part in self.parts)

    def _sizes(self) -> tuple[int, ...]:
        return tuple(part.size for part in self.parts)

    def _masks(self, mask: Any) -> list[Any]:
        return self.spec.unpack(mask, "the mask")  # type: ignore[no-any-return]

    def mask(self, mask: Any, head_mask: HeadMasks | None = None) -> Flat:
        parts = [part.mask(masked) for part, masked in zip(self.parts, self._masks(mask), strict=True)]
        whole = outer([part.reshape(-1, part.shape[-1]) for part in parts])
        return whole.reshape(*parts[0].shape[:-1], -1)

    def _action(self, places: Integers, mask: Any) -> Any:
        columns = zip(self.parts, np.moveaxis(places, -1, 0), self._masks(mask), strict=True)
        return self.spec.pack([part.action(place, masked) for part, place, masked in columns])

    def _places(self, action: Any, mask: Any) -> Sequence[int]:
        columns = zip(self.parts, self.spec.unpack(action, "the action"), self._masks(mask), strict=True)
        return [part.number(value, masked) for part, value, masked in columns]

    def lengths(self, made: Integers, count: Integers) -> Integers:
        total, whole = np.zeros_like(count), np.ones(len(count), np.bool_)
        for _, _, length in self._by_part(made, count):
            total, whole = total + length, whole & (length > 0)
        return np.where(whole, total, 0)

    def next_masks(self, masks: Any, made: Integers, count: Integers, head_mask: HeadMasks | None = None) -> Flat:
        out, open_rows = np.zeros((len(made), self.width), np.bool_), np.ones(len(made), np.bool_)
        pieces = self._by_part(made, count)
        for part, masked, (choices, number, length) in zip(self.parts, self._masks(masks), pieces, strict=True):
            rows = np.flatnonzero(open_rows & (length == 0))
            out[rows, : part.width] = part.next_masks(trees.row(masked, rows), choices[rows], number[rows])
            open_rows[rows] = False
        return out

    def actions_of(self, made: Integers, masks: Any) -> Any:
        pieces = self._by_part(made, np.full(len(made), self.most))
        columns = zip(self.parts, pieces, self._masks(masks), strict=True)
        return self.spec.pack([part.actions_of(choices, masked) for part, (choices, _, _), masked in columns])

    def _by_part(self, made: Integers, count: Integers) -> list[tuple[Integers, Integers, Integers]]:
        """For each part its choices (rows, most of the part), how many are made, and how many of these it takes."""
        pieces, start = [], np.zeros_like(count)
        for part in self.parts:
            places = start[:, None] + np.arange(part.most)
            choices = np.take_along_axis(made, places.clip(max=self.most - 1), axis=1)
            number = (count - start).clip(0, part.most)
            pieces.append((choices, number, part.lengths(choices, number)))
            start = start + pieces[-1][2]
        return pieces
