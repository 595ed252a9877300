"""Sharing the rows of a launch out to threads, where that is faster than one."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from . import Launch

# Measured on two cores: waking a second thread and waiting for it takes 30 to 60 microseconds.
WORTH_TRYING = 3e-4  # seconds that a launch takes one thread
GAIN = 0.9  # several threads are used where a launch takes them less than this share of the time
TRIES = 5  # launches of each kind, whose medians are compared
DECIDED = 1000  # launches for which a decision holds before it is made anew
PARTS = 4  # for each thread: a thread that starts late, or runs on a busy core, takes fewer of them


class Crew:
    """Threads that work for one engine. They start when first needed, and anew in a process that was forked."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._pool: tuple[int, ThreadPoolExecutor] | None = None

    def parts(self, rows: int) -> list[slice]:
        """The rows in parts of nearly equal size."""
        number = min(rows, PARTS * self.number)
        return [slice(rows * k // number, rows * (k + 1) // number) for k in range(number)]

    def run(self, tasks: Iterable[Callable[[], int]]) -> int:
        """Do all tasks; each thread takes the next until none is left. Returns the sum of their results.

        One future for each further thread. The calling thread waits only for what others have begun, so that a thread
        that is not scheduled costs nothing.
        """
        pid = os.getpid()
        if self._pool is None or self._pool[0] != pid:
            self._pool = (pid, ThreadPoolExecutor(self.number - 1))
        left = deque(tasks)

        def work() -> int:
            total = 0
            while left:
                try:
                    task = left.popleft()
                except IndexError:  # another thread has just taken the last
                    break
                total += task()
            return total

        futures = [self._pool[1].submit(work) for _ in range(self.number - 1)]
        try:
            total = work()
        finally:
            left.clear()
            begun = [future for future in futures if not future.cancel()]
            wait(begun)
        return total + sum(future.result() for future in begun)


def the_faster(alone: Launch, together: Launch) -> Launch:
    """A launch that is done in one thread or in several, whichever was faster lately. The results are the same.

    Both are tried by the clock, since how long a row takes depends on the environment, and whether a second core is
    free depends on everything else. Where one thread takes less than `WORTH_TRYING`, `together` is not tried.

    Args:
        alone, together: the launch in one thread and in several.
    """
    chosen, left, plan = alone, 0, _tries()
    seconds: tuple[list[float], list[float]] = ([], [])  # of the tries alone, and of those together

    def launch(*arguments: Any, **named: Any) -> int:
        nonlocal chosen, left, plan
        if left > 0:
            left -= 1
            return chosen(*arguments, **named)
        shared = plan.pop()
        began = time.perf_counter()
        total = (together if shared else alone)(*arguments, **named)
        seconds[shared].append(time.perf_counter() - began)
        short = len(plan) == 2 * TRIES and min(seconds[False]) < WORTH_TRYING
        if short or not plan:
            chosen = (
                together
                if not short and is_faster(*(float(np.median(seconds[way])) for way in (True, False)))
                else alone
            )
            left, plan = DECIDED, _tries()
            seconds[False].clear()
            seconds[True].clear()
        return total

    return launch


def _tries() -> list[bool]:
    """Which launches to try, from the last to the first: whether in several threads. The first one may compile."""
    return [*([False, True] * TRIES), False, False]


def is_faster(together: float, alone: float) -> bool:
    """Whether several threads are enough faster than one: the usual seconds of a launch of each."""
    return together < GAIN * alone
