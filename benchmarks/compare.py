"""Our side of the benchmarks on two checkouts of the repository: what a change does to speed.

    git worktree add --detach ../before COMMIT
    python benchmarks/compare.py ../before .

Each checkout has a process of its own, with its own `masked_envs` and `agents`; the benchmarks are those beside this
file for both. The two processes take turns repetition by repetition, each first in every other, so that a machine
that slows down does it to both. Prints the medians and their ratio: below 1, AFTER is slower. Peers are not run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import Budget, Comparison, UnavailableError
from run import GROUPS

LEAST = 0.95


def once(case: Comparison | Budget) -> Callable[[], float]:
    """Makes one repetition of our side; more is better, so a budget is given as work per unit of it."""
    if isinstance(case, Budget):
        return lambda: 1.0 / case.measure_once()
    side = case.ours()

    def rate() -> float:
        result = side()
        found: float = result["rate"] if isinstance(result, dict) else result
        return found

    return rate


def serve(groups: list[str]) -> None:
    """Answer on standard output, one line of JSON for each number of a case on standard input."""
    answers, sys.stdout = sys.stdout, sys.stderr
    cases, ready = cases_of(groups), dict[int, Callable[[], float]]()
    for line in sys.stdin:
        number = int(line)
        try:
            if number not in ready:
                ready = {number: once(cases[number])}  # what went before is let go
            print(json.dumps(ready[number]()), file=answers, flush=True)
        except UnavailableError as reason:
            print(json.dumps(str(reason)), file=answers, flush=True)


def cases_of(groups: list[str]) -> list[Comparison | Budget]:
    """The cases of these groups; of those with the same side of ours, the first."""
    found = {}
    for group in groups:
        for case in GROUPS[group]():  # type: ignore[operator]
            found.setdefault(case.name, case)
    return list(found.values())


class Checkout:
    """A process that measures one checkout."""

    def __init__(self, path: Path, groups: list[str]) -> None:
        if not (path / "masked_envs").is_dir():
            raise SystemExit(f"{path} is no checkout of the repository: it has no folder masked_envs")
        words = [sys.executable, __file__, "--serve", *groups]
        paths = [str(path.resolve()), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        self._process = subprocess.Popen(
            words, env=environment, cwd=path, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def measure(self, number: int) -> float | str:
        """The rate of one repetition, or why there is none."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(number, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit("a measuring process has ended; its error stands above")
        found: float | str = json.loads(answer)
        return found

    def close(self) -> None:
        self._process.communicate()


def compared(checkouts: list[Checkout], number: int, repetitions: int) -> list[float] | str:
    """The median rates of both, or why there are none."""
    rates: list[list[float]] = [[], []]
    for repetition in range(repetitions):
        for which in (0, 1) if repetition % 2 == 0 else (1, 0):
            rate = checkouts[which].measure(number)
            if isinstance(rate, str):
                return rate
            rates[which].append(rate)
    return [statistics.median(each) for each in rates]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path, nargs="?", default=Path(__file__).parents[1])
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS), metavar="GROUP")
    parser.add_argument("--repetitions", type=int, help="of each row; without it, as many as benchmarks/run.py makes")
    given = parser.parse_args()
    checkouts = [Checkout(path, given.only) for path in (given.before, given.after)]
    slower = 0
    for number, case in enumerate(cases_of(given.only)):
        found = compared(checkouts, number, given.repetitions or case.repetitions)
        if isinstance(found, str):
            print(f"{case.name:<75} left out: {found}", flush=True)
            continue
        before, after = found
        slower += after / before < LEAST
        print(f"{case.name:<75} {shown(case, before)} -> {shown(case, after)}  {after / before:5.2f}x", flush=True)
    for checkout in checkouts:
        checkout.close()
    print(f"{slower} rows below {LEAST}x")
    return 1 if slower else 0


def shown(case: Comparison | Budget, rate: float) -> str:
    number: Any = 1 / rate if isinstance(case, Budget) else rate
    return f"{number:.4g} {case.unit}{'' if isinstance(case, Budget) else '/s'}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2:])
        raise SystemExit(0)
    raise SystemExit(main())
