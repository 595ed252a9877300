"""An action as a sequence of choices, each under a flat mask that knows the choices before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..mask_spec import MaskSpec
from .enumeration import Enumeration, HeadMask

Flat = npt.NDArray[np.bool_]


class Choices:
    """How an action of one specification is chosen step by step.

    Heads are chosen one after the other, an interval's coordinates on a grid, and of a binary mask the bits that are
    1, one a step in rising order, until the choice `n`, which means no more.

    Args:
        spec: any kind.
        bins: see `Enumeration`.
    """

    def __init__(self, spec: MaskSpec, bins: int) -> None:
        self.spec: Any = spec
        self.enumeration = Enumeration(spec, bins)
        self.parts = [Choices(part, bins) for part in spec.parts] if spec.kind == "dict" else []  # type: ignore[attr-defined]
        sizes = self.enumeration.sizes
        self.most: int
        self.width: int
        if spec.kind == "dict":
            self.most, self.width = sum(part.most for part in self.parts), max(part.width for part in self.parts)
        elif spec.kind == "binary":  # every bit, and the stop
            self.most, self.width = len(sizes) + 1, len(sizes) + 1
        else:
            self.most, self.width = len(sizes), max(sizes)

    def is_complete(self, made: Sequence[int]) -> bool:
        """Whether the choices made are a whole action."""
        if self.parts:
            return self._split(made)[0] == len(self.parts)
        if self.spec.kind == "binary":
            return len(made) > 0 and made[-1] == len(self.enumeration.sizes)
        return len(made) == self.most

    def legal(self, mask: Any, made: Sequence[int], head_mask: HeadMask | None = None) -> Flat:
        """Bool (width,): what may be chosen next, given legal choices before."""
        if self.parts:
            at, own, _ = self._split(made)
            return self._padded(self.parts[at].legal(self.spec.unpack(mask, "the mask")[at], own))
        return self._padded(self._legal_of_kind(mask, list(made), head_mask))

    def _legal_of_kind(self, mask: Any, made: list[int], head_mask: HeadMask | None) -> Flat:
        spec, sizes, k = self.spec, self.enumeration.sizes, len(made)
        if spec.kind == "binary":
            rising = np.arange(len(sizes)) > (made[-1] if made else -1)
            # A bit that must be 1 cannot be passed over.
            forced = np.flatnonzero(rising & (mask[:, 0] == 0))
            reachable = np.arange(len(sizes)) <= (forced[0] if len(forced) else len(sizes))
            return np.append(rising & reachable & (mask[:, 1] != 0), len(forced) == 0)
        if spec.kind == "interval":
            return np.asarray(np.arange(sizes[k]) < (1 if mask[0][k] == mask[1][k] else sizes[k]))
        if spec.kind in ("flat", "candidates"):
            return np.asarray(np.asarray(mask) != 0)
        if spec.kind == "per_head":
            return np.asarray(np.split(mask, np.cumsum(sizes)[:-1])[k] != 0)
        if spec.kind == "conditional":
            return spec.head_mask(mask, k, made, head_mask) != 0  # type: ignore[no-any-return]
        rest = np.asarray(mask)[tuple(made)] != 0
        return np.asarray(rest.reshape(len(rest), -1).any(axis=1))

    def action(self, made: Sequence[int], mask: Any) -> Any:
        """The action that a whole sequence of choices means."""
        if self.parts:
            columns = zip(self.parts, self._split(made)[2], self.spec.unpack(mask, "the mask"), strict=True)
            return self.spec.pack([part.action(own, its_mask) for part, own, its_mask in columns])
        if self.spec.kind == "binary":
            bits = np.zeros(len(self.enumeration.sizes), self.spec.action_space.dtype)
            bits[list(made[:-1])] = 1
            return bits
        return self.enumeration.action(int(np.ravel_multi_index(tuple(made), self.enumeration.sizes)), mask)

    def _split(self, made: Sequence[int]) -> tuple[int, list[int], list[list[int]]]:
        """The part that is being chosen, its choices so far, and those of every part before it."""
        finished: list[list[int]] = []
        own: list[int] = []
        for choice in made:
            own.append(int(choice))
            if self.parts[len(finished)].is_complete(own):
                finished.append(own)
                own = []
        return len(finished), own, finished

    def _padded(self, legal: Flat) -> Flat:
        return np.pad(legal, (0, self.width - len(legal)))
