"""Ends a check whose environment does not return."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

GRACE = 1.0  # seconds after the time budget, in which walks end by themselves
AGAIN = 0.25  # seconds after which an environment that has caught the exception gets it once more


class OutOfTime(BaseException):
    """The time budget is over, in the middle of a call of the environment. Not an `Exception`, which it may catch."""


@contextlib.contextmanager
def watchdog(seconds: float | None) -> Iterator[None]:
    """Raise `OutOfTime` here when the time and the grace are over; None: never.

    In the main thread a signal interrupts what waits or sleeps, too. In another thread, and where the alarm of the
    process is taken or missing, the exception comes with the next line of Python that the environment executes.
    """
    if seconds is None:
        yield
        return
    with _quiet_where_lost(), (_by_signal if _alarm_is_free() else _by_thread)(max(0.0, seconds) + GRACE):
        yield


@contextlib.contextmanager
def _quiet_where_lost() -> Iterator[None]:
    """Where the exception meets a `__del__` or a callback of a weak reference, Python reports it and goes on.

    It comes again soon, so the report would only look like a fault of the environment.
    """
    earlier = sys.unraisablehook

    def report(lost: sys.UnraisableHookArgs) -> None:
        if lost.exc_type is not OutOfTime:
            earlier(lost)

    sys.unraisablehook = report
    try:
        yield
    finally:
        sys.unraisablehook = earlier


def _alarm_is_free() -> bool:
    return (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, signal.SIG_IGN, None)
        and signal.getitimer(signal.ITIMER_REAL)[0] == 0
    )


@contextlib.contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    def ring(*_: Any) -> None:
        raise OutOfTime

    earlier = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)


@contextlib.contextmanager
def _by_thread(seconds: float) -> Iterator[None]:
    over, thread = threading.Event(), threading.get_ident()

    def ring() -> None:
        wait = seconds
        while not over.wait(wait):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(OutOfTime))
            wait = AGAIN

    ringing = threading.Thread(target=ring, daemon=True)
    ringing.start()
    try:
        yield
    finally:
        over.set()
        ringing.join()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), None)  # what has not come yet
