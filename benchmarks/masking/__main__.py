"""Run the experiments of docs/masking.md, in pieces that go on where they stopped.

python -m benchmarks.masking run              every cell without a result: about three hours on one core
python -m benchmarks.masking run E1 --minutes 30
python -m benchmarks.masking tabular          Q-learning on a table, with masked and with unmasked targets
python -m benchmarks.masking page             write docs/masking.md and its figures from the results
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from .experiments import EXPERIMENTS
from .runs import RESULTS, Cell, write


def run(cells: Sequence[Cell], minutes: float, results: Path = RESULTS) -> int:
    """Run the cells that have no result, until the time is over; how many were run."""
    import torch

    torch.set_num_threads(1)
    began, count = time.monotonic(), 0
    for cell in cells:
        if time.monotonic() - began > 60 * minutes:
            break
        if not cell.done(results):
            write(cell, cell.run(), results)
            count += 1
            print(cell.name, f"{time.monotonic() - began:.0f} s", flush=True)
    return count


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.masking", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="run cells that have no result")
    running.add_argument("experiments", nargs="*", metavar="EXPERIMENT", help=f"of {', '.join(EXPERIMENTS)}")
    running.add_argument("--minutes", type=float, default=1e6, help="begin no cell after so many")
    running.add_argument("--part", default="1/1", metavar="K/N", help="every N-th cell, from the K-th on")
    commands.add_parser("tabular", help="Q-learning on a table")
    commands.add_parser("page", help="write the page from the results")
    given = parser.parse_args(arguments)
    if given.command == "page":
        from . import page

        page.write()
    elif given.command == "tabular":
        from . import tabular

        tabular.measure()
    else:
        unknown = [name for name in given.experiments if name not in EXPERIMENTS]
        if unknown:
            parser.error(f"no experiment {', '.join(unknown)}; there are {', '.join(EXPERIMENTS)}")
        cells = {c.name: c for name in given.experiments or EXPERIMENTS for c in EXPERIMENTS[name].cells}
        first, _, every = given.part.partition("/")
        smallest_first = sorted(cells.values(), key=lambda cell: cell.task.num_actions)
        print(run(smallest_first[int(first) - 1 :: int(every)], given.minutes), "cells run")


if __name__ == "__main__":
    main()
