"""The adapters of training libraries beside their libraries' ordinary way, into results/adapters/<date>-<machine>.json.

    python benchmarks/adapters.py                    every adapter whose library is installed
    python benchmarks/adapters.py sb3                some of them, merged into the file of today
    python benchmarks/adapters.py --write README.md  put the newest table between the markers of a page

An adapter has a file adapter_<name>.py here with a function `comparisons`.
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path

import measure
import report
import run

RESULTS = report.RESULTS / "adapters"
START, END = "<!-- adapters:start -->", "<!-- adapters:end -->"
NAMES = sorted(path.stem.removeprefix("adapter_") for path in Path(__file__).parent.glob("adapter_*.py"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="ADAPTER", help=f"of {', '.join(NAMES)}; all without")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="measure nothing; a Markdown page with the markers")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"no adapter {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    if given.write is not None:
        block = report.table(json.loads(report.newest(RESULTS).read_text()))
        given.write.write_text(report.written_into(given.write.read_text(), block, START, END))
        return 0
    path = RESULTS / f"{measure.today()}-{run.machine_name()}.json"
    found = json.loads(path.read_text()) if path.exists() else {"groups": {}, "skipped": {}}
    found |= {"date": measure.today(), "machine": measure.machine(), "versions": measure.versions()}
    for name in given.names or NAMES:
        cases = importlib.import_module(f"adapter_{name}").comparisons()
        found["groups"][name], found["skipped"][name] = run.measured(cases)
    RESULTS.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")
    print(report.table(found, every_row=True))
    print(f"\nwrote {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
