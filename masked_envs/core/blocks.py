"""The buffers of an engine as its loops take them: block after block of rows, and for plain Python row after row."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .state import PlainState

Loop = Callable[..., Any]


def row_blocks(rows: int, threads: int) -> list[slice]:
    """The rows in as many blocks of nearly equal size as there are threads."""
    edges = np.linspace(0, rows, min(threads, rows) + 1).astype(int)
    return [slice(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def plain_buffers(arrays: Mapping[str, npt.NDArray[Any]], states: Sequence[PlainState]) -> dict[str, Any]:
    """What plain Python indexes several times faster than arrays, over the same memory.

    One list of views per row in place of an array with a row axis; memoryviews, which give Python numbers, of the
    arrays with one number per row.
    """
    plain: dict[str, Any] = {"states": [state.fields for state in states]}
    for name in ("observations", "masks"):
        plain[name] = [[row[v] for v in range(len(row))] for row in arrays[name]]
    for name in ("terminated", "truncated", "acting", "invalid_counts"):
        plain[name] = arrays[name].data
    plain["invalid"] = [row.data for row in arrays["invalid"]]
    plain["rewards"] = list(arrays["rewards"])
    one_number = arrays["actions"].shape[1:] == (1,) and arrays["actions"].dtype.names is None
    plain["actions"] = [row.data if one_number else row for row in arrays["actions"]]
    return plain


class RowViews(NamedTuple):
    """Buffers as lists of views of them, by row and then by view; masks as int8 in place of bool."""

    observations: list[list[Any]]
    masks: list[list[Any]]


def row_views(observations: npt.NDArray[Any], masks: npt.NDArray[Any]) -> RowViews:
    """The views of these buffers (N, V, ...)."""
    cells = masks.view(np.int8) if masks.dtype == np.bool_ else masks
    return RowViews(*([[row[v] for v in range(len(row))] for row in rows] for rows in (observations, cells)))


class Threads:
    """Runs work on each block: in a pool that does not outlive a fork, or in place when there is one block."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._pool: tuple[int, ThreadPoolExecutor] | None = None

    def map(self, work: Loop, *per_block: Sequence[Any]) -> list[Any]:
        """The work on each block; the last of them in the thread that calls."""
        pid = os.getpid()
        if self._pool is None or self._pool[0] != pid:
            self._pool = (pid, ThreadPoolExecutor(self.number - 1))
        *others, own = zip(*per_block, strict=True)
        begun = [self._pool[1].submit(work, *arguments) for arguments in others]
        last = work(*own)
        return [*(each.result() for each in begun), last]


@functools.cache
def arguments_of(loop: Loop) -> tuple[str, ...]:
    """The names of a loop's arguments; a copy of an engine asks again, and to inspect takes longer than to copy."""
    return tuple(inspect.signature(loop).parameters)


def over_blocks(
    loop: Loop, bound: Loop, blocks: Sequence[slice], buffers: Sequence[Mapping[str, Any]], threads: Threads
) -> Loop:
    """A loop with its buffers, of which only the last arguments are still to be given, such as `where` (N,).

    Args:
        loop: one of `core.loop`, whose arguments have the names of buffers.
        bound: the same, bound by `compile.bind`.
        blocks: the rows of each block.
        buffers: by name, for each block.

    Returns:
        a function of what is no buffer; it gives the first row that any block returns, or -1.
    """
    names = [name for name in arguments_of(loop) if name in buffers[0]]
    fixed = [functools.partial(bound, *(block[name] for name in names)) for block in buffers]
    if len(blocks) == 1:
        return fixed[0]

    def in_threads(where: npt.NDArray[np.bool_], *varying: Any) -> int:
        found = threads.map(lambda rows, work: work(where[rows], *varying), blocks, fixed)
        return next((row for row in found if row is not None and row >= 0), -1)

    return in_threads
