"""What an environment tells in another process, for the law that it is the same there.

One process is started, with another seed of Python's string hashes, and kept for all checks; what is to be made there
is sent as a pickle, so that functions of `__main__` and lambdas cannot be.
"""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
import threading
from typing import Any

from .context import CheckContext
from .time_step import step_digest

STEPS = 50  # of the walk there, at most
MOST_SECONDS = 60.0
START = "import sys; sys.path[:] = {path!r}; from masked_envs.conformance.other_process import serve; serve()"

_running: dict[int, subprocess.Popen[bytes]] = {}  # by who started it: a fork of this process needs its own


def told_elsewhere(context: CheckContext, steps: int, seconds: float | None = None) -> list[bytes] | str:
    """What a walk of another process is step_digest, time_step by time_step.

    Args:
        context: of the environment.
        steps: of the walk.
        seconds: after which the other process is ended; None: a minute.

    Returns:
        as `fresh.step_digest` gives it; or why there is none, in words.
    """
    try:
        request = pickle.dumps((context.make, context.seed, steps, context.options, context.behaviour))
    except Exception as error:  # what cannot be pickled may raise anything
        return f"it cannot be sent to another process ({type(error).__name__}: {error})"
    try:
        process = _started()
    except OSError as error:
        return f"another process cannot be started ({error})"
    assert process.stdin is not None and process.stdout is not None
    too_long = threading.Timer(MOST_SECONDS if seconds is None else seconds, process.kill)
    too_long.start()
    try:
        pickle.dump((sys.path, request), process.stdin)
        process.stdin.flush()
        answer: list[bytes] | str = pickle.load(process.stdout)
    except (EOFError, OSError, pickle.UnpicklingError):
        _running.clear()
        return "another process with it took too long, or was ended by it"
    finally:
        too_long.cancel()
    return answer


def _started() -> subprocess.Popen[bytes]:
    """The other process."""
    running = _running.get(os.getpid())
    if running is None or running.poll() is not None:
        seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
        running = subprocess.Popen(
            [sys.executable, "-c", START.format(path=sys.path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        _running[os.getpid()] = running
        atexit.register(running.kill)
    return running


def serve() -> None:
    """Walk and tell, as often as asked for."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what an environment prints is no answer
    while True:
        try:
            sys.path[:], request = pickle.load(requests)
        except EOFError:
            return
        pickle.dump(_answer(request), answers)
        answers.flush()


def _answer(request: bytes) -> Any:
    try:
        make, seed, steps, options, behaviour = pickle.loads(request)
        context = CheckContext(make, seed, steps, None, options)
        context.behaviour = behaviour
        return [step_digest(state.time_step) for state in context.walk()]
    except Exception as error:  # an environment under test may fail in any way
        return f"it cannot be made in another process ({type(error).__name__}: {error})"
