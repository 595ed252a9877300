"""The command `masked-envs`: look at environments, play them, measure them, check them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from .errors import CommandError

INTERRUPTED, BROKEN_PIPE = 130, 141  # 128 + SIGINT, 128 + SIGPIPE: what a shell reports of a program so ended

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 good, 1 failed, 2 asked wrongly, 3 not judged.

    Args:
        arguments: the words after the program's name; None reads them from `sys.argv`.
    """
    from .parser import build_parser

    given = build_parser().parse_args(arguments)
    try:
        status: int = import_module(f"{__name__}.{given.command}").run(given)
        sys.stdout.flush()
        return status
    except CommandError as error:
        return _fail(str(error), error.status)
    except ImportError as error:
        return _fail(_with_pip_command(error), 1)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes standard output once more as it ends, and would complain about the closed pipe then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def _fail(message: str, status: int) -> int:
    print(f"masked-envs: error: {message}", file=sys.stderr)
    return status


def _with_pip_command(error: ImportError) -> str:
    """The message of a missing library, with the command that installs it; a broken import of our own goes on."""
    missing = (error.name or "").partition(".")[0]
    if "pip install" in str(error):
        return str(error)
    if not missing or missing == __package__.partition(".")[0]:
        raise error
    return f"{error}: pip install {missing}"
