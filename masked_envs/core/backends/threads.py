"""Sharing the rows of a launch out to threads, where that is faster than one."""

from __future__ import annotations

import functools
import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np
import numpy.typing as npt

Loop = Callable[..., int]
"""loop(*buffers, where, *varying): work on the rows of these buffers; the sum of the rows' results."""

After = Callable[[slice], None]

# Measured on two cores: waking a second thread and waiting for it takes 30 to 60 microseconds.
WORTH_SHARING = 3e-4  # seconds that a launch takes one thread
TRIES = 4  # launches in one thread, of which the fastest is compared with WORTH_SHARING
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


class SharedLaunch:
    """A launch over all rows of an engine, in one thread or in several, whichever is faster.

    Which is decided by how long the loop takes one thread, not by the number of rows, since a row of one environment
    costs a hundred times that of another. The results are the same.

    Args:
        loop: the compiled loop.
        whole: its buffers.
        parts: the buffers in parts, each with its rows.
        crew: the threads.
        every_row: where without a choice, bool (N,).
        after: called with the rows of each part, or with all of them, when they are done.
    """

    def __init__(
        self,
        loop: Loop,
        whole: tuple[Any, ...],
        parts: Sequence[tuple[slice, tuple[Any, ...]]],
        crew: Crew,
        every_row: npt.NDArray[np.bool_],
        after: After | None = None,
    ) -> None:
        self._loop, self._whole, self._parts, self._crew, self._every_row = loop, whole, parts, crew, every_row
        self._after = after
        self._shares, self._left = False, 0  # whether the next launches are shared out, and how many of them are left
        self._tries, self._fastest = 0, math.inf

    def __call__(self, where: npt.NDArray[np.bool_] | None, *varying: Any) -> int:
        where = self._every_row if where is None else where
        if self._left == 0:
            return self._try(where, varying)
        self._left -= 1
        if self._shares:
            return self._crew.run(
                functools.partial(self._do, rows, (*buffers, where[rows], *varying)) for rows, buffers in self._parts
            )
        return self._do(slice(None), (*self._whole, where, *varying))

    def _do(self, rows: slice, arguments: tuple[Any, ...]) -> int:
        total = self._loop(*arguments)
        if self._after is not None:
            self._after(rows)
        return total

    def _try(self, where: npt.NDArray[np.bool_], varying: tuple[Any, ...]) -> int:
        """Launch in one thread, by the clock; after some tries decide for the next launches."""
        began = time.perf_counter()
        total = self._do(slice(None), (*self._whole, where, *varying))
        self._fastest = min(self._fastest, time.perf_counter() - began)
        self._tries += 1
        if self._tries >= TRIES:
            self._shares, self._left = self._fastest >= WORTH_SHARING, DECIDED
            self._tries, self._fastest = 0, math.inf
        return total
