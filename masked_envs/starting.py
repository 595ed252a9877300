"""Ctrl-C while `masked-envs` or `python -m masked_envs` is still importing this package.

The package imports this module first. No `try` of the command line can be around its own imports, and Ctrl-C in the
middle of them would be a traceback. So until the command line begins (`cli.output.run_program`), the signal ends the
process at once. In programs of the user's that import this package, nothing is changed.
"""

from __future__ import annotations

import os
import signal
import sys


def is_the_program(command: list[str], main: str) -> bool:
    """Whether a process was started as the program of this package.

    Args:
        command: all words that the process was started with, `sys.orig_argv`.
        main: what Python runs, `sys.argv[0]`: a path, or "-m" while it looks for a module.
    """
    as_module = main == "-m" and "-m" in command and command[command.index("-m") + 1 :][:1] == [__package__]
    return as_module or os.path.splitext(os.path.basename(main))[0] == "masked-envs"


def end_at_once() -> None:
    """Have Ctrl-C end the process, unless it was told to do something else."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if is_the_program(sys.orig_argv, (getattr(sys, "argv", None) or [""])[0]):
    end_at_once()
