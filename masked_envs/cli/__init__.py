"""The command `masked-envs`: look at environments, play them, measure them, check them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from .targets import FAILED, CommandError

INTERRUPTED, BROKEN_PIPE = 130, 141  # 128 + SIGINT, 128 + SIGPIPE, as shells report programs that signals ended

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 good, 1 failed, 2 a command line that makes no sense, 3
    a check without a verdict.

    Args:
        arguments: the words after the program's name; None reads them from `sys.argv`.
    """
    if sys.stdout is None:  # closed by the shell
        return _fail("standard output is closed", FAILED)
    try:
        return _run(arguments)
    except CommandError as error:
        return _fail(str(error), error.status)
    except ImportError as error:
        return _fail(_with_pip_command(error), FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _close_output()
        return BROKEN_PIPE
    except OSError as error:
        _close_output()
        where = "" if error.filename is None else f"{error.filename}: "
        return _fail(f"{where}{error.strerror or error}", FAILED)


def _run(arguments: Sequence[str] | None) -> int:
    from .parser import build_parser

    try:
        given = build_parser().parse_args(arguments)
        module, _, function = given.command.partition(".")
        status: int = getattr(import_module(f"{__name__}.{module}"), function)(given)
        return status
    finally:
        sys.stdout.flush()  # here, where an error can be caught; the parser prints its help and leaves


def _close_output() -> None:
    """Drop what cannot be written: Python flushes standard output as it ends, and would complain once more."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, status: int) -> int:
    if sys.stderr is not None:  # closed by the shell: the status has to do
        print(f"masked-envs: error: {message}", file=sys.stderr)
    return status


def _with_pip_command(error: ImportError) -> str:
    """The message of a missing library, with the command that installs it; a broken import of our own is raised."""
    missing = (error.name or "").partition(".")[0]
    if "pip install" in str(error):
        return str(error)
    if not missing or missing == __package__.partition(".")[0]:
        raise error
    return f"{error}: pip install {missing}"
