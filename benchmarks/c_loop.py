"""A vector step beside a plain C loop that does the same work on one core.

The C is in `c/`: legality check, move, mask, observation, reward, reset; compiled here by the machine's C compiler. The
figure of the table is with -O3, as most C is shipped; -march=native lets the compiler use all of this machine, as
numba does.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from measure import Comparison, Side, UnavailableError, rate_of
from vector_step import NUM_ENVS, legal, ours, stepping

SOURCES = Path(__file__).parent / "c"
# The arrays behind the struct Batch of each file, after the states: (shape of a row, dtype).
GAME = (((2, 6, 7), np.int8), ((7,), np.int8), ((2,), np.float64), ((), np.uint8))
CART = (((4,), np.float32), ((6,), np.int8), ((), np.float64), ((), np.uint8), ((), np.uint8))
MASK = 2  # its place among all arrays


def comparisons() -> list[Comparison]:
    cases = []
    for title, env_id, source, arrays in (
        ("Connect Four", "MaskedConnectFour-v0", "connect_four.c", GAME),
        ("CartPole", "MaskedCartPole-v0", "cartpole.c", CART),
    ):
        name = f"vector step, {title}, {NUM_ENVS} envs"
        for flags, must, aim in (("-O3", 0.5, 0.8), ("-O3 -march=native", None, None)):
            loop = partial(c_loop, source, arrays, flags)
            cases.append(Comparison(name, f"C loop ({flags}, one core)", partial(ours, env_id), loop, must, aim))
    return cases


def c_loop(source: str, arrays: Any, flags: str, steps: int = 200) -> Side:
    library = compiled(source, flags)
    library.state_size.restype = library.step_all.restype = ctypes.c_int64
    batch = [np.zeros((NUM_ENVS, library.state_size()), np.uint8)]
    batch += [np.zeros((NUM_ENVS, *shape), dtype) for shape, dtype in arrays]
    pointers, rows = (ctypes.c_void_p * len(batch))(*(array.ctypes.data for array in batch)), ctypes.c_int64(NUM_ENVS)
    library.reset_all(pointers, rows)

    def step(actions: Any) -> Any:
        invalid = library.step_all(pointers, ctypes.c_void_p(actions.ctypes.data), rows)
        assert invalid == -1, f"row {invalid} was given an invalid action"
        return batch[MASK]

    return rate_of(stepping(step, legal(batch[MASK].shape[1]), batch[MASK]), steps * NUM_ENVS)


def compiled(source: str, flags: str) -> ctypes.CDLL:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise UnavailableError("no C compiler was found (Debian, Ubuntu: apt install gcc libc6-dev)")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "loop.so"
        words = [compiler, *flags.split(), "-shared", "-fPIC", str(SOURCES / source), "-o", str(library), "-lm"]
        subprocess.run(words, check=True)
        return ctypes.CDLL(str(library))
