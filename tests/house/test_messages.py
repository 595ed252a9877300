"""Values in messages are written by `shown`, which no value can break or flood."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from test_budgets import FUNCTIONS, PACKAGE, findings, parsed

RULES_OF_RULES = PACKAGE / "core" / "law"  # quotes the source of rules: text that Python has parsed


def bare(tree: ast.AST, inside: bool = False) -> Iterator[str]:
    """What an error's message writes by `!r`, but for constants and what `__getattr__` is asked for, which is text."""
    if isinstance(tree, FUNCTIONS) and tree.name == "__getattr__":
        return
    inside = inside or isinstance(tree, ast.Raise) or is_error(tree)
    if inside and isinstance(tree, ast.FormattedValue) and tree.conversion == ord("r"):
        written = ast.unparse(tree.value)
        if not written.rsplit(".", 1)[-1].isupper() and not written.endswith(("__name__", ".name", "[0]", "[:60]")):
            yield written
    for child in ast.iter_child_nodes(tree):
        yield from bare(child, inside)


def is_error(tree: ast.AST) -> bool:
    return isinstance(tree, ast.Call) and ast.unparse(tree.func).endswith(("Error", "Warning"))


def test_no_value_stands_in_a_message_as_it_is() -> None:
    found = findings(lambda path: [] if RULES_OF_RULES in path.parents else list(bare(parsed(path))), PACKAGE)
    assert not found, "write {shown(value)}, from masked_envs.mask_spec.checks"


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ('raise ValueError(f"not {value!r}")', ["value"]),
        ('raise error("a", f"not {row.x!r} and {shown(y)} or {NAMES!r}")', ["row.x"]),
        ('problem = OneError(f"{one!r}")', ["one"]),
        ('text = f"{one!r}"\nraise ValueError(f"{one}")', []),
        ('def __getattr__(name):\n    raise AttributeError(f"no {name!r}")', []),
    ],
)
def test_a_bare_value_is_seen(code: str, written: list[str]) -> None:
    assert list(bare(ast.parse(code))) == written
