"""Actions as numbers and as choices made one after another, for a batch of masks: rules and their loops.

A choice is a place of an action: the head of a MultiDiscrete action, a coordinate of an interval. `sizes` is how many
choices each place has, int64 (places,). Each loop writes whole rows of what it is given. `wrappers.numbering` runs
them, and `MaskSpec.head_mask` those of the choices.
"""

import math
from typing import Any

import numpy as np

from ..mask_spec.checks import outer
from .mask_rules import allows_flat
from .rules import fill, rule, verb

# --- what the next place may take: out[:sizes[k]] after the legal choices made[:k] ------------------------------------


@rule
def choices(mask: Any, made: Any, k: int, sizes: Any, out: Any) -> None:
    """A placeholder: one of the rules below, by the kind of the mask."""
    raise NotImplementedError


def head_of(mask: Any, sizes: Any, k: int) -> Any:
    """The part of a per-head mask (..., sum sizes) for head k: a view (..., sizes[k])."""
    start = int(sizes[:k].sum())
    return mask[..., start : start + sizes[k]]


def completed(mask: Any, prefix: tuple[int, ...], size: int) -> Any:
    """Bool (size,): which choices after a prefix some choice of the later heads completes, in a table."""
    return mask[prefix].reshape(size, -1).any(axis=1)


def _choices_per_head(mask: Any, made: Any, k: int, sizes: Any, out: Any) -> None:
    out[: sizes[k]] = head_of(mask, sizes, k)


@verb(python=_choices_per_head)
def choices_per_head(mask: Any, made: Any, k: int, sizes: Any, out: Any) -> None:
    """Of a per-head mask (sum sizes,), and of a flat one, which has one head."""
    start = 0
    for j in range(k):
        start += sizes[j]
    for choice in range(sizes[k]):
        out[choice] = mask[start + choice]


def _choices_table(mask: Any, made: Any, k: int, sizes: Any, out: Any) -> None:
    out[: sizes[k]] = completed(mask, tuple(made[:k]), sizes[k])


@verb(python=_choices_table)
def choices_table(mask: Any, made: Any, k: int, sizes: Any, out: Any) -> None:
    """Of a mask with an axis for each of the first heads, more than k: what some choice of the later ones completes."""
    first, rest = 0, 1
    for j in range(k):
        first = first * sizes[j] + made[j]
    for j in range(k + 1, mask.ndim):
        rest *= sizes[j]
    first *= sizes[k] * rest
    for choice in range(sizes[k]):
        found = False
        for cell in range(rest):
            found = found or mask.flat[first + choice * rest + cell] != 0
        out[choice] = found


def _choices_interval(mask: Any, made: Any, k: int, sizes: Any, out: Any) -> None:
    out[: sizes[k]] = np.arange(sizes[k]) < (1 if mask[0, k] == mask[1, k] else sizes[k])


@verb(python=_choices_interval)
def choices_interval(mask: Any, made: Any, k: int, sizes: Any, out: Any) -> None:
    """Of bounds (2, places): every point of the grid, or the first alone where the bounds are equal."""
    for choice in range(sizes[k]):
        out[choice] = is_point(mask, k, choice)


@rule
def is_point(mask: Any, k: int, choice: int) -> bool:
    return choice == 0 or mask[0, k] != mask[1, k]


@rule
def choices_rows(masks: Any, made: Any, count: Any, sizes: Any, out: Any) -> None:
    """Bool (rows, width), given as zeros: what may follow the first count[i] choices of each row."""
    for i in range(count.size):
        choices(masks[i], made[i], count[i], sizes, out[i])


@rule
def choose_rows(masks: Any, numbers: Any, sizes: Any, active: Any, made: Any, count: Any, wrong: Any) -> None:
    """Add the choice of each active row to those it has made, or say that the flat mask of the row forbids it."""
    for i in range(count.size):
        wrong[i] = 0
        if active[i]:
            if allows_flat(masks[i], numbers[i], sizes):
                made[i, count[i]] = numbers[i]
                count[i] += 1
            else:
                wrong[i] = 1


# --- numbers of whole actions, in row-major order ---------------------------------------------------------------------


@rule
def places_rows(numbers: Any, sizes: Any, places: Any, bad: Any) -> None:
    """The choices of each number, int64 (rows, places), and which numbers are out of range, whose choices are 0."""
    for i in range(numbers.size):
        rest = numbers[i]
        for k in range(sizes.size - 1, -1, -1):
            places[i, k] = rest % sizes[k]
            rest = rest // sizes[k]
        bad[i] = rest != 0
        if rest != 0:
            fill(places[i], 0)


def _points(mask: Any, places: Any, sizes: Any, out: Any) -> None:
    low, high = mask
    # A number that stands for no action, where the bounds are equal, becomes nan, which no mask allows.
    share = np.where((low == high) & (places > 0), np.nan, places / (sizes - 1))
    point = np.clip(low + share * (high - low), low, high)
    out[:] = np.where((places == sizes - 1) & (low < high), high, point)


@verb(python=_points)
def points(mask: Any, places: Any, sizes: Any, out: Any) -> None:
    """The point (places,) between the bounds (2, places); nan for a place that is none, where the bounds are equal."""
    for k in range(sizes.size):
        low, high = mask[0, k], mask[1, k]
        if low == high and places[k] > 0:
            out[k] = math.nan
        elif low < high and places[k] == sizes[k] - 1:
            out[k] = high
        else:
            point = float(low) + places[k] / (sizes[k] - 1) * float(high - low)
            out[k] = min(float(high), max(float(low), point))


@rule
def points_rows(masks: Any, places: Any, sizes: Any, out: Any) -> None:
    for i in range(out.shape[0]):
        points(masks[i], places[i], sizes, out[i])


def _grid(mask: Any, sizes: Any, out: Any) -> None:
    legal = np.arange(sizes.max()) < np.where(mask[0] == mask[1], 1, sizes)[:, None]
    out[:] = outer([line[None, :size] for line, size in zip(legal, sizes, strict=True)]).ravel()


@verb(python=_grid)
def grid(mask: Any, sizes: Any, out: Any) -> None:
    """Bool (product of sizes,): which points of the grid between the bounds (2, places) a number may stand for."""
    fill(out, 1)
    block = out.size  # numbers that have the same choices of all places before k
    for k in range(sizes.size):
        each = block // sizes[k]
        for choice in range(1, sizes[k]):
            if not is_point(mask, k, choice):
                for start in range(choice * each, out.size, block):
                    fill(out[start : start + each], 0)
        block = each


@rule
def grid_rows(masks: Any, sizes: Any, out: Any) -> None:
    for i in range(out.shape[0]):
        grid(masks[i], sizes, out[i])
