"""Numberings of actions whose heads are chosen one after another: Discrete, MultiDiscrete and MultiBinary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...mask_spec import MaskSpec
from ...mask_spec.checks import HeadMasks
from .base import COMPILE_FROM, Flat, Integers, Numbering


class HeadsNumbering(Numbering):
    """MultiDiscrete(nvec), whatever its mask: `MaskSpec` knows what each head may take."""

    def __init__(self, spec: MaskSpec, bins: int) -> None:
        super().__init__(spec, bins)
        self._dtype = spec.action_space.dtype  # which makes a space each time

    def _sizes(self) -> tuple[int, ...]:
        return tuple(map(int, self.spec.heads))

    def mask(self, mask: Any, head_mask: HeadMasks | None = None) -> Flat:
        dense = self.spec.dense(mask, head_mask)
        return np.asarray(dense.reshape(*dense.shape[: dense.ndim - len(self.sizes)], -1).view(np.bool_))

    def next_masks(self, masks: Any, made: Integers, count: Integers, head_mask: HeadMasks | None = None) -> Flat:
        if not self.spec.needs_head_mask:
            rows, _ = self.spec.check(masks)
            return np.asarray(self.spec.choices_after(rows, made, count, COMPILE_FROM))
        out = np.zeros((len(made), self.width), np.bool_)
        for k in np.unique(count).tolist():
            some = np.flatnonzero(count == k)
            legal = self.spec.head_mask(masks[some], k, made[some, :k], _of_rows(head_mask, some))
            out[some, : legal.shape[1]] = legal
        return out

    def _action(self, places: Integers, mask: Any) -> Any:
        return np.array(places, self._dtype)

    def _places(self, action: Any, mask: Any) -> Sequence[int]:
        return np.asarray(action, np.int64).tolist()  # type: ignore[no-any-return]


class FlatNumbering(HeadsNumbering):
    """Discrete(n), from 0 whatever its start."""

    def _action(self, places: Integers, mask: Any) -> Any:
        action = places[..., 0] + int(self.spec.action_space.start)
        return int(action) if places.ndim == 1 else action

    def _places(self, action: Any, mask: Any) -> Sequence[int]:
        return [int(action) - int(self.spec.action_space.start)]


class BinaryNumbering(HeadsNumbering):
    """MultiBinary(n). Step by step, the bits that are 1 are chosen in rising order, until the choice n, "no more"."""

    def __init__(self, spec: MaskSpec, bins: int) -> None:
        super().__init__(spec, bins)
        self.most = self.width = len(self.sizes) + 1  # every bit, and "no more"

    def lengths(self, made: Integers, count: Integers) -> Integers:
        last = (made == len(self.sizes)) & (np.arange(made.shape[1]) < count[:, None])
        return np.where(last.any(axis=1), last.argmax(axis=1) + 1, 0)

    def next_masks(self, masks: Any, made: Integers, count: Integers, head_mask: HeadMasks | None = None) -> Flat:
        bits, rows = np.arange(len(self.sizes)), np.arange(len(made))
        previous = np.where(count > 0, made[rows, count - 1], -1)
        rising = bits > previous[:, None]
        forced = rising & (masks[:, :, 0] == 0)  # a bit that must be 1 cannot be passed over
        reachable = bits <= np.where(forced.any(axis=1), forced.argmax(axis=1), len(bits))[:, None]
        return np.hstack([rising & reachable & (masks[:, :, 1] != 0), ~forced.any(axis=1, keepdims=True)])

    def actions_of(self, made: Integers, masks: Any) -> Any:
        before = np.arange(made.shape[1]) < (made == len(self.sizes)).argmax(axis=1)[:, None]
        rows, places = np.nonzero(before)
        bits = np.zeros((len(made), len(self.sizes)), self._dtype)
        bits[rows, made[rows, places]] = 1
        return bits


def _of_rows(head_mask: Any, rows: Integers) -> Any:
    """`head_mask` of a batch for some of its rows."""
    if head_mask is None or not callable(head_mask):
        return head_mask and [head_mask[row] for row in rows]
    return lambda i, k, prefix: head_mask(int(rows[i]), k, prefix)
