"""Training that is killed at random moments and resumed, again and again, against a run that nothing disturbs."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from agents.ppo_torch.main import main as train

from . import record

NAME = "kills"
ROOT = Path(__file__).parents[2]
FILE = "checkpoint.bin"
RUN = ("--env", "MaskedTaxi-v0", "--num-envs", "8", "--num-steps", "16", "--hidden", "16", "--total-decisions", "2000")
KILLS_OF_ONE_RUN = 10


def flags(directory: Path) -> list[str]:
    resume = ["--resume"] if (directory / FILE).exists() else []
    return [*RUN, "--checkpoint-every", "1", "--checkpoint-dir", str(directory), *resume]


def digest(directory: Path) -> str:
    """The SHA-256 of the last checkpoint."""
    return hashlib.sha256((directory / FILE).read_bytes()).hexdigest()


def undisturbed(directory: Path) -> str:
    """A whole run from the command line; see `digest`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "agents.ppo_torch", *flags(directory)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"a run ended with {done.returncode}: {done.stdout}{done.stderr}")
    return digest(directory)


def start(directory: Path) -> int:
    """A run in a child of this process, which has imported everything already; its process id."""
    child = os.fork()
    if child == 0:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        os._exit(train(flags(directory)))
    return child


def finish(directory: Path) -> str:
    """Let a run go on to its end in a child of this process; see `digest`."""
    _, status = os.waitpid(start(directory), 0)
    if status != 0:
        raise RuntimeError(f"a run ended with the status {status}")
    return digest(directory)


def measure(until: int, minutes: float) -> dict[str, Any]:
    """Kill runs, each up to ten times, until so many kills; then let each go on to its end and compare.

    A checkpoint is written after every iteration. A kill comes at a random moment within a fifth of the time that the
    whole run takes, counted from the start of the process.
    """
    result: dict[str, Any] = record.load(NAME) or {
        "kills": 0, "before_first_checkpoint": 0, "while_writing": 0, "runs": 0, "equal": 0
    }  # fmt: skip
    rng = random.Random(result["kills"])
    end = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as place:
        whole = undisturbed(Path(place) / "whole")
        began = time.monotonic()
        assert finish(Path(place) / "again") == whole
        whole_takes = time.monotonic() - began
        while result["kills"] < until and time.monotonic() < end:
            directory = Path(place) / "killed"
            shutil.rmtree(directory, ignore_errors=True)
            killed = early = writing = 0
            while result["kills"] + killed < until and killed < KILLS_OF_ONE_RUN:
                child = start(directory)
                time.sleep(rng.uniform(0.0, whole_takes / 5))
                os.kill(child, signal.SIGKILL)
                _, status = os.waitpid(child, 0)
                if not os.WIFSIGNALED(status):
                    break  # it had come to its end
                killed += 1
                early += not (directory / FILE).exists()
                unfinished = list(directory.glob(".*.tmp"))
                writing += bool(unfinished)
                for file in unfinished:
                    file.unlink()
            result["equal"] += finish(directory) == whole
            result["runs"] += 1
            result["kills"] += killed
            result["before_first_checkpoint"] += early
            result["while_writing"] += writing
            record.save(NAME, result)
            print(f"{result['kills']} kills in {result['runs']} runs, {result['equal']} with equal bytes", flush=True)
    return result
