"""Sharing the rows of a launch out to threads, where that is faster than one."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from . import Launch

# Measured on two cores: waking a second thread and waiting for it takes 30 to 100 microseconds.
WORTH_TRYING = 3e-4  # seconds that a launch takes one thread
GAIN = 0.9  # several threads are used where a launch takes them less than this share of the time
TRIES = 5  # launches of each kind, whose medians are compared
DECIDED = 1000  # launches for which a decision holds before it is made anew
PARTS = 2  # for each thread: one that starts late, or runs on a busy core, takes fewer of them


class Crew:
    """Threads that work for one engine. They start when first needed, and anew in a process that was forked.

    Each further thread waits at a queue of its own, and holds its lock while it works. The futures of
    `concurrent.futures` do the same, and take 70 to 110 microseconds more of each launch.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self._further: tuple[int, list[_Further]] | None = None  # with the process in which they run

    def parts(self, rows: int) -> list[slice]:
        """The rows in parts of nearly equal size."""
        number = min(rows, PARTS * self.number)
        return [slice(rows * k // number, rows * (k + 1) // number) for k in range(number)]

    def run(self, tasks: Iterable[Callable[[], int]]) -> int:
        """Do all tasks; each thread takes the next until none is left. Returns the sum of their results.

        The calling thread waits only for what others have begun, so that a thread that is not scheduled costs nothing.

        Raises:
            what a task raised, once all threads are done; the first such error, where several did.
        """
        job, further = _Job(tasks), self._started()
        for thread in further:
            thread.jobs.put(job)
        try:
            job.work()
        finally:
            job.left.clear()
            for thread in further:
                with thread.busy:
                    pass
        if job.errors:
            raise job.errors[0]
        return sum(job.results)

    def _started(self) -> list[_Further]:
        pid = os.getpid()
        if self._further is None or self._further[0] != pid:
            self._further = (pid, [_Further() for _ in range(self.number - 1)])
            weakref.finalize(self, _end, self._further[1])
        return self._further[1]


class _Job:
    """Tasks that several threads do, each the next of those that are left."""

    def __init__(self, tasks: Iterable[Callable[[], int]]) -> None:
        self.left, self.results, self.errors = deque(tasks), list[int](), list[BaseException]()

    def work(self) -> None:
        while self.left:
            try:
                task = self.left.popleft()
            except IndexError:  # another thread has just taken the last
                return
            self.results.append(task())


class _Further:
    """A thread beside the caller's, for as long as the process runs or until it is sent None."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self.busy = threading.Lock()
        # Without a reference to this object or the crew, so that both can go.
        threading.Thread(target=_work, args=(self.jobs, self.busy), daemon=True).start()


def _work(jobs: SimpleQueue[_Job | None], busy: threading.Lock) -> None:
    while (job := jobs.get()) is not None:
        with busy:
            try:
                job.work()
            except BaseException as error:  # the caller raises it
                job.errors.append(error)
        del job


def _end(threads: list[_Further]) -> None:
    for thread in threads:
        thread.jobs.put(None)


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
