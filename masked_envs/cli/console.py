"""Output for people and programs: coloured and fitted to a terminal by rich, plain lines in a pipe, or JSON.

rich is imported when something is printed, not with the package. It honours NO_COLOR, TERM=dumb and COLUMNS.
"""

from __future__ import annotations

import json
import math
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Console

GAP = "  "
HANGING = 4  # characters that the further lines of a paragraph are set in
CODE_INDENT = 8  # lines with so much space before them are code or data, and keep their breaks


def console(*, stderr: bool = False) -> Console:
    """Where to print: standard output, or standard error; words are printed as they are, without markup."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def is_terminal() -> bool:
    """Whether standard output is read by a person."""
    return sys.stdout.isatty()


def print_json(value: Any) -> None:
    """Print a value as JSON; numbers that JSON has no word for become null."""
    print(json.dumps(_plain(value), indent=1, allow_nan=False))


def print_table(rows: Sequence[Sequence[str]], *, numbers: bool = False) -> None:
    """Print rows in aligned columns, the first row as headings.

    On a terminal columns wrap to its width; in a pipe a row stays on one line.

    Args:
        numbers: every column but the first is set to the right.
    """
    if not is_terminal():
        _print_plain(rows, numbers)
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for i, heading in enumerate(rows[0]):
        right = numbers and i > 0
        side: Literal["left", "right"] = "right" if right else "left"
        table.add_column(heading, justify=side, style="" if i else "cyan", overflow="fold", no_wrap=i == 0)
    for row in rows[1:]:
        table.add_row(*row)
    console().print(table)


def print_words(words: str, styles: dict[str, str] | None = None) -> None:
    """Print text; on a terminal wrapped to its width, words that match the patterns `styles` in their style."""
    if not is_terminal():
        print(words, flush=True)
        return
    from rich.text import Text

    out = console()
    lines = [part for line in words.splitlines() for part in _wrapped(line, out.width)]
    text = Text("\n".join(lines))
    for pattern, style in (styles or {}).items():
        text.highlight_regex(pattern, style)
    out.print(text)


class Progress:
    """A progress bar on standard error, if that is a terminal; it goes away at the end.

    Args:
        total: how many steps there are.
        quiet: show nothing.
    """

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self._bar: Any = None
        if quiet or sys.stderr is None or not sys.stderr.isatty():
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Bar(*columns, console=console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=total)
        self._begun = 0

    def show(self, what: str) -> None:
        """Say what is next; all before it is done."""
        if self._bar is not None:
            self._bar.update(self._task, description=what, completed=self._begun)
            self._begun += 1

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _print_plain(rows: Sequence[Sequence[str]], numbers: bool) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for i, row in enumerate(rows):
        cells = [
            word.rjust(width) if numbers and k else word.ljust(width)
            for k, (word, width) in enumerate(zip(row, widths, strict=True))
        ]
        print(GAP.join(cells).rstrip())
        if i == 0:
            print(GAP.join("-" * width for width in widths))


def _wrapped(line: str, width: int) -> list[str]:
    """The line in lines of at most `width` characters; code as it is."""
    indent = len(line) - len(line.lstrip())
    if len(line) <= width or indent >= CODE_INDENT:
        return [line]
    return textwrap.wrap(line, width, initial_indent=" " * indent, subsequent_indent=" " * (indent + HANGING)) or [line]
