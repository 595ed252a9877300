"""The core tests by several interpreters."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import record

NAME = "pythons"
ROOT = Path(__file__).parents[2]
SELECTED = "core and not once and not long"
TESTS = (
    "catalogue/test_golden.py", "unit/test_core_rules.py", "unit/test_rule_law.py", "unit/test_states.py",
    "unit/test_mask_spec.py",
)  # fmt: skip
WITH_TORCH = ("unit/test_torch_extremes.py",)
ASKED = """
import importlib.metadata, json, platform
names = ("gymnasium", "numpy", "numba", "pettingzoo", "torch")
found = {name: importlib.metadata.version(name) for name in names if importlib.util.find_spec(name)}
print(json.dumps({"python": platform.python_version(), **found}))
"""


def measure(interpreters: Sequence[str]) -> dict[str, Any]:
    """Run the tests with each interpreter, which has the dependencies of the tests installed."""
    result: dict[str, Any] = record.load(NAME) or {"pythons": {}}
    for interpreter in interpreters:
        asked = subprocess.run(
            [interpreter, "-c", f"import importlib.util{ASKED}"], capture_output=True, text=True, check=True
        )
        versions = json.loads(asked.stdout)
        result["pythons"][versions["python"]] = {**versions, **outcome(interpreter, "torch" in versions)}
        record.save(NAME, result)
        print(result["pythons"][versions["python"]], flush=True)
    return result


def outcome(interpreter: str, with_torch: bool) -> dict[str, Any]:
    """How many tests passed, failed and were skipped."""
    chosen = [f"-m{SELECTED}{' or not core and not long' if with_torch else ''}"]
    chosen += [f"tests/{name}" for name in (*TESTS, *(WITH_TORCH if with_torch else ()))]
    with tempfile.TemporaryDirectory() as place:
        report, began = Path(place) / "report.xml", time.monotonic()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SDL_VIDEODRIVER": "dummy"}
        subprocess.run(
            [interpreter, "-m", "pytest", "-q", "-n0", f"--junitxml={report}", *chosen],
            cwd=ROOT, env=environment,
        )  # fmt: skip
        suite = ElementTree.parse(report).getroot()[0]
    count = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    passed = count["tests"] - count["failures"] - count["errors"] - count["skipped"]
    failed = count["failures"] + count["errors"]
    return {"passed": passed, "failed": failed, "skipped": count["skipped"], "seconds": round(time.monotonic() - began)}
