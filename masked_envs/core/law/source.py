"""The syntax tree of a rule, found in its file."""

from __future__ import annotations

import ast
import functools
import linecache
from dataclasses import dataclass

from ..binding import Rule


@dataclass(frozen=True)
class Definition:
    """Where a rule is written.

    Attributes:
        node: its definition.
        file: the path of its file.
        lines: of this file.
    """

    node: ast.FunctionDef
    file: str
    lines: tuple[str, ...]

    def text(self, line: int) -> str:
        """A line of the file, counted from 1."""
        return self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""


def definition(rule: Rule) -> Definition | None:
    """The definition of a rule; None if its source cannot be read, such as that of one typed at a prompt."""
    code = rule.__code__
    source: str | None = getattr(rule, "generated_source", None)
    if source is None:
        linecache.checkcache(code.co_filename)
        source = "".join(linecache.getlines(code.co_filename, rule.__globals__))
    node = _definitions(source).get(code.co_firstlineno)
    return None if node is None else Definition(node, code.co_filename, tuple(source.splitlines()))


@functools.lru_cache(maxsize=64)
def _definitions(source: str) -> dict[int, ast.FunctionDef]:
    """The functions of a file by the line at which they begin, decorators included."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # no file of Python, such as a prompt
        return {}
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            found[min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])] = node
    return found
