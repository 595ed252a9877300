"""Short runs of the RLlib agent."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from agents.rllib import main, recipes
from agents.rllib.evaluation import lifetime

counted = lifetime


def make_config(*flags):
    """RLlib's config of the run with these flags."""
    _, given = main.parse(flags)
    return recipes.make_config(given, masked=given.mask == "on")


DIRECTORY = Path(main.__file__).parent
SMALL = ("--num-envs-per-env-runner", "8", "--evaluation-duration", "3")
PROOF = re.compile(r"decisions (\d+), invalid (\d+)(?: \(.*\))?, negative control (\d+)$", re.MULTILINE)


def start(*flags, cwd=None):
    """The program in a process group of its own, its two outputs as one stream of text."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, str(DIRECTORY), *SMALL, *map(str, flags)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=cwd,
        start_new_session=True,
    )


def until_checkpoint(process, number):
    """What it prints until it has written so many checkpoints."""
    printed, seen = [], 0
    for line in process.stdout:
        printed.append(line)
        seen += "Checkpoint successfully created" in line
        if seen == number:
            break
    assert seen == number, "".join(printed)
    return "".join(printed)


def kill_at_checkpoint(process, number):
    """Let it write so many checkpoints, then kill it; return what it had printed."""
    printed = until_checkpoint(process, number)
    process.kill()
    return printed + process.communicate()[0]


def interrupt_at_checkpoint(process):
    """Let it write a checkpoint, then press Ctrl-C, which reaches all of its process group; return what it printed."""
    printed = until_checkpoint(process, 1)
    os.killpg(process.pid, signal.SIGINT)
    return printed + process.communicate()[0]


def proof(output):
    """Decisions, invalid actions and negative control of the last line."""
    found = PROOF.findall(output)
    assert found, output
    return tuple(map(int, found[-1]))


def results(experiment):
    """Every result that Tune noted of a run's only trial, in order; a killed driver may leave half of a last line."""
    (path,) = experiment.glob("*/result.json")
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
