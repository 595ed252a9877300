"""Checks of the arguments of a scene: each returns the value in one form, or raises a ValueError."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ..mask_spec.checks import shown
from .places import Box
from .shapes import Point


def number(name: str, value: float) -> float:
    """A finite float."""
    result = float(value)
    if not math.isfinite(result):
        raise ValueError(f"{name} must be a finite number, got {shown(value)}")
    return result


def size(name: str, value: float) -> float:
    """A finite float that is not negative."""
    result = number(name, value)
    if result < 0:
        raise ValueError(f"{name} must not be negative, got {shown(value)}")
    return result


def numbers(name: str, values: Sequence[float]) -> tuple[float, ...]:
    """Finite floats."""
    return tuple(number(f"{name}[{i}]", value) for i, value in enumerate(values))


def points(values: Iterable[Point], fewest: int) -> tuple[Point, ...]:
    """At least `fewest` finite points."""
    result = tuple((number("x", x), number("y", y)) for x, y in values)
    if len(result) < fewest:
        raise ValueError(f"expected at least {fewest} points, got {len(result)}")
    return result


def box(values: Box) -> Box:
    """x, y, width and height, finite, the last two not negative."""
    x, y, w, h = values
    return (number("x", x), number("y", y), size("w", w), size("h", h))


def share(name: str, value: float) -> float:
    """A number from 0 to 1."""
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie between 0 and 1, got {shown(value)}")
    return float(value)


def one_of(name: str, value: str, options: Sequence[str]) -> str:
    """One of the options."""
    if value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}; got {shown(value)}")
    return value
