"""The laws of the mask, one function each, whose docstring is the law.

A law takes a `CheckContext` and yields each `Failure`; `NotJudged` where it has no verdict, `NotApplicable` for what
does not apply, and `Caution` for a warning. It trusts nothing that an environment says about itself where a copy of it
can be tried instead.
"""

from collections.abc import Callable

from ..context import CheckContext, Findings
from .ends import after_end, never_empty
from .exact import exact
from .form import form, place
from .fresh import fresh
from .meaning import meaning
from .refusal import counted, refusal
from .reproducible import one_source, reproducible

LAWS: dict[str, Callable[[CheckContext], Findings]] = {
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
