"""What a measurement is: two sides timed in turn in one run, or one number against a limit."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

REPETITIONS = 9
LIBRARIES = (
    "masked-envs", "gymnasium", "pettingzoo", "numpy", "numba", "torch", "envpool", "pgx", "jax", "stable-baselines3",
    "jumanji", "sb3-contrib", "tianshou", "torchrl", "skrl", "rl-games",
)  # fmt: skip

Side = Callable[[], Any]
"""Makes one repetition and returns steps (or other units of work) per second, or a dict with "rate" and more."""


class UnavailableError(Exception):
    """A measurement that cannot be made here, with the reason and the remedy."""


@dataclass(frozen=True)
class Comparison:
    """Ours beside a peer's.

    Attributes:
        name: what is measured, the first column of the table.
        peer: what it is compared with.
        ours, theirs: prepare one side, warm.
        must, aim: ratios of the rates, ours to theirs; None where nothing was promised.
        unit: of the work whose rate is measured.
    """

    name: str
    peer: str
    ours: Callable[[], Side]
    theirs: Callable[[], Side]
    must: float | None = None
    aim: float | None = None
    unit: str = "steps"
    repetitions: int = REPETITIONS

    def measure(self) -> dict[str, Any]:
        ours, theirs = self.ours(), self.theirs()
        results: dict[str, list[dict[str, Any]]] = {"ours": [], "peer": []}
        for repetition in range(self.repetitions):
            order = [("ours", ours), ("peer", theirs)]
            for key, side in order if repetition % 2 == 0 else order[::-1]:
                result = side()
                results[key].append(result if isinstance(result, dict) else {"rate": result})
        rates = {key: statistics.median(each["rate"] for each in result) for key, result in results.items()}
        return {
            "kind": "comparison", "name": self.name, "peer": self.peer, "unit": self.unit, "must": self.must,
            "aim": self.aim, "ratio": rates["ours"] / rates["peer"], "rate": rates, "repetitions": results,
        }  # fmt: skip


@dataclass(frozen=True)
class Budget:
    """A number of ours that must stay below a limit.

    Attributes:
        measure_once: makes one repetition and returns the number.
        must, aim: upper limits in `unit`.
    """

    name: str
    measure_once: Callable[[], float]
    must: float
    unit: str
    aim: float | None = None
    repetitions: int = REPETITIONS

    def measure(self) -> dict[str, Any]:
        numbers = [self.measure_once() for _ in range(self.repetitions)]
        return {
            "kind": "budget", "name": self.name, "unit": self.unit, "must": self.must, "aim": self.aim,
            "median": statistics.median(numbers), "repetitions": numbers,
        }  # fmt: skip


@dataclass(frozen=True)
class Rate:
    """A rate of ours that must stay above a limit.

    Attributes:
        ours: prepares it, warm.
        must: the lower limit; None where nothing was promised.
    """

    name: str
    ours: Callable[[], Side]
    must: float | None = None
    unit: str = "steps"
    repetitions: int = REPETITIONS

    def measure(self) -> dict[str, Any]:
        side = self.ours()
        rates = [side() for _ in range(self.repetitions)]
        return {
            "kind": "rate", "name": self.name, "unit": self.unit, "must": self.must, "aim": None,
            "median": statistics.median(rates), "repetitions": rates,
        }  # fmt: skip


def rate_of(run: Callable[[int], float], count: int) -> Side:
    """A side that does `count` units of work; `run` does n units and returns the seconds that count."""
    run(max(1, count // 10))  # warm
    return lambda: count / run(count)


def timed(work: Callable[[int], Any]) -> Callable[[int], float]:
    """The seconds that all of the work takes."""

    def run(count: int) -> float:
        began = time.perf_counter()
        work(count)
        return time.perf_counter() - began

    return run


def require(*modules: str) -> None:
    """Say what to install where a library of the bench extra is missing."""
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise UnavailableError(
                f"{module} cannot be imported ({error}): pip install 'masked-envs[bench,torch]'"
            ) from None


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    try:
        fields = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
        cpu = {key.strip(): value.strip() for key, value in fields.items()}.get("model name", platform.processor())
    except OSError:
        cpu = platform.processor()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpu": cpu,
        "cores": cores,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,  # how busy it was when this began
    }


def versions() -> dict[str, str]:
    """Of the libraries that are installed here."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def today() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%d")
