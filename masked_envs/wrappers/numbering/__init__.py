"""Actions as numbers: one number for each action, or a number for each choice that makes an action. A class per kind.

`numbering_of(spec)` gives the numbering of a mask specification.
"""

from __future__ import annotations

from ...mask_spec import MaskSpec
from .base import Numbering
from .heads import BinaryNumbering, FlatNumbering, HeadsNumbering
from .product import DictNumbering, IntervalNumbering

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


__all__ = ["NUMBERINGS", "Numbering", "numbering_of"]
