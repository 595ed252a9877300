"""Results on disk, which every piece of a measurement adds to."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from masked_envs.files import atomic_write

RESULTS = Path(__file__).parents[1] / "results" / "reliability"
LIBRARIES = ("gymnasium", "numpy", "numba", "torch", "pettingzoo")


class NothingChosenError(ValueError):
    """What was asked for is nothing that is measured."""


def path_of(name: str) -> Path:
    return RESULTS / f"{name}.json"


def load(name: str) -> dict[str, Any]:
    """What was measured so far; empty before the first piece."""
    path = path_of(name)
    return json.loads(path.read_text()) if path.exists() else {}


def save(name: str, result: dict[str, Any]) -> None:
    """Replace the file of a measurement at once, with the days and the machines of its pieces, and the versions now."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    today, began = datetime.now(timezone.utc).strftime("%Y-%m-%d"), str(result.get("date", "")).split(" to ")[0]
    date = today if began in ("", today) else f"{began} to {today}"
    machines = [one for one in str(result.get("machine", "")).split("; ") if one]
    stamp = {"date": date, "machine": "; ".join(dict.fromkeys([*machines, machine()])), **versions()}
    whole = {**stamp, **{key: value for key, value in result.items() if key not in stamp}}
    with atomic_write(path_of(name)) as file:
        file.write((json.dumps(whole, indent=1, sort_keys=False) + "\n").encode())


def machine() -> str:
    """Such as "AMD EPYC 7543, 2 cores, Linux x86_64"."""
    try:
        fields = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
        cpu = {key.strip(): value.strip() for key, value in fields.items()}.get("model name", platform.processor())
    except OSError:
        cpu = platform.processor()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cpu}, {cores} cores, {platform.system()} {platform.machine()}"


def versions() -> dict[str, Any]:
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {"versions": found}
