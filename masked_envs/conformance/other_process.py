"""Replays a walk in another process, to compare with this one.

One process is started, with another seed of Python's string hashes, and kept for all checks. It leads a process group
of its own, so that whatever an environment starts there ends with it; and it ends itself when this process does. What
is made there is sent as a pickle, so that functions of `__main__` and lambdas cannot be.
"""

from __future__ import annotations

import atexit
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import Any

from ..mask_spec.checks import shown
from .context import CheckContext
from .time_step import parts_of_step

STEPS = 50  # of the walk there, at most
MOST_SECONDS = 60.0
START = "import sys; sys.path[:] = {path!r}; from masked_envs.conformance.other_process import serve; serve()"

_running: dict[int, subprocess.Popen[bytes]] = {}  # by who started it: a fork of this process needs its own
_ending = threading.Lock()


def stream_elsewhere(context: CheckContext, steps: int) -> list[dict[str, bytes]] | str:
    """What a walk gives in another process, state by state.

    Args:
        context: of the environment. The other process is ended when its time is over, or after a minute.
        steps: of the walk.

    Returns:
        `parts_of_step` of each state; or why there are none, in words.
    """
    ends = [end for end in (context.until, context.deadline) if end is not None]
    seconds = min([MOST_SECONDS, *(end - time.monotonic() for end in ends)])
    if seconds <= 0:
        return "there was no time left"
    try:
        request = pickle.dumps((context.make, context.seed, steps, replace(context.options, refused=None)))
    except Exception as error:  # what cannot be pickled may raise anything
        return f"it cannot be sent to another process ({type(error).__name__}: {error})"
    try:
        process = _started()
    except OSError as error:
        return f"another process cannot be started ({error})"
    assert process.stdin is not None and process.stdout is not None
    too_long = threading.Timer(seconds, _end, (process,))
    too_long.start()
    try:
        pickle.dump((sys.path, request), process.stdin)
        process.stdin.flush()
        answer: list[dict[str, bytes]] | str = pickle.load(process.stdout)
        if not isinstance(answer, (list, str)):
            raise pickle.UnpicklingError(f"no answer: {shown(answer)}")
    except Exception:  # it ended, or the environment wrote into its answer: unpickling that may raise anything
        _forget(process)
        return "another process with it took too long, or was ended by it"
    except BaseException:  # the check itself is ended: the answer would be read as that of the next request
        _forget(process)
        raise
    finally:
        too_long.cancel()
    return answer


def _started() -> subprocess.Popen[bytes]:
    """The other process."""
    running = _running.get(os.getpid())
    if running is not None and not _is_alive(running):
        _forget(running)
        running = None
    if running is None:
        seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
        running = subprocess.Popen(
            [sys.executable, "-c", START.format(path=sys.path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONHASHSEED": seed}, start_new_session=True,
        )  # fmt: skip
        _running[os.getpid()] = running
    return running


def _forget(process: subprocess.Popen[bytes]) -> None:
    """End a process that may be in the middle of something."""
    _running.pop(os.getpid(), None)
    _end(process)


def _is_alive(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process runs; one that has ended is not reaped, so that its number stays its own."""
    if process.returncode is not None or not hasattr(os, "waitid"):
        return process.poll() is None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it has started, and reap it.

    One that was reaped before is left alone: its number may be that of an innocent process by now.
    """
    with _ending:
        if process.returncode is None:
            _end_group(process.pid)
            process.wait()


@atexit.register
def _end_running() -> None:
    """End what this process has started, and not what a process did that it is a fork of."""
    process = _running.pop(os.getpid(), None)
    if process is not None:
        _end(process)


def _end_group(leader: int) -> None:
    """End a process that leads a group, and its group. It must not have been reaped."""
    if hasattr(os, "killpg") and os.getpgid(leader) == leader:
        os.killpg(leader, signal.SIGKILL)
    else:
        os.kill(leader, signal.SIGTERM)


def serve() -> None:
    """Walk and answer, as often as asked for."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what an environment prints is no answer
    requests: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    while True:
        pickle.dump(_answer(requests.get()), answers)
        answers.flush()


def _listen(requests: queue.Queue[bytes]) -> None:
    """Take requests in. Their end is that of the other process: then this one ends, whatever it is doing."""
    while True:
        try:
            sys.path[:], request = pickle.load(sys.stdin.buffer)
        except EOFError:
            _end_group(os.getpid())
            os._exit(0)
        requests.put(request)


def _answer(request: bytes) -> Any:
    try:
        make, seed, steps, options = pickle.loads(request)
        return [parts_of_step(state.time_step) for state in CheckContext(make, seed, steps, None, options).walk()]
    except Exception as error:  # an environment under test may fail in any way
        return f"it cannot be made in another process ({type(error).__name__}: {error})"
