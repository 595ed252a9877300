"""What the numberings of all kinds share."""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import trees
from ...core import number_rules
from ...core.backends import AUTO, Backend, choose
from ...mask_spec import MaskSpec
from ...mask_spec.checks import HeadMask, HeadMasks

Flat = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
COMPILE_FROM = 2  # rows: whoever has a vector environment has loaded numba for its own loops

NO_SIZES = np.zeros(0, np.int64)  # what rules of flat masks are given and do not look at


@functools.cache
def bound_numbers(backend: Backend) -> Any:
    """The loops of `number_rules` that are the same for every kind of mask."""
    entries = (
        number_rules.choose_rows,
        number_rules.places_rows,
        number_rules.points_rows,
        number_rules.grid_rows,
    )
    return backend.bind("numbers", entries, {})


class Numbering(ABC):
    """The actions of one specification as numbers.

    All at once (`size`, `mask`, `action`, `number`): each action has a number, in row-major order: the last of several
    heads changes fastest, and so does the last part of a dict.

    Step by step (`most`, `width`, `lengths`, `next_masks`, `actions_of`): each action is a sequence of choices, each
    under a flat mask that depends on the choices before it. Heads are chosen one after the other. These take batches:
    of `made`, int64 (rows, most), the choices of each row, the first `count`, int64 (rows,), have been made.
    `is_complete`, `next_choices` and `action_of` are the same for one sequence.

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
        self._sizes_row = np.array(self.sizes)
        self.most, self.width = len(self.sizes), max(self.sizes)

    # --- all at once ------------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """The number of actions, however large."""
        return math.prod(self.sizes)

    @abstractmethod
    def mask(self, mask: Any, head_mask: HeadMasks | None = None) -> Flat:
        """Bool (size,), or (rows, size) for a batch: which numbers stand for legal actions.

        Args:
            mask: canonical, or a batch of such.
            head_mask: of a conditional mask with more than two heads, as `MaskSpec` takes it.
        """

    def action(self, number: Any, mask: Any) -> Any:
        """The action that a number stands for, in the form of the action space; of an interval, under this mask.

        For numbers (rows,) and a batch of masks, a batch of actions.
        """
        return self._action(np.array(np.unravel_index(number, self.sizes)).T, mask)

    def actions(self, numbers: Integers, masks: Any) -> Any:
        """`action` of a batch, in which a number out of range stands for what no mask allows."""
        places, bad = np.zeros((len(numbers), len(self.sizes)), np.int64), np.zeros(len(numbers), np.bool_)
        loops = bound_numbers(choose(AUTO, len(numbers), COMPILE_FROM))
        loops.places_rows(np.ascontiguousarray(numbers), self._sizes_row, places, bad)
        return self.without(bad, self._action(places, masks))

    def without(self, bad: Flat, actions: Any) -> Any:
        """The batch of actions, changed to what no mask allows in the rows in `bad`."""
        if bad.any():
            nothing = self.spec.decode(self.spec.no_action, False)
            trees.map(lambda array, none: array.__setitem__(bad, none), actions, nothing)
        return actions

    def number(self, action: Any, mask: Any) -> int:
        """The number of an action; of an interval, of the nearest point of the grid under this mask."""
        return int(np.ravel_multi_index(tuple(self._places(action, mask)), self.sizes))

    # --- step by step -----------------------------------------------------------------------------------------

    def lengths(self, made: Integers, count: Integers) -> Integers:
        """How many of the choices of each row make a whole action, int64 (rows,); 0 where they do not yet."""
        return np.where(count >= self.most, self.most, 0)

    @abstractmethod
    def next_masks(self, masks: Any, made: Integers, count: Integers, head_mask: HeadMasks | None = None) -> Flat:
        """Bool (rows, width): what each row may choose next, after legal choices that are not a whole action."""

    def choose(self, masks: Flat, numbers: Integers, active: Flat, made: Integers, count: Integers) -> Flat:
        """Add the choices of the active rows to `made` and `count`; returns which of them the flat masks forbid."""
        wrong = np.zeros(len(made), np.bool_)
        choose_rows = bound_numbers(choose(AUTO, len(made), COMPILE_FROM)).choose_rows
        choose_rows(masks, np.ascontiguousarray(numbers), NO_SIZES, active, made, count, wrong)
        return wrong

    def actions_of(self, made: Integers, masks: Any) -> Any:
        """The batch of actions that whole sequences of choices stand for."""
        return self._action(made, masks)

    def is_complete(self, made: Sequence[int]) -> bool:
        """Whether the choices made are a whole action."""
        return bool(self.lengths(*self._batch(made))[0] == len(made) > 0)

    def next_choices(self, mask: Any, made: Sequence[int], head_mask: HeadMask | None = None) -> Flat:
        """Bool (width,): what may be chosen next, after legal choices."""
        heads = None if head_mask is None else [head_mask]
        legal: Flat = self.next_masks(_one_row(mask), *self._batch(made), heads)[0]
        return legal

    def action_of(self, made: Sequence[int], mask: Any) -> Any:
        """The action that a whole sequence of choices stands for."""
        return self.spec.action_of_row(self.actions_of(self._batch(made)[0], _one_row(mask)), 0)

    def _batch(self, made: Sequence[int]) -> tuple[Integers, Integers]:
        """One sequence as a batch: `made` and `count`."""
        row = np.zeros((1, self.most), np.int64)
        row[0, : len(made)] = made
        return row, np.array([len(made)])

    # --- of one kind ------------------------------------------------------------------------------------------

    @abstractmethod
    def _sizes(self) -> tuple[int, ...]: ...

    @abstractmethod
    def _action(self, places: Integers, mask: Any) -> Any:
        """The action at these places, int64 (places,), or (rows, places) for a batch."""

    @abstractmethod
    def _places(self, action: Any, mask: Any) -> Sequence[int]: ...


def _one_row(mask: Any) -> Any:
    """A mask as a batch."""
    return trees.map(lambda array: array[None], mask)
