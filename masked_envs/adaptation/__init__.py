"""Masks of third-party environments: where they are, how they are written, and wrappers that make them keep the laws.

find    the usual places, and the choice of one
place   `mask_at=`, a place written as code
read    the known forms, read into the canonical one
gate    judges actions, counts the invalid ones, applies `on_invalid`
`ActionMask`, `VectorActionMask`, `AECActionMask` and `ParallelActionMask` stand on these; `adapt` chooses among them.
"""

from .adapt import adapt
from .find import Found, MaskSource, NoMaskFoundError, OtherPlace, choose_source, find_masks
from .forms import UnknownFormError
from .place import Place, parse_place
from .read import read_mask, read_masks, spec_for

__all__ = [
    "Found",
    "MaskSource",
    "NoMaskFoundError",
    "OtherPlace",
    "Place",
    "UnknownFormError",
    "adapt",
    "choose_source",
    "find_masks",
    "parse_place",
    "read_mask",
    "read_masks",
    "spec_for",
]
