"""How a program ends where it cannot go on: in one line, whatever it is that ended it.

Its standard output may be closed, full, or a pipe that nobody reads any more; a library may be missing; somebody may
press Ctrl-C.
"""

from __future__ import annotations

import _thread
import argparse
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

FAILED = 1
AGAIN = 0.05  # seconds until an interrupt that was lost comes again
OURS = ("masked_envs", "agents", "benchmarks")  # what a checkout holds, and no library that could be installed
INTERRUPTED, BROKEN_PIPE = 130, 141  # 128 + SIGINT, 128 + SIGPIPE, as shells report programs that signals ended


class Parser(argparse.ArgumentParser):
    """argparse's, but help that cannot be written is an error."""

    def print_help(self, file: Any = None) -> None:
        print(self.format_help(), end="", file=file)


def run_program(name: str, function: Callable[[], int]) -> int:
    """Run a program; where its output cannot be written, a library is missing, or Ctrl-C ends it, say so in one line.

    Args:
        name: of the program, for that line.
        function: the program.

    Returns:
        its exit status; `FAILED` where it has nowhere to write to or misses a library, `BROKEN_PIPE`, or `INTERRUPTED`.

    Raises:
        OSError: of a file, whose name it has. ImportError: of our own code.
    """
    if sys.stdout is None:  # closed by the shell
        return fail(name, "standard output is closed")
    try:
        with _interrupts_are_raised():
            try:
                return function()
            finally:
                sys.stdout.flush()  # here, where an error can be caught; the parser prints its help and leaves
    except KeyboardInterrupt:
        return tell(f"{name}: interrupted", INTERRUPTED)
    except ImportError as error:
        return fail(name, with_pip_command(error))
    except BrokenPipeError:
        _close_output()
        return BROKEN_PIPE
    except OSError as error:
        if error.filename is not None:
            raise
        _close_output()
        return fail(name, str(error.strerror or error))


@contextlib.contextmanager
def _interrupts_are_raised() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt where, before and after, it ends the process at once; else nothing changes.

    A program has it so while it imports its modules (`starting`), and while Python ends.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.SIG_DFL:
        yield
        return
    try:
        with _raised_again_where_lost():
            signal.signal(signal.SIGINT, signal.default_int_handler)
            yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def _raised_again_where_lost() -> Iterator[None]:
    """A KeyboardInterrupt that meets a `__del__` or the callback of a weak reference comes again.

    Python would report it there and go on; numba and torch have many of them.
    """
    earlier = sys.unraisablehook

    def report(lost: sys.UnraisableHookArgs) -> None:
        if lost.exc_type is not KeyboardInterrupt:
            earlier(lost)
            return
        again = threading.Timer(AGAIN, _thread.interrupt_main)
        again.daemon = True
        again.start()

    sys.unraisablehook = report
    try:
        yield
    finally:
        sys.unraisablehook = earlier


def with_pip_command(error: ImportError) -> str:
    """The message of a missing library, with the command that installs it; a broken import of our own is raised."""
    missing = (error.name or "").partition(".")[0]
    if "pip install" in str(error):
        return str(error)
    if not missing or missing in OURS:
        raise error
    return f"{error}: pip install {missing}"


def fail(name: str, message: str, status: int = FAILED) -> int:
    """Say what is wrong; the exit status."""
    return tell(f"{name}: error: {message}", status)


def tell(line: str, status: int) -> int:
    """Print a line on standard error, if it can be written to; the exit status."""
    if sys.stderr is None:  # closed by the shell: the status has to do
        return status
    try:
        print(line, file=sys.stderr)
    except OSError:  # full, too
        return status
    return status


def _close_output() -> None:
    """Drop what cannot be written: Python flushes standard output as it ends, and would complain once more."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
