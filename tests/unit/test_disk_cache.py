"""The disk cache of compiled rules, across processes: machine code for one shape never runs on another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from masked_envs.core.backends import COMPILED
from masked_envs.core.random import random_subset, shuffle
from masked_envs.core.rules import rule

pytestmark = pytest.mark.core


@rule
def mark(s: Any) -> None:
    """Mark every value; so long, and called in two places, that it stays a function of its own in the machine code."""
    rng, values = s["rng"], s["values"]
    random_subset(rng, values.size, values)
    for _ in range(2):
        shuffle(rng, values)
        shuffle(rng, values[1:])
        shuffle(rng, values[2:])
        shuffle(rng, values[:-1])
        shuffle(rng, values[:-2])
        shuffle(rng, values[::2])
        shuffle(rng, values[::-1])
    random_subset(rng, values.size - 1, values[1:])
    random_subset(rng, values.size - 2, values[2:])
    random_subset(rng, values.size - 3, values[3:])


@rule
def mark_rows(states: Any) -> None:
    for i in range(len(states)):
        if i % 2 == 0:
            mark(states[i])
        else:
            mark(states[i])
            mark(states[i])


def marked(size: int) -> list[int]:
    """The fields of a record after `mark_rows`: `size` marked values, and eight beside them."""
    states = np.zeros(1, [("rng", np.int64, (4,)), ("values", np.int8, (size,)), ("beside", np.int8, (8,))])
    COMPILED.bind("test", [mark_rows], {}).mark_rows(states)
    return [*states[0]["values"].tolist(), *states[0]["beside"].tolist()]


def test_processes_share_a_cache_without_taking_code_for_another_shape(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    here = Path(__file__).resolve()
    paths = os.pathsep.join([str(here.parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": paths}

    def run(*sizes: int) -> list[str]:
        command = [sys.executable, str(here), *map(str, sizes)]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.splitlines()

    of_six, of_four = str([1] * 6 + [0] * 8), str([1] * 4 + [0] * 8)
    assert run(6) == [of_six]
    assert run(4) == [of_four]
    compiled = set(tmp_path.rglob("*.nbc"))
    assert run(6, 4) == [of_six, of_four]
    assert run(4, 6) == [of_four, of_six]
    assert set(tmp_path.rglob("*.nbc")) == compiled != set()  # they were loaded, not compiled again


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(marked(int(argument)))
