"""Measure masked_envs beside its peers and write benchmarks/results/<date>-<machine>.json.

python benchmarks/run.py                      everything that can be measured here
python benchmarks/run.py --only ppo budgets   some of it, into a file that is merged with the newest of today
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
from typing import Any

import budgets
import c_loop
import kinds
import ppo
import sampling
import single_step
import vector_step
from measure import Budget, Comparison, Rate, UnavailableError, machine, today, versions
from report import RESULTS, table

GROUPS = {
    "vector_step": vector_step.comparisons,
    "c_loop": c_loop.comparisons,
    "single_step": single_step.comparisons,
    "sampling": sampling.comparisons,
    "budgets": budgets.budgets,
    "kinds": kinds.budgets,
    "ppo": ppo.comparisons,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=GROUPS, metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--machine", default=machine_name(), help="name of the machine in the file's name")
    given = parser.parse_args()
    path = RESULTS / f"{today()}-{given.machine}.json"
    report = {"date": today(), "machine": machine(), "versions": versions(), "groups": {}, "skipped": {}}
    if given.only and path.exists():
        earlier = json.loads(path.read_text())
        report |= {"groups": earlier["groups"], "skipped": earlier["skipped"]}
    for group in given.only or GROUPS:
        report["groups"][group], report["skipped"][group] = measured(GROUPS[group]())
    RESULTS.mkdir(exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(table(report, every_row=True))
    print(f"\nwrote {path}")
    return 0


def measured(cases: Any) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """The results of these cases, and why some were left out."""
    results, skipped = [], []
    for case in cases:
        print(f"{case.name}{f', beside {case.peer}' if isinstance(case, Comparison) else ''} ...", file=sys.stderr)
        try:
            results.append(measure(case))
        except UnavailableError as reason:
            print(f"  left out: {reason}", file=sys.stderr)
            skipped.append({"name": case.name, "reason": str(reason)})
    return results, skipped


def measure(case: Comparison | Budget | Rate) -> dict[str, Any]:
    result = case.measure()
    found = f"ratio {result['ratio']:.2f}" if "ratio" in result else f"{result['median']:.1f} {result['unit']}"
    print(f"  {found}", file=sys.stderr)
    return result


def machine_name() -> str:
    """A short name of the kind of machine, such as amd-epyc-2-cores."""
    found = machine()
    name = f"{found['cpu'] or platform.machine()} {found['cores']} cores"
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


if __name__ == "__main__":
    raise SystemExit(main())
