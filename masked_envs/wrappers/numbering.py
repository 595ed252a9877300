"""Actions as numbers: one number for each action, or a number for each choice that makes an action. A class per kind.

`numbering_of(spec)` gives the numbering of a mask specification.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..mask_spec import MaskSpec

HeadMask = Callable[[int, Sequence[int]], npt.NDArray[Any]]
Flat = npt.NDArray[np.bool_]


class Numbering(ABC):
    """The actions of one specification as numbers.

    All at once (`size`, `mask`, `action`, `number`): each action has a number, in row-major order: the last of several
    heads changes fastest, and so does the last part of a dict.

    Step by step (`most`, `width`, `is_complete`, `next_choices`, `action_of`): each action is a sequence of choices,
    each under a flat mask that depends on the choices before it. Heads are chosen one after the other.

    Args:
        spec: the specification.
        bins: points of the grid for each coordinate of an interval, at least 2.

    Attributes:
        sizes: how many choices each place of an action has.
        most: choices in the longest sequence.
        width: choices that one step has at most.
    """

    def __init__(self, spec: MaskSpec, bins: int) -> None:
        self.spec: Any = spec
        self.bins = bins
        self.sizes = self._sizes()
        self.most, self.width = len(self.sizes), max(self.sizes)

    @property
    def size(self) -> int:
        """The number of actions, however large."""
        return math.prod(self.sizes)

    @abstractmethod
    def mask(self, mask: Any, head_mask: HeadMask | None = None) -> Flat:
        """Bool (size,): which numbers stand for legal actions.

        Args:
            mask: canonical.
            head_mask: of a conditional mask with more than two heads.
        """

    def action(self, number: int, mask: Any) -> Any:
        """The action that a number stands for, in the form of the action space; of an interval, under this mask."""
        return self._action(tuple(map(int, np.unravel_index(number, self.sizes))), mask)

    def number(self, action: Any, mask: Any) -> int:
        """The number of an action; of an interval, of the nearest point of the grid under this mask."""
        return int(np.ravel_multi_index(tuple(self._places(action, mask)), self.sizes))

    def is_complete(self, made: Sequence[int]) -> bool:
        """Whether the choices made are a whole action."""
        return len(made) == self.most

    def next_choices(self, mask: Any, made: Sequence[int], head_mask: HeadMask | None = None) -> Flat:
        """Bool (width,): what may be chosen next, after legal choices."""
        legal = self._next(mask, list(made), head_mask)
        return np.pad(legal, (0, self.width - len(legal)))

    def action_of(self, made: Sequence[int], mask: Any) -> Any:
        """The action that a whole sequence of choices stands for."""
        return self._action(tuple(made), mask)

    @abstractmethod
    def _sizes(self) -> tuple[int, ...]: ...

    @abstractmethod
    def _action(self, places: tuple[int, ...], mask: Any) -> Any: ...

    @abstractmethod
    def _places(self, action: Any, mask: Any) -> Sequence[int]: ...

    @abstractmethod
    def _next(self, mask: Any, made: list[int], head_mask: HeadMask | None) -> Flat: ...


class HeadsNumbering(Numbering):
    """MultiDiscrete(nvec), whatever its mask: `MaskSpec` knows what each head may take."""

    def _sizes(self) -> tuple[int, ...]:
        return tuple(map(int, self.spec.heads))

    def mask(self, mask: Any, head_mask: HeadMask | None = None) -> Flat:
        return np.asarray(self.spec.dense(mask, head_mask).reshape(-1) != 0)

    def _next(self, mask: Any, made: list[int], head_mask: HeadMask | None) -> Flat:
        return np.asarray(self.spec.head_mask(mask, len(made), made, head_mask) != 0)

    def _action(self, places: tuple[int, ...], mask: Any) -> Any:
        return np.array(places, self.spec.action_space.dtype)

    def _places(self, action: Any, mask: Any) -> Sequence[int]:
        return np.asarray(action, np.int64).tolist()  # type: ignore[no-any-return]


class FlatNumbering(HeadsNumbering):
    """Discrete(n), from 0 whatever its start."""

    def _action(self, places: tuple[int, ...], mask: Any) -> int:
        return places[0] + int(self.spec.action_space.start)

    def _places(self, action: Any, mask: Any) -> Sequence[int]:
        return [int(action) - int(self.spec.action_space.start)]


class BinaryNumbering(HeadsNumbering):
    """MultiBinary(n). Step by step, the bits that are 1 are chosen in rising order, until the choice n, "no more"."""

    def __init__(self, spec: MaskSpec, bins: int) -> None:
        super().__init__(spec, bins)
        self.most = self.width = len(self.sizes) + 1  # every bit, and "no more"

    def is_complete(self, made: Sequence[int]) -> bool:
        return len(made) > 0 and made[-1] == len(self.sizes)

    def _next(self, mask: Any, made: list[int], head_mask: HeadMask | None) -> Flat:
        bits = np.arange(len(self.sizes))
        rising = bits > (made[-1] if made else -1)
        forced = np.flatnonzero(rising & (mask[:, 0] == 0))  # a bit that must be 1 cannot be passed over
        reachable = bits <= (forced[0] if len(forced) else len(bits))
        return np.append(rising & reachable & (mask[:, 1] != 0), len(forced) == 0)

    def action_of(self, made: Sequence[int], mask: Any) -> npt.NDArray[Any]:
        bits = np.zeros(len(self.sizes), self.spec.action_space.dtype)
        bits[list(made[:-1])] = 1
        return bits


class ProductNumbering(Numbering):
    """Of a kind whose places are independent of each other."""

    @abstractmethod
    def _legal(self, mask: Any) -> list[Flat]:
        """Bool (size of the place,) for each place."""

    def mask(self, mask: Any, head_mask: HeadMask | None = None) -> Flat:
        first, *others = self._legal(mask)
        for legal in others:
            first = (first[:, None] & legal).reshape(-1)
        return np.asarray(first, np.bool_)

    def _next(self, mask: Any, made: list[int], head_mask: HeadMask | None) -> Flat:
        return self._legal(mask)[len(made)]


class IntervalNumbering(ProductNumbering):
    """Box(d): a grid of `bins` points a coordinate between the bounds of the mask, 0 the lowest, bins - 1 the highest.

    Where the bounds of a coordinate are equal, 0 alone is legal.
    """

    def _sizes(self) -> tuple[int, ...]:
        return (self.bins,) * len(self.spec.low)

    def _legal(self, mask: Any) -> list[Flat]:
        equal = mask[0] == mask[1]
        return [np.arange(self.bins) < (1 if point else self.bins) for point in equal]

    def _action(self, places: tuple[int, ...], mask: Any) -> npt.NDArray[Any]:
        (low, high), place = mask, np.array(places)
        # A number that stands for no action, where the bounds are equal, becomes nan, which no mask allows.
        share = np.where((low == high) & (place > 0), np.nan, place / (self.bins - 1))
        point = np.clip(low + share * (high - low), low, high)
        return np.asarray(np.where((place == self.bins - 1) & (low < high), high, point), low.dtype)

    def _places(self, action: Any, mask: Any) -> Sequence[int]:
        low, high = mask
        width = np.where(high > low, high - low, 1)
        places = np.rint((action - low) / width * (self.bins - 1)).clip(0, self.bins - 1)
        return places.astype(int).tolist()  # type: ignore[no-any-return]


class DictNumbering(ProductNumbering):
    """Dict or Tuple: a place for each part. Step by step, the parts are chosen one after the other."""

    def __init__(self, spec: Any, bins: int) -> None:
        self.parts = [numbering_of(part, bins) for part in spec.parts]
        super().__init__(spec, bins)
        self.most, self.width = sum(part.most for part in self.parts), max(part.width for part in self.parts)

    def _sizes(self) -> tuple[int, ...]:
        return tuple(part.size for part in self.parts)

    def _masks(self, mask: Any) -> list[Any]:
        return self.spec.unpack(mask, "the mask")  # type: ignore[no-any-return]

    def _legal(self, mask: Any) -> list[Flat]:
        return [part.mask(masked) for part, masked in zip(self.parts, self._masks(mask), strict=True)]

    def _action(self, places: tuple[int, ...], mask: Any) -> Any:
        columns = zip(self.parts, places, self._masks(mask), strict=True)
        return self.spec.pack([part.action(place, masked) for part, place, masked in columns])

    def _places(self, action: Any, mask: Any) -> Sequence[int]:
        columns = zip(self.parts, self.spec.unpack(action, "the action"), self._masks(mask), strict=True)
        return [part.number(value, masked) for part, value, masked in columns]

    def is_complete(self, made: Sequence[int]) -> bool:
        return len(self._by_part(made)[0]) == len(self.parts)

    def _next(self, mask: Any, made: list[int], head_mask: HeadMask | None) -> Flat:
        finished, begun = self._by_part(made)
        return self.parts[len(finished)].next_choices(self._masks(mask)[len(finished)], begun)

    def action_of(self, made: Sequence[int], mask: Any) -> Any:
        columns = zip(self.parts, self._by_part(made)[0], self._masks(mask), strict=True)
        return self.spec.pack([part.action_of(choices, masked) for part, choices, masked in columns])

    def _by_part(self, made: Sequence[int]) -> tuple[list[list[int]], list[int]]:
        """The choices of each finished part, and those of the part after them."""
        finished: list[list[int]] = []
        begun: list[int] = []
        for choice in made:
            begun.append(int(choice))
            if self.parts[len(finished)].is_complete(begun):
                finished.append(begun)
                begun = []
        return finished, begun


NUMBERINGS: dict[str, type[Numbering]] = {
    "flat": FlatNumbering,
    "candidates": FlatNumbering,
    "per_head": HeadsNumbering,
    "joint": HeadsNumbering,
    "conditional": HeadsNumbering,
    "binary": BinaryNumbering,
    "interval": IntervalNumbering,
    "dict": DictNumbering,
}
"""By kind of mask."""


def numbering_of(spec: MaskSpec, bins: int = 11) -> Numbering:
    """The numbering of a specification; see `Numbering`."""
    return NUMBERINGS[spec.kind](spec, bins)
