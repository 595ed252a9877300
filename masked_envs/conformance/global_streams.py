"""Python's and NumPy's global random streams, which an environment may draw from though it should not."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np


@contextlib.contextmanager
def same_global_streams() -> Iterator[None]:
    """Leave the streams as they were, so that what is done next draws the same numbers."""
    python, legacy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)


@contextlib.contextmanager
def global_streams(seed: int) -> Iterator[None]:
    """Seed the streams, and put them back afterwards."""
    with same_global_streams():
        random.seed(seed)
        np.random.seed(seed)
        yield
