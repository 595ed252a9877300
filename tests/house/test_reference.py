"""The API reference has every public name, each where it is defined."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Packages and modules whose names are for this project alone.
INTERNAL = {"agents", "board", "card", "cards", "catalogue", "cli", "envs", "errors", "files", "graph", "registration"}

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def reference() -> Iterator[Any]:
    sys.path.insert(0, str(ROOT / "docs"))
    import api_pages

    yield api_pages
    sys.path.remove(str(ROOT / "docs"))
    del sys.modules["api_pages"]


def declares_all(module: str) -> bool:
    path = ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return file.exists() and "\n__all__ = " in file.read_text(encoding="utf-8")


def test_every_module_with_public_names_is_in_it(reference: Any) -> None:
    found = {"masked_envs"} | {
        f"masked_envs.{path.stem}"
        for path in (ROOT / "masked_envs").glob("[a-z]*")
        if declares_all(f"masked_envs.{path.stem}")
    }
    assert found - {f"masked_envs.{name}" for name in INTERNAL} <= set(reference.MODULES)
    assert all((ROOT / "docs" / guide).exists() for guide in reference.MODULES.values())


def test_it_has_the_names_that_are_there(reference: Any) -> None:
    """The names, and where they are, are read from the text of the modules; here the modules are imported."""
    checked = 0
    for module in reference.MODULES:
        try:
            imported = importlib.import_module(module)
        except ImportError:
            continue  # its library is not installed
        names = [name for name in imported.__all__ if not name.startswith("__")]
        assert sorted(reference.public_names(module)) == sorted(names), module
        homes, page = reference.homes(module), (reference.FOLDER / f"{module}.md").read_text(encoding="utf-8")
        for name in names:
            home = homes.get(name, module)
            assert getattr(importlib.import_module(home), name) is getattr(imported, name), f"{module}.{name}"
            assert f"::: {home}.{name}\n" in page
            checked += 1
    assert checked > 80


def test_a_module_without_public_names_is_refused(reference: Any) -> None:
    with pytest.raises(ValueError, match="has no __all__"):
        reference.public_names("masked_envs.registration")
