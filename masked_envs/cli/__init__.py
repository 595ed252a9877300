"""The command `masked-envs`: look at environments, play them, measure them, check them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from .output import fail, run_program
from .targets import CommandError

PROGRAM = "masked-envs"

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 good, 1 failed, 2 a command line that makes no sense, 3
    a check without a verdict, 130 after Ctrl-C.

    Args:
        arguments: the words after the program's name; None reads them from `sys.argv`.
    """
    return run_program(PROGRAM, lambda: _answer(arguments))


def _answer(arguments: Sequence[str] | None) -> int:
    """Carry out a command; what is wrong with it, in one line."""
    try:
        return _run(arguments)
    except CommandError as error:
        return fail(PROGRAM, str(error), error.status)
    except OSError as error:
        if error.filename is None:
            raise
        return fail(PROGRAM, f"{error.filename}: {error.strerror or error}")


def _run(arguments: Sequence[str] | None) -> int:
    from .parser import build_parser

    given = build_parser().parse_args(arguments)
    module, _, function = given.command.partition(".")
    status: int = getattr(import_module(f"{__name__}.{module}"), function)(given)
    return status
