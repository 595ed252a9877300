"""docs/field_report.md: every row of its table and every block of code, against the packages it is about.

`make test-field` installs them all; of those that are missing the tests skip by name.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from field import SHELF, Row, row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "field_report.md"
LINE = re.compile(
    r"^\| (?P<library>[^|]+) \| (?P<name>[^|]+) \| (?P<rest>`[^|]+\|[^|]+(?:\| [✓✗–] ){7})\|$", re.MULTILINE
)
SHOWN = re.compile(r"^```python\n(?P<code>.*?)^```$(?:\n\n```text\n(?P<output>.*?)^```$)?", re.MULTILINE | re.DOTALL)

TABLE = {(found["library"], found["name"]): found["rest"].strip() for found in LINE.finditer(PAGE.read_text("utf-8"))}
ROWS = [(library, name) for library, (_, shelf) in SHELF.items() for name in shelf]
QUICK = ("Gymnasium", "sb3-contrib", "RLlib")  # installed by `make test`, and soon done


def marked(library: str, name: str) -> Any:
    return pytest.param(library, name, marks=() if library in QUICK else pytest.mark.long)


def found(library: str, make: Callable[[], Any]) -> Row:
    try:
        make()
    except ImportError as error:
        pytest.skip(f"{library}: {error}. `make test-field` installs all of them")
    return row(library, make)


def test_the_table_has_every_environment() -> None:
    assert list(TABLE) == ROWS


@pytest.mark.parametrize(("library", "name"), [marked(*one) for one in ROWS])
def test_the_checker_finds_what_the_table_says(library: str, name: str) -> None:
    module, shelf = SHELF[library]
    pytest.importorskip(module, reason=f"{library} is not installed: make test-field")
    assert str(found(library, shelf[name])) == TABLE[library, name]


def test_every_finding_is_confirmed_in_code_of_that_package() -> None:
    """The blocks, in order, print what stands below them; those whose library is missing are left out."""
    compared = 0
    for block in SHOWN.finditer(PAGE.read_text("utf-8")):
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(block["code"], str(PAGE), "exec"), {"__name__": "__main__"})
        except ImportError:
            continue
        lines = [line.rstrip() for line in printed.getvalue().splitlines()]
        assert lines == (block["output"] or "").splitlines(), block["code"]
        compared += 1
    if not compared:
        pytest.skip("none of the packages is installed: make test-field")
