"""The command `masked-envs`: look at environments, play them, measure them, check them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from .output import INTERRUPTED, fail, run_program
from .targets import CommandError

PROGRAM = "masked-envs"

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 good, 1 failed, 2 a command line that makes no sense, 3
    a check without a verdict.

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
    except ImportError as error:
        return fail(PROGRAM, _with_pip_command(error))
    except KeyboardInterrupt:
        return INTERRUPTED
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


def _with_pip_command(error: ImportError) -> str:
    """The message of a missing library, with the command that installs it; a broken import of our own is raised."""
    missing = (error.name or "").partition(".")[0]
    if "pip install" in str(error):
        return str(error)
    if not missing or missing == __package__.partition(".")[0]:
        raise error
    return f"{error}: pip install {missing}"
