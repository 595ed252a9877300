"""A command at a terminal of its own: what a person would see."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import masked_envs

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def at_a_terminal(*words: str, columns: int = 80, errors: bool = False, **variables: str) -> tuple[int, str]:
    """The exit status of `masked-envs` and what it wrote to a terminal of so many columns, escapes included.

    Args:
        errors: whether standard error, with its progress bars, is the same terminal; otherwise it is dropped.
    """
    import pty

    ours, theirs = pty.openpty()
    paths = [str(Path(masked_envs.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "CI")}
    environment = {
        **kept,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "TERM": "xterm-256color",
        "COLUMNS": str(columns),
        "LINES": "40",
        **variables,
    }
    command = [sys.executable, "-m", "masked_envs", *words]
    error = theirs if errors else subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=error, env=environment, close_fds=True)
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux: the other end is closed
            break
        if not part:
            break
        said += part
    os.close(ours)
    return process.wait(), said.decode().replace("\r\n", "\n")


def plain(said: str) -> str:
    """The words without escapes."""
    return ESCAPE.sub("", said)
