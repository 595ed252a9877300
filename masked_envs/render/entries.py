"""Which entries of a mask an action uses, for every kind of mask."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .mask_form import Leaf
from .places import Path

Heads = tuple[int, ...] | None


def entries_of_action(kind: str, heads: Heads, action: Any, leaves: dict[Path, Leaf]) -> Iterator[Path]:
    """The mask entries an action uses; none for what is no action of the kind.

    Args:
        kind: one of `masked_envs.mask_spec.KINDS`.
        heads: sizes of the heads, for kind "per_head".
        action: in the form of the action space.
        leaves: the arrays of the mask by their path, from which the kinds of the parts of a dict are known.
    """
    if isinstance(action, Mapping):
        for key, part in action.items():
            inner = {path[1:]: leaf for path, leaf in leaves.items() if path[:1] == (key,)}
            for path in entries_of_action(_kind_of_part(part, inner.get(())), heads, part, inner):
                yield (str(key), *path)
        return
    try:
        numbers = [operator.index(number) for number in np.asarray(action).reshape(-1).tolist()]
    except (TypeError, ValueError):
        return
    if kind in ENTRIES:
        yield from ENTRIES[kind](numbers, heads)


def _of_flat(numbers: Sequence[int], heads: Heads) -> Iterator[Path]:
    yield from ((number,) for number in numbers[:1])


def _of_table(numbers: Sequence[int], heads: Heads) -> Iterator[Path]:
    yield tuple(numbers)


def _of_first_two(numbers: Sequence[int], heads: Heads) -> Iterator[Path]:
    yield tuple(numbers[:2])


def _of_bits(numbers: Sequence[int], heads: Heads) -> Iterator[Path]:
    yield from enumerate(numbers)


def _of_heads(numbers: Sequence[int], heads: Heads) -> Iterator[Path]:
    start = 0
    for number, size in zip(numbers, heads or (), strict=False):
        if 0 <= number < size:
            yield (start + number,)
        start += size


ENTRIES: dict[str, Callable[[Sequence[int], Heads], Iterator[Path]]] = {
    "flat": _of_flat,
    "candidates": _of_flat,
    "per_head": _of_heads,
    "joint": _of_table,
    "conditional": _of_first_two,
    "binary": _of_bits,
}
"""By kind; an interval has bounds instead of entries, and each part of a dict has a kind.

A conditional mask is the table of its first two heads; later ones are not in it.
"""


def choices_of_entry(kind: str, heads: Sequence[int], place: Sequence[int]) -> list[tuple[int, int]]:
    """The choices (head, value) that one entry of a mask stands for: the reverse of `entries_of_action`."""
    if kind == "per_head":
        head = int(np.searchsorted(np.cumsum(heads), place[0], side="right"))
        return [(head, place[0] - sum(heads[:head]))]
    return [(place[0], place[1])] if kind == "binary" else list(enumerate(place))


def _kind_of_part(action: Any, leaf: Leaf | None) -> str:
    """The kind of one part of a dict action, from the form of its mask."""
    if leaf is None or leaf.dtype.kind == "f":
        return "interval"
    if leaf.ndim == 1:
        return "flat"
    return "binary" if leaf.shape == (*np.shape(action), 2) else "joint"
