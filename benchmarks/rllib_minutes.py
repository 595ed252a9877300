"""Minutes of RLlib's algorithms until 20 greedy episodes of MaskedCartPole have a mean return of 450.

    python benchmarks/rllib_minutes.py                         run what results/rllib/minutes.json lacks
    python benchmarks/rllib_minutes.py --again DQN             run one once more
    python benchmarks/rllib_minutes.py --write docs/rllib.md   run nothing; the table into a page

A run is the command of the page, `python -m agents.rllib --algo ALGO --target-return 450`, in a Ray of its own. Its
minutes go from the start of Tune to its end, the start of the workers and evaluations included; processor time is that
of all its processes, read from the system twice a second, so it misses the last half second of each.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from measure import machine, require, today
from report import RESULTS, written_into

FILE = RESULTS / "rllib" / "minutes.json"
START, END = "<!-- minutes:start -->", "<!-- minutes:end -->"
ALGORITHMS = ("PPO", "APPO", "IMPALA", "DQN")
TARGET = 450
ENDED = re.compile(r"^(\d+) decisions in ([\d.]+) min;", re.MULTILINE)
GREEDY = re.compile(r"^greedy: mean return ([\d.]+)", re.MULTILINE)
PROOF = re.compile(r"^decisions (\d+), invalid (\d+).*negative control (\d+)$", re.MULTILINE)


def run(algorithm: str) -> dict[str, Any]:
    """One training to its end, with what it took.

    Raises:
        RuntimeError: it failed, or its return stayed below the target.
    """
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/output.txt", "w+") as printed:
        command = [sys.executable, "-m", "agents.rllib", "--algo", algorithm, "--target-return", str(TARGET)]
        before = os.getloadavg()[0]
        process = subprocess.Popen(
            [*command, "--storage-path", folder, "--address", "local"],
            cwd=Path(__file__).resolve().parents[1],
            stdout=printed,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "RAY_worker_niceness": "0"},  # else workers hardly run beside other work
        )
        seconds = processor_seconds(process)
        printed.seek(0)
        output = printed.read()
    if process.returncode:
        raise RuntimeError(f"{algorithm} ended with {process.returncode}:\n{output[-3000:]}")
    ended, greedy, proof = ENDED.search(output), GREEDY.search(output), PROOF.search(output)
    assert ended and greedy and proof, output[-3000:]
    return {
        "date": today(),
        "machine": machine() | {"load": before, "load_at_the_end": os.getloadavg()[0]},
        "minutes": float(ended[2]),
        "decisions": int(ended[1]),
        "processor_minutes": round(seconds / 60, 2),
        "greedy_return_of_100": float(greedy[1]),
        "invalid": int(proof[2]),
        "negative_control": int(proof[3]),
    }


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """Of a process and all that it starts, until it ends."""
    spent: dict[tuple[int, str], float] = {}
    while True:
        spent |= family(process.pid)
        try:
            process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            continue
        return sum(spent.values())


def family(top: int) -> dict[tuple[int, str], float]:
    """(process id, start) of a process and its descendants, and the processor seconds of each, from /proc (Linux)."""
    parents: dict[int, int] = {}
    found: dict[int, tuple[str, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:  # proc(5): after the name in parentheses, 1 is the parent, 11 and 12 the ticks, 19 the start
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        parents[int(path.parent.name)] = int(fields[1])
        found[int(path.parent.name)] = fields[19], (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    inside, grown = {top}, True
    while grown:
        more = {one for one, parent in parents.items() if parent in inside} - inside
        grown, inside = bool(more), inside | more
    return {(one, found[one][0]): found[one][1] for one in inside if one in found}


def table(runs: dict[str, dict[str, Any]]) -> str:
    """The runs in Markdown."""
    lines = ["| algorithm | minutes | processor minutes | decisions | load | date |", "|---|---|---|---|---|---|"]
    for algorithm in ALGORITHMS:
        if algorithm in runs:
            found, place = runs[algorithm], runs[algorithm]["machine"]
            load = f"{place['load']:.0f} to {place['load_at_the_end']:.0f}"
            took = f"{found['minutes']:.1f} | {found['processor_minutes']:.1f} | {found['decisions']:,}"
            lines.append(f"| {algorithm} | {took} | {load} | {found['date']} |")
    place = next(iter(runs.values()))["machine"]
    return "\n".join([*lines, "", f"{place['cpu']}, {place['cores']} cores, one run each."])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--again", nargs="+", choices=ALGORITHMS, default=[], help="forget these runs first")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="run nothing; a Markdown page with the markers")
    given = parser.parse_args()
    runs = json.loads(FILE.read_text()) if FILE.exists() else {}
    if given.write is not None:
        given.write.write_text(written_into(given.write.read_text(), table(runs), START, END))
        return 0
    require("ray", "torch")
    for algorithm in ALGORITHMS:
        if algorithm not in runs or algorithm in given.again:
            print(f"{algorithm} ...", flush=True)
            runs[algorithm] = run(algorithm)
            FILE.write_text(json.dumps(runs, indent=1) + "\n")
            print(f"  {runs[algorithm]}", flush=True)
    print(f"{table(runs)}\n\nwrote {FILE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
