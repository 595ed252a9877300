"""Tables in Markdown, and texts between markers of a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def between(path: Path, text: str, what: str, table: str) -> str:
    """The text of a page with the table between its markers.

    Raises:
        ValueError: the markers are not there.
    """
    first, last = f"<!-- {what}:start -->", f"<!-- {what}:end -->"
    head, start, rest = text.partition(first)
    _, end, tail = rest.partition(last)
    if not start or not end:
        raise ValueError(f"{path.name} needs the lines {first} and {last}")
    return f"{head}{start}\n{table}{end}{tail}"
