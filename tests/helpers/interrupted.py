"""Programs that get Ctrl-C at a place that they have said they reached."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORT = "import time:"  # what a line of `python -X importtime` begins with


def interrupted_at(word: str, *command: str, **environment: str) -> tuple[int, str]:
    """Run Python, press Ctrl-C when a printed line contains a word, and wait for the end.

    With `-X importtime` among the words, the lines name the modules whose import has ended.

    Returns:
        the exit status as a shell reports it, 130 too where the signal itself ended the process; and all that was
        printed but for imports.
    """
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1", **environment}, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    printed = []
    for line in process.stdout:
        printed.append(line)
        if word in line:
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all of the group
            break
    else:
        raise AssertionError(f"it never printed {word}: {''.join(printed)}")
    printed += process.communicate()[0].splitlines(keepends=True)
    status = 128 + signal.SIGINT if process.returncode == -signal.SIGINT else process.returncode
    return status, "".join(line for line in printed if not line.startswith(IMPORT))
