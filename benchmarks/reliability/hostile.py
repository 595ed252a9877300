"""Logits as no trained network gives them: finite, of every size that a dtype has, and set against the mask."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
AGAINST_THE_MASK = ("flat", "candidates", "per_head", "joint")
"""Kinds whose logits stand in the order of the mask's entries."""


def extreme(dtype: torch.dtype, shape: tuple[int, int]) -> Tensor:
    """Finite logits (rows, width).

    Half of the entries are the ends of the dtype, its smallest number and zero; the others have every size between,
    evenly in their logarithm, and either sign. In every third row all entries are equal, and in every fifth all but one
    are the lowest number.
    """
    ends = torch.finfo(dtype)
    exponents = torch.rand(shape, dtype=torch.float64) * (math.log(ends.max) - math.log(ends.tiny))
    values = (exponents + math.log(ends.tiny)).exp().clamp(max=ends.max)
    values = values * torch.where(torch.rand(shape) < 0.5, -1.0, 1.0)
    limits = torch.tensor([ends.max, ends.min, ends.tiny, -ends.tiny, 0.0], dtype=torch.float64)
    values = torch.where(torch.rand(shape) < 0.5, limits[torch.randint(len(limits), shape)], values)
    values[::3] = values[::3, :1]
    lonely = values[1::5]
    lonely[torch.arange(shape[1]) != torch.randint(shape[1], (len(lonely), 1))] = ends.min
    return values.to(dtype)


def against(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """The highest number on everything forbidden and the lowest on everything allowed: (rows, width)."""
    ends = torch.finfo(dtype)
    lowest = torch.full((len(mask), mask[0].numel()), ends.min, dtype=dtype)
    return lowest.masked_fill_(~mask.flatten(1), ends.max)


class HostileNetwork:
    """Gives logits without looking at anything but the mask, which it works against.

    Args:
        width: logits of a row.
        rows: N.
        kind: of the mask.
        bank: batches of logits made in advance, a part of which is renewed by `renew`.
    """

    def __init__(self, width: int, rows: int, kind: str, bank: int = 16) -> None:
        self.rows, self.width, self.kind = rows, width, kind
        # Of an interval, a float64 logit beyond float64's range of actions is refused as diverged: no decision is made.
        self.dtypes = DTYPES[:3] if kind in ("interval", "dict") else DTYPES
        self.bank = [self._new(k) for k in range(bank)]
        self.calls = 0

    def _new(self, k: int) -> Tensor:
        return extreme(self.dtypes[k % len(self.dtypes)], (self.rows, self.width))

    def __call__(self, mask: Any) -> Tensor:
        """Logits (rows, width) for masks in the form that `distribution_for` takes."""
        self.calls += 1
        k = self.calls % len(self.bank)
        if self.kind in AGAINST_THE_MASK and self.calls % 4 == 0:
            return against(mask, self.dtypes[self.calls // 4 % len(self.dtypes)])
        if self.calls % 8 == 0:
            self.bank[k] = self._new(k)
        shift = int(torch.randint(self.rows, ()))
        return self.bank[k].roll(shift, 0)
