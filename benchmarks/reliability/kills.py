"""Training that is killed at random moments and resumed, again and again, against a run that nothing disturbs."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from agents.ppo_torch import checkpoint
from agents.ppo_torch.checkpoint import load_checkpoint
from agents.ppo_torch.main import main as train

from . import record

NAME = "kills"
ROOT = Path(__file__).parents[2]
FILE = "checkpoint.bin"
RUN = ("--env", "MaskedTaxi-v0", "--num-envs", "8", "--num-steps", "16", "--hidden", "16", "--total-decisions", "2000")
KILLS_OF_ONE_RUN = 10
FURTHEST = 4  # checkpoints until the next kill
PLACES = ("before_first_checkpoint", "between_checkpoints", "while_writing")


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


@dataclass(frozen=True)
class Moment:
    """When a run is killed, by what it has done since it was started or resumed.

    Attributes:
        checkpoints: it has written so many.
        share: of the time between two checkpoints that has passed since then, or of the next one's bytes.
        writing: whether the next one is being written.
    """

    checkpoints: int
    share: float
    writing: bool


class KillsItself:
    """A file that takes a share of what is written to it, and then kills the process."""

    def __init__(self, file: IO[bytes], share: float) -> None:
        self.file, self.share = file, share

    def write(self, data: bytes) -> None:
        self.file.write(data[: int(self.share * len(data))])
        self.file.flush()
        os.kill(os.getpid(), signal.SIGKILL)


def die_in_writing(moment: Moment) -> None:
    """Have this process killed while it writes a checkpoint."""
    write, written = checkpoint.atomic_write, 0

    @contextlib.contextmanager
    def dying_write(path: Path) -> Iterator[Any]:
        nonlocal written
        with write(path) as file:
            yield KillsItself(file, moment.share) if written == moment.checkpoints else file
        written += 1

    checkpoint.atomic_write = dying_write


def start(directory: Path, moment: Moment | None = None) -> int:
    """A run in a child of this process, which has imported everything already; its process id."""
    child = os.fork()
    if child == 0:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        if moment is not None and moment.writing:
            die_in_writing(moment)
        os._exit(train(flags(directory)))
    return child


def finish(directory: Path) -> str:
    """Let a run go on to its end in a child of this process; see `digest`."""
    _, status = os.waitpid(start(directory), 0)
    if status != 0:
        raise RuntimeError(f"a run ended with the status {status}")
    return digest(directory)


def kill(directory: Path, moment: Moment, takes: float) -> bool:
    """Start or resume a run and kill it; whether it was killed before its end.

    Args:
        takes: seconds between two checkpoints.
    """
    child = start(directory, moment)
    seen, last, ended = 0, version(directory), False
    while not moment.writing and not ended and seen < moment.checkpoints:
        time.sleep(takes / 50)
        newest = version(directory)
        seen, last = seen + (newest != last), newest
        ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    if not moment.writing and not ended:
        time.sleep(moment.share * takes)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def version(directory: Path) -> tuple[int, int] | None:
    """What differs once a checkpoint has taken the place of another; None where there is none."""
    try:
        status = (directory / FILE).stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def done(directory: Path) -> int:
    """How many checkpoints a run has written."""
    return int(load_checkpoint(directory)["counters"][0]) if (directory / FILE).exists() else 0


def measure(until: int, minutes: float) -> dict[str, Any]:
    """Kill runs, each several times, until so many kills; then let each go on to its end and compare.

    A checkpoint is written after every iteration. Each kill comes at a random moment before the
    fifth checkpoint from there: one in three while a checkpoint is being written, the others between two.
    """
    result: dict[str, Any] = record.load(NAME) or dict.fromkeys(("kills", *PLACES, "runs", "equal"), 0)
    rng = random.Random(result["kills"])
    end = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as place:
        whole = undisturbed(Path(place) / "whole")
        began = time.monotonic()
        assert finish(Path(place) / "again") == whole
        iterations = done(Path(place) / "again")
        takes = (time.monotonic() - began) / iterations
        while result["kills"] < until and time.monotonic() < end:
            directory = Path(place) / "killed"
            shutil.rmtree(directory, ignore_errors=True)
            counts = dict.fromkeys(PLACES, 0)
            while result["kills"] + sum(counts.values()) < until and sum(counts.values()) < KILLS_OF_ONE_RUN:
                left = iterations - done(directory)
                moment = Moment(rng.randrange(max(min(left, FURTHEST), 1)), rng.random(), rng.random() < 1 / 3)
                if left == 0 or not kill(directory, moment, takes):
                    break  # it had come to its end
                counts[PLACES[place_of(directory)]] += 1
            result["equal"] += finish(directory) == whole
            for name, number in counts.items():
                result[name] += number
            result["runs"] += 1
            result["kills"] += sum(counts.values())
            record.save(NAME, result)
            print(f"{result['kills']} kills in {result['runs']} runs, {result['equal']} with equal bytes", flush=True)
    return result


def place_of(directory: Path) -> int:
    """Where a kill has come, an index into `PLACES`; what was left of an unfinished file is removed."""
    unfinished = list(directory.glob(".*.tmp"))
    for file in unfinished:
        file.unlink()
    return 2 if unfinished else int((directory / FILE).exists())
