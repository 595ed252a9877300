"""How much memory a piece of code asks for."""

from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Iterator


class Peak:
    """The most bytes that were held at once beyond those at the start; filled in at the end."""

    bytes = 0


@contextlib.contextmanager
def measured() -> Iterator[Peak]:
    """Measure within the block."""
    peak = Peak()
    tracemalloc.start()
    try:
        yield peak
        peak.bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
