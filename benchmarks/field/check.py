"""Hold the checker against the environments of one package, and write data/<package>.json.

    python benchmarks/field/check.py pgx                    what the file does not have yet
    python benchmarks/field/check.py pgx --again            all of them
    python benchmarks/field/check.py pgx --only tic_tac_toe

Each environment is checked in a process of its own, so that one that crashes or hangs costs only itself, and written at
once: what was interrupted goes on where it was. What people wrote into the file (`tested`, `left_out`, `links`,
`findings`) and what `examine.py` has seen stays.
"""

from __future__ import annotations

import argparse
import functools
import importlib.metadata
import json
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import field_data as data  # noqa: E402
from shelf import make, options_of, shelf_of  # noqa: E402

STEPS, TIME_BUDGET = 60, 90.0  # unless a shelf says otherwise
SLACK = 120.0  # seconds beyond the budget, for imports and compilation, before a process is ended
LAWS = ("L2", "L3", "L4", "L5", "L6", "L7", "L10")  # what can be broken without declaring anything
OWN = ("decisions", "tried")  # options that are not the checker's
OUTSIDE = "is not in the action space, and the environment executed it"
BY_HAND: dict[str, Any] = {
    "home": "", "install": "", "tested": "", "left_out": [], "links": [], "environments": [], "findings": [],
}  # fmt: skip


def report_of(package: str, name: str) -> dict[str, Any]:
    """The checker's report on one environment, as `masked-envs check --json` writes it."""
    import masked_envs

    options = {"steps": STEPS, "time_budget": TIME_BUDGET, **options_of(package, name)}
    for key, value in options.items():
        if isinstance(value, str) and hasattr(shelf_of(package), value):
            options[key] = getattr(shelf_of(package), value)
    arguments = {key: value for key, value in options.items() if key not in OWN}
    maker = functools.partial(make, package, name)
    return masked_envs.check_masked_env(maker, raise_on_failure=False, **arguments).as_dict()


def environment(package: str, name: str, report: Mapping[str, Any], examined: Any = None) -> dict[str, Any]:
    """The entry of one environment."""
    return {
        "name": name,
        "made": shelf_of(package).ENVIRONMENTS[name],
        "mask_in": ", ".join(report["places"]),
        "refuses": report["behaviour"],
        "options": options_of(package, name),
        "laws": {law: judged(law, report["verdicts"][law], report) for law in LAWS},
        "outside": outside(report),
        "seconds": round(report["coverage"]["seconds"], 1),
        "examined": examined,
    }


def judged(law: str, verdict: str, report: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict on one law; "not reached" where the walks met no state that it is about."""
    findings = [found for found in report["findings"] if found["law"] == law]
    evidence = next((found["evidence"] for found in findings if found["evidence"] is not None), None)
    telling = ("failed", "not judged", "warning", *([verdict] if verdict == "not applicable" else []))
    notes = [f"{found['status']}: {found['sentence']}" for found in findings if found["status"] in telling]
    if verdict == "passed" or (verdict == "not judged" and law in ("L6", "L7") and evidence is not None):
        if missing := data.unreached(law, evidence):
            notes = [note for note in notes if not note.startswith("not judged")]
            notes, verdict = [*notes, *(f"not reached: {why}" for why in missing)], "not reached"
    return {"verdict": verdict, "evidence": evidence, "notes": list(dict.fromkeys(notes))}


def outside(report: Mapping[str, Any]) -> str:
    """What became of numbers outside the action space."""
    if any(OUTSIDE in found["sentence"] for found in report["findings"]):
        return "executed"
    return "not judged" if report["verdicts"]["L7"] not in ("passed", "failed") else "refused"


def checked(package: str, name: str) -> dict[str, Any]:
    """The report, made in another process; of one that crashes or hangs, a report that says so."""
    budget = options_of(package, name).get("time_budget", TIME_BUDGET)
    command = [sys.executable, __file__, package, "--report", name]
    began = time.monotonic()
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=budget + SLACK, check=True)
        found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
        return found
    except subprocess.CalledProcessError as error:
        print(error.stderr[-4000:], file=sys.stderr)
        why = f"the process of the check ended with status {error.returncode}"
    except subprocess.TimeoutExpired:
        why = f"the process of the check did not end in {budget + SLACK:.0f} s"
    laws = [f"L{number}" for number in range(1, 12)]
    findings = [{"law": law, "status": "not judged", "sentence": why, "evidence": None} for law in laws]
    verdicts = dict.fromkeys(laws, "not judged")
    coverage = {"seconds": time.monotonic() - began}
    return {"findings": findings, "verdicts": verdicts, "behaviour": "", "places": [], "coverage": coverage}


def versions(package: str) -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in shelf_of(package).DISTRIBUTIONS}


def run(package: str, names: list[str], again: bool) -> None:
    """Check what is missing, and write after each."""
    for name in names:
        if again or name not in [env["name"] for env in known(package).get("environments", [])]:
            report = checked(package, name)
            store(package, name, report)
            print(name, report["verdicts"], flush=True)


def known(package: str) -> dict[str, Any]:
    """What the file has by now: somebody may have written into it during a check."""
    return data.read(package) if data.path_of(package).exists() else {}


def store(package: str, name: str, report: Mapping[str, Any]) -> None:
    """Write one environment into the file."""
    shelf, before = shelf_of(package), known(package)
    entries = {env["name"]: env for env in before.get("environments", [])}
    entries[name] = environment(package, name, report, entries.get(name, {"examined": None})["examined"])
    data.write(package, {
        "package": shelf.PACKAGE,
        **{key: before.get(key, empty) for key, empty in BY_HAND.items()},
        "versions": {**before.get("versions", {}), **versions(package)},
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "date": date.today().isoformat(),
        "environments": [entries[one] for one in shelf.ENVIRONMENTS if one in entries],
    })  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Hold the checker against the environments of one package.")
    parser.add_argument("package", help="a file of benchmarks/field/shelf, without .py")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these environments")
    parser.add_argument("--again", action="store_true", help="also those that the file has")
    parser.add_argument("--report", metavar="NAME", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.report is not None:
        print(json.dumps(report_of(given.package, given.report)))
        return
    names = list(shelf_of(given.package).ENVIRONMENTS)
    if unknown := sorted({*(given.only or names)} - {*names}):
        parser.error(f"{given.package} has no {', '.join(unknown)}; it has {', '.join(names)}")
    run(given.package, given.only or names, given.again or given.only is not None)


if __name__ == "__main__":
    main()
