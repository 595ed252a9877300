"""The laws of the mask, one function each, whose docstring is the law.

A law takes a `CheckContext` and yields each `Failure`, and `NotApplicable` for what could not be checked. It does not
trust what an environment says about itself where a copy of it can be tried instead.
"""

from .ends import after_end, never_empty
from .form import form, place
from .fresh import fresh
from .legality import counted, exact, refusal
from .meaning import meaning
from .reproducible import one_source, reproducible

LAWS = {
    "L1": meaning,
    "L2": form,
    "L3": place,
    "L4": fresh,
    "L5": never_empty,
    "L6": after_end,
    "L7": exact,
    "L8": refusal,
    "L9": counted,
    "L10": reproducible,
    "L11": one_source,
}

__all__ = ["LAWS"]
