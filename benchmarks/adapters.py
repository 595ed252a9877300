"""The adapters of training libraries beside their libraries' ordinary way, into results/adapters/<name>/.

    python benchmarks/adapters.py                    every adapter whose library is installed
    python benchmarks/adapters.py sb3                some of them
    python benchmarks/adapters.py --write README.md  put the newest of each between the markers of a page

An adapter has a file adapter_<name>.py here with a function `comparisons`.
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

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
        given.write.write_text(report.written_into(given.write.read_text(), table(), START, END))
        return 0
    for name in given.names or NAMES:
        found = {"date": measure.today(), "machine": measure.machine(), "versions": measure.versions()}
        results, skipped = run.measured(importlib.import_module(f"adapter_{name}").comparisons())
        found |= {"groups": {name: results}, "skipped": {name: skipped}}
        path = RESULTS / name / f"{measure.today()}-{run.machine_name()}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=1) + "\n")
        print(report.table(found, every_row=True))
        print(f"\nwrote {path}")
    return 0


def newest() -> dict[str, dict[str, Any]]:
    """The newest results of each adapter."""
    return {name: json.loads(report.newest(RESULTS / name).read_text()) for name in NAMES}


def table() -> str:
    """All rows of the newest results of each adapter, and where and when they were measured."""
    rows: list[str] = []
    places: dict[str, list[str]] = {}
    for name, found in newest().items():
        *head, _, place = report.table(found, every_row=True).splitlines()
        rows += head if not rows else head[2:]
        places.setdefault(place, []).append(name)
    return "\n".join([*rows, "", *(f"{', '.join(names)}: {place}\n" for place, names in places.items())]).rstrip()


if __name__ == "__main__":
    raise SystemExit(main())
