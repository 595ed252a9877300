"""The start of an agent, before its libraries are imported."""

from __future__ import annotations

import importlib
import signal
import sys
from typing import NoReturn


def run(module: str, extra: str) -> NoReturn:
    """Import the module of a program and run its `main`; the process ends with what that returns.

    A missing library is one line. Ctrl-C while the libraries are imported, which takes seconds, ends the process at
    once, and later is `main`'s.

    Args:
        module: with `main`, which takes no arguments and returns the exit status.
        extra: of masked_envs, which installs what the program needs.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        main = importlib.import_module(module).main
    except ImportError as error:
        sys.exit(f"{module.rpartition('.')[0]}: error: {with_command(error, extra)}")
    sys.exit(main())


def with_command(error: ImportError, extra: str) -> str:
    """The message of a missing library, with the command that installs it; anything else is raised."""
    if "pip install" in str(error):
        return str(error)
    ours = (error.name or "").startswith(("agents.", "benchmarks.", "masked_envs."))
    if ours or not isinstance(error, ModuleNotFoundError):
        raise error
    return f"{error}: pip install 'masked-envs[{extra}]'"
