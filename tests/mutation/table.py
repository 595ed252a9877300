"""One deliberate break, and the tables of them by room."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import NamedTuple

from . import breaks


class Break(NamedTuple):
    """One change that some test must notice.

    Attributes:
        where: a file or a folder, from the root of the repository; a folder stays right when its files are split.
        old: text that occurs there exactly once.
        new: what stands there in the broken copy.
        tests: what pytest is given: paths, node ids and options, as in a shell.
    """

    where: str
    old: str
    new: str
    tests: str


def places(root: Path, one: Break) -> list[Path]:
    """The files below `root` that hold the text, one entry each time that it occurs; one entry where all is well."""
    path = root / one.where
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []
    return [file for file in files for _ in range(file.read_text(encoding="utf-8").count(one.old))]


def rooms() -> dict[str, list[Break]]:
    """The breaks of each room, by the name of the file in `breaks/` that lists them."""
    names = sorted(module.name for module in pkgutil.iter_modules(breaks.__path__))
    return {name: importlib.import_module(f"{breaks.__name__}.{name}").BREAKS for name in names}
