"""One deliberate break, and the tables of them by room."""

from __future__ import annotations

import importlib
import pkgutil
from typing import NamedTuple

from . import breaks


class Break(NamedTuple):
    """One change of one file that some test must notice.

    Attributes:
        file: path from the root of the repository.
        old: text that occurs in the file exactly once.
        new: what stands there in the broken copy.
        tests: what pytest is given: paths, node ids and options, as in a shell.
    """

    file: str
    old: str
    new: str
    tests: str


def rooms() -> dict[str, list[Break]]:
    """The breaks of each room, by the name of the file in `breaks/` that lists them."""
    names = sorted(module.name for module in pkgutil.iter_modules(breaks.__path__))
    return {name: importlib.import_module(f"{breaks.__name__}.{name}").BREAKS for name in names}
