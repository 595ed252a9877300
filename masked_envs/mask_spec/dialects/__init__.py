"""How other libraries write the same masks, both ways; docs/masks.md shows the table.

One file per library, each with a `DIALECT`; a new library is one more file. `parse` takes the form that `convert`
gives, and no other.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

from ...mask_spec.checks import is_one_of, shown
from ._dialect import Dialect

DIALECTS = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))


def dialect(name: str) -> Dialect:
    """The dialect of a library.

    Raises:
        ValueError: an unknown name.
    """
    if not is_one_of(name, DIALECTS):
        raise ValueError(f"unknown dialect {shown(name)}; the dialects are {', '.join(DIALECTS)}")
    found: Dialect = import_module(f"{__name__}.{name}").DIALECT
    return found


def convert(spec: Any, mask: Any, to: str) -> Any:
    """See `MaskSpec.convert`."""
    return dialect(to).convert(spec, mask)


def parse(spec: Any, mask: Any, from_: str) -> Any:
    """See `MaskSpec.parse`."""
    return dialect(from_).parse(spec, mask)


def can_convert(spec: Any, to: str) -> bool:
    """See `MaskSpec.can_convert`."""
    form = dialect(to)
    try:
        form.codec(spec)
    except ValueError:
        return False
    return True
