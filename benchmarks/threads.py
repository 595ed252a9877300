"""What a second thread gives a vector environment, by the number of its rows.

    python benchmarks/threads.py

For each size, environments with one thread and with several step in turn in one process, each first in every other
repetition; only the calls of `step` are on the clock, with actions drawn between them. Beside the sizes for which a
gain is promised stands what the machine itself gives: two processes with half of the rows each, which share nothing and
wait for nothing, beside one of them alone. Where cores share execution units or a power budget that is less than 2.

Takes about a minute and writes results/threads/<date>-<machine>.json. Needs as many free cores as threads: run it
alone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import time
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from measure import Comparison, Side, machine, today, versions
from report import RESULTS
from run import machine_name

import masked_envs

SIZES = (16, 256, 1024, 4096, 16_384, 65_536)
ENVIRONMENTS = ("MaskedConnectFour-v0", "MaskedCartPole-v0")
# The least ratio of the rates that is promised: never slower beyond the noise, and faster where the batch is large.
PROMISES = {16_384: 1.2, 65_536: 1.6}
NOISE = 0.95
REPETITIONS, SECONDS = 15, 0.05  # of which each side has so many, of so long
WARM_UP = 20  # steps: compiling, and the launches by which the number of threads is decided


def comparisons(threads: int, sizes: tuple[int, ...] = SIZES) -> list[Comparison]:
    return [
        Comparison(
            f"vector step, {env_id}, {size} envs, {threads} threads",
            "1 thread",
            partial(side, env_id, size, threads),
            partial(side, env_id, size, 1),
            must=PROMISES.get(size, NOISE),
            repetitions=REPETITIONS,
        )
        for env_id in ENVIRONMENTS
        for size in sizes
    ]


def side(env_id: str, size: int, threads: int) -> Side:
    """Rows stepped per second."""
    envs = masked_envs.make_vec(env_id, size, backend="numba", num_threads=threads)
    _, info = envs.reset(seed=0)
    rng = np.random.default_rng(0)

    def run(steps: int) -> float:
        nonlocal info
        spent = 0.0
        for _ in range(steps):
            actions = envs.mask_spec.sample(info["action_mask"], rng)
            began = time.perf_counter()
            *_, info = envs.step(actions)
            spent += time.perf_counter() - began
        return spent

    run(WARM_UP)
    steps = max(10, int(SECONDS * WARM_UP / run(WARM_UP)))
    return lambda: steps * size / run(steps)


def limit(case: Comparison) -> dict[str, float]:
    env_id, size, threads = case.ours.args  # type: ignore[attr-defined]
    return {"machine_limit": machine_limit(env_id, size)} if threads == 2 and size in PROMISES else {}


def machine_limit(env_id: str, size: int) -> float:
    """How many times more rows two processes of size / 2 rows step than one of them while the other rests."""
    context = multiprocessing.get_context("spawn")
    ends: list[Connection] = []
    processes = []
    for _ in range(2):
        ours, theirs = context.Pipe()
        processes.append(context.Process(target=serve, args=(env_id, size // 2, theirs)))
        processes[-1].start()
        ends.append(ours)
    for end in ends:
        end.recv()  # ready

    def rate(working: list[Connection]) -> float:
        for end in working:
            end.send(True)
        return sum(end.recv() for end in working)

    ratios = [2 * rate(ends) / (rate(ends[:1]) + rate(ends[1:])) for _ in range(REPETITIONS)]
    for end, process in zip(ends, processes, strict=True):
        end.send(False)
        process.join()
    return statistics.median(ratios)


def serve(env_id: str, size: int, end: Connection) -> None:
    """Measure one repetition whenever asked, until told to stop."""
    measured = side(env_id, size, threads=1)
    end.send(True)
    while end.recv():
        end.send(measured())


def row(result: dict[str, Any]) -> str:
    kept = "" if result["ratio"] >= result["must"] else "  below what is promised"
    limit = f"  two processes {result['machine_limit']:.2f}x" if "machine_limit" in result else ""
    return f"{result['name']:<58} {result['ratio']:5.2f}x  (promised {result['must']:g}x){limit}{kept}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--machine", default=machine_name(), help="name of the machine in the file's name")
    given = parser.parse_args()
    results = []
    for case in comparisons(given.threads, tuple(given.sizes)):
        results.append(case.measure() | limit(case))
        print(row(results[-1]), flush=True)
    folder = RESULTS / "threads"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{today()}-{given.machine}.json"
    report = {"date": today(), "machine": machine(), "versions": versions(), "results": results}
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(f"\nwrote {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
