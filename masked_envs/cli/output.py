"""The standard output of a program, which may be closed, full, or a pipe that nobody reads any more."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any

FAILED = 1
INTERRUPTED, BROKEN_PIPE = 130, 141  # 128 + SIGINT, 128 + SIGPIPE, as shells report programs that signals ended


class Parser(argparse.ArgumentParser):
    """argparse's, but help that cannot be written is an error."""

    def print_help(self, file: Any = None) -> None:
        print(self.format_help(), end="", file=file)


def run_program(name: str, function: Callable[[], int]) -> int:
    """Run a program; where its output cannot be written, end with one line.

    Args:
        name: of the program, for that line.
        function: the program.

    Returns:
        its exit status; `FAILED` or `BROKEN_PIPE` where it has nowhere to write to.

    Raises:
        OSError: of a file, whose name it has.
    """
    if sys.stdout is None:  # closed by the shell
        return fail(name, "standard output is closed")
    try:
        try:
            return function()
        finally:
            sys.stdout.flush()  # here, where an error can be caught; the parser prints its help and leaves
    except BrokenPipeError:
        _close_output()
        return BROKEN_PIPE
    except OSError as error:
        if error.filename is not None:
            raise
        _close_output()
        return fail(name, str(error.strerror or error))


def fail(name: str, message: str, status: int = FAILED) -> int:
    """Say what is wrong; the exit status."""
    if sys.stderr is None:  # closed by the shell: the status has to do
        return status
    try:
        print(f"{name}: error: {message}", file=sys.stderr)
    except OSError:  # full, too
        return status
    return status


def _close_output() -> None:
    """Drop what cannot be written: Python flushes standard output as it ends, and would complain once more."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
