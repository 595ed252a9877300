"""Nested dicts and tuples, such as masks, actions and observations: the only code that walks through them.

A tree is a leaf, or a dict (any Mapping) or tuple of trees. Leaves are arrays, unless a function says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Tree = Any


def map(function: Callable[..., Any], tree: Tree, *others: Tree) -> Tree:
    """`function` of the leaves at the same place of trees of one structure, in a tree of that structure.

    The first tree says where the leaves are: where it has a leaf, the others may have anything.

    Raises:
        KeyError, ValueError, TypeError: another tree has not the structure of the first.
    """
    if type(tree) is np.ndarray:  # nearly every leaf; to ask whether it is a Mapping takes longer than most functions
        return function(tree, *others)
    if isinstance(tree, Mapping):
        return {key: map(function, part, *(other[key] for other in others)) for key, part in tree.items()}
    if isinstance(tree, tuple):
        return tuple(map(function, *parts) for parts in zip(tree, *others, strict=True))
    return function(tree, *others)


def leaves(tree: Tree) -> list[Any]:
    """The leaves in order."""
    found: list[Any] = []
    map(found.append, tree)
    return found


def copy(tree: Tree) -> Tree:
    """A copy, array by array."""
    return map(lambda array: array.copy(), tree)


def row(batch: Tree, index: Any) -> Tree:
    """One row of a batch of arrays (rows, ...), or those that an index chooses."""
    return map(lambda array: array[index], batch)


def rows(batch: Tree) -> list[Tree]:
    """All rows of a batch.

    Raises:
        ValueError: batches of different lengths.
    """
    counts = {len(array) for array in leaves(batch)}
    if len(counts) > 1:
        raise ValueError(f"expected one number of rows, got {sorted(counts)}")
    return [row(batch, i) for i in range(*counts)] if counts else []


def stack(trees: list[Tree], axis: int = 0) -> Tree:
    """Trees of one structure, one at least, as a batch; the reverse of `rows`."""
    first, *others = trees
    return map(lambda *arrays: np.stack(arrays, axis), first, *others)


def merge(new: Tree, old: Tree, where: Any) -> Tree:
    """A batch with the rows of `new` in `where`, bool (rows,), and those of `old` elsewhere; a copy."""

    def merged(array: Any, other: Any) -> Any:
        out = other.copy()
        out[where] = array[where]
        return out

    return map(merged, new, old)


def equal(one: Tree, other: Tree) -> bool:
    """Whether two trees of one structure hold equal arrays."""
    return all(leaves(map(lambda a, b: bool(np.array_equal(a, b)), one, other)))


def plain(value: Any) -> Any:
    """The value as JSON can hold it; what JSON has no form for becomes its repr."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return repr(value)
