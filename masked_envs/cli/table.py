"""Plain tables for a terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence

GAP = "  "
NARROWEST = 24  # characters the last column keeps on a narrow terminal


def print_table(rows: Sequence[Sequence[str]], *, numbers: bool = False) -> None:
    """Print rows in aligned columns, the first row as headings.

    On a terminal the last column wraps; in a pipe a row stays on one line.

    Args:
        numbers: every column but the first is set to the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = widths[-1]
    if sys.stdout.isatty():
        taken = sum(widths[:-1]) + len(GAP) * (len(widths) - 1)
        last = max(NARROWEST, shutil.get_terminal_size().columns - taken - 1)
    for i, row in enumerate(rows):
        for line in _lines(row, widths, last, numbers):
            print(line.rstrip())
        if i == 0:
            print(GAP.join("-" * width for width in [*widths[:-1], min(widths[-1], last)]))


def _lines(row: Sequence[str], widths: Sequence[int], last: int, numbers: bool) -> list[str]:
    if numbers:
        return [GAP.join(w.rjust(n) if i else w.ljust(n) for i, (w, n) in enumerate(zip(row, widths, strict=True)))]
    head = "".join(word.ljust(width) + GAP for word, width in zip(row[:-1], widths[:-1], strict=True))
    first, *more = textwrap.wrap(row[-1], last) or [""]
    return [head + first, *(" " * len(head) + line for line in more)]
