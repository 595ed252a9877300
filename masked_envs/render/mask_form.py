"""Masks and probabilities as arrays by their path; other forms are refused with the form expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .places import Path

Leaf = NDArray[Any]


def per_agent(value: Any, agents: int | None, name: str) -> Sequence[Any]:
    """One part per agent: the value itself for a single one, else its leading axis; Nones for None."""
    if value is None:
        return [None] * (agents or 1)
    if agents is None:
        return [value]
    try:
        length = len(value)
    except TypeError:
        length = -1
    if length != agents or isinstance(value, Mapping):
        shape = np.shape(value) if not isinstance(value, Mapping) else "a mapping"
        raise ValueError(f"{name} needs a leading axis of {agents}, one entry per agent of the scene; got {shape}")
    return [value[i] for i in range(agents)]


def mask_leaves(value: Any, kind: str) -> dict[Path, Leaf]:
    """The arrays of an agent's mask by their path: {(): array} unless it is a Mapping."""
    return _leaves(value, "mask", _bounds_or_bits if kind in ("interval", "dict") else _bits)


def probability_leaves(value: Any) -> dict[Path, Leaf]:
    """The arrays of an agent's probabilities by their path."""
    return _leaves(value, "probabilities", _probabilities)


def _leaves(value: Any, name: str, check: Callable[[Leaf, str], Leaf]) -> dict[Path, Leaf]:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        inner = {str(key): _leaves(part, name, check) for key, part in value.items()}
        return {(key, *path): leaf for key, leaves in inner.items() for path, leaf in leaves.items()}
    return {(): check(np.asarray(value), name)}


def _bounds_or_bits(array: Leaf, name: str) -> Leaf:
    if array.dtype.kind != "f":
        return _bits(array, name)
    if array.ndim != 2 or array.shape[0] != 2 or np.isnan(array).any():
        raise ValueError(f"an interval {name} is float (2, d) without NaN; got {array.dtype} of shape {array.shape}")
    return array


def _bits(array: Leaf, name: str) -> Leaf:
    if array.dtype.kind not in "bui" or array.ndim == 0 or not ((array == 0) | (array == 1)).all():
        raise ValueError(f"a {name} is an int8 or bool array of 0 and 1; got dtype {array.dtype}, shape {array.shape}")
    return array


def _probabilities(array: Leaf, name: str) -> Leaf:
    if array.dtype.kind not in "fui" or not ((array >= 0) & (array <= 1 + 1e-6)).all():
        raise ValueError(f"{name} must be numbers from 0 to 1; got dtype {array.dtype}, shape {array.shape}")
    return array


def check_same_form(leaves: dict[Path, Leaf], policy: dict[Path, Leaf]) -> None:
    """Raise a ValueError unless probabilities have the mask's form (any will do without a mask)."""
    for key, leaf in policy.items() if leaves else ():
        if key not in leaves or leaves[key].shape != leaf.shape:
            expected = {k: v.shape for k, v in leaves.items()}
            raise ValueError(f"probabilities of shape {leaf.shape}; expected the mask's, {expected.get(key, expected)}")
