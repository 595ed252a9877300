"""docs/speed.md, from the newest results of benchmarks/."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
for folder in (ROOT, ROOT / "benchmarks"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

import adapters  # noqa: E402
import report  # noqa: E402

PAGE = """<!-- Written by docs/generate.py from benchmarks/results; do not edit. -->

# How fast it is

Steps, training and memory of masked_envs beside other libraries, measured on one machine in the same run.

Both sides of a row take turns in one process, and the figure is the ratio of the medians of their rates. Play is random
and legal, and the mask of every step is included. masked_envs uses one thread unless the row says otherwise; EnvPool
and JAX use every core. *must* and *aim* are limits that this project set itself: a test fails when a measured ratio is
below *must*.

## Environments

`make bench` repeats these measurements, and `masked-envs bench` measures your machine.

{environments}

## Training libraries

Each adapter beside the ordinary way of its library: environment steps, and whole trainings (seconds of processor time).
`python benchmarks/adapters.py` repeats them.

{libraries}
"""


def page() -> str:
    newest = json.loads(report.newest().read_text(encoding="utf-8"))
    return PAGE.format(environments=report.table(newest), libraries=adapters.table())
