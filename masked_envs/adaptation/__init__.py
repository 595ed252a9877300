"""Masks of other people's environments: where they keep them, how they write them, and the same in our words.

`places` knows the usual names, `forms` the usual ways to write a mask, and `adapt` gives such an environment the whole
of our interface.
"""

from .adapt import adapt
from .find import Found, find_masks
from .read import UnknownFormError, read_mask, spec_for

__all__ = ["Found", "UnknownFormError", "adapt", "find_masks", "read_mask", "spec_for"]
