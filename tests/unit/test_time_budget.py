"""A check ends in time, whatever its environment does, and leaves no process behind.

Nothing here looks at a clock: what waits for ever, and is not ended, is a test that does not end.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_envs import Jobs
from verdict_cases import Items

import masked_envs
from masked_envs.conformance import other_process
from masked_envs.conformance.context import CheckContext
from masked_envs.conformance.invalid_behaviour.responses import ENOUGH, Before
from masked_envs.conformance.watchdog import OutOfTime, watchdog


class Waits(Items):
    """Does not return from one of its steps."""

    taken, patience = 0, 40

    def step(self, action: Any) -> Any:
        type(self).taken += 1
        if type(self).taken >= self.patience:
            self.wait()
        return super().step(action)

    def wait(self) -> None:
        threading.Event().wait()


class Spins(Waits):
    """The same, and catches what it can."""

    taken = 0

    def wait(self) -> None:
        while True:
            try:
                while True:
                    pass
            except Exception:
                continue


class Swallows(Waits):
    """The same, first where Python ignores every exception."""

    taken = 0

    def wait(self) -> None:
        class Lasting:
            def __del__(self) -> None:
                while True:
                    pass

        Lasting()
        threading.Event().wait()


class WaitsAtReset(Items):
    def begin(self) -> None:
        threading.Event().wait()


def ended(kind: type) -> Any:
    kind.taken = 0
    report = masked_envs.check_masked_env(kind, time_budget=0.5, raise_on_failure=False)
    assert report.verdict == "not judged" and report.coverage.cut_short, report
    assert "did not return in time" in str(report)
    return report


@pytest.mark.parametrize("kind", [Waits, Spins, Swallows, WaitsAtReset])
def test_an_environment_that_does_not_return_is_ended(kind: type) -> None:
    ended(kind)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


def test_an_end_that_python_ignores_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes again, so the report would look like a fault of the environment."""
    reported: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: reported.append(lost.exc_type))
    ended(Swallows)
    assert not reported

    class Faulty:
        def __del__(self) -> None:
            raise ValueError

    with watchdog(60):
        Faulty()
    assert reported == [ValueError]


def test_so_it_is_in_another_thread() -> None:
    reports: list[Any] = []
    thread = threading.Thread(target=lambda: reports.append(ended(Spins)))
    thread.start()
    thread.join()
    assert len(reports) == 1


def test_an_alarm_that_is_taken_is_left_alone() -> None:
    rung: list[int] = []
    earlier = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    try:
        ended(Spins)
        signal.raise_signal(signal.SIGALRM)
    finally:
        signal.signal(signal.SIGALRM, earlier)
    assert rung == [1]


def test_the_watchdog_is_quiet_in_time() -> None:
    with watchdog(60), watchdog(None):
        pass
    with pytest.raises(OutOfTime), watchdog(-1):
        threading.Event().wait()


def test_what_was_found_before_is_reported() -> None:
    """The verdict on L7 comes before laws that take a long time."""

    class LaxAndWaits(Waits):
        taken, patience = 0, 1000

        def allowed(self) -> Any:
            return super().allowed() | (np.arange(6) == 0)

    report = masked_envs.check_masked_env(LaxAndWaits, time_budget=3, raise_on_failure=False)
    assert report.verdicts["L7"] == "failed", report


def test_the_first_state_does_not_take_the_time_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where copies are slow, some actions of each side are tried in it, and then the walk has no more time."""

    class Many(Items):
        n = 300

        def begin(self) -> None:
            self.free = np.arange(self.n) % 2 == 0

    tried: list[str] = []
    original = Before.response
    monkeypatch.setattr(CheckContext, "out_of_time", lambda self: True)
    monkeypatch.setattr(Before, "response", lambda self, result, action, kind, context: (
        tried.append(kind) or original(self, result, action, kind, context)))  # fmt: skip
    masked_envs.check_masked_env(Many, steps=3, raise_on_failure=False)
    assert len(tried) == ENOUGH and {"allowed", "forbidden"} <= {*tried}


# --- the other process ----------------------------------------------------------------------------------------------

HOME, LOCKED = "HOME_PROCESS", "LOCKED_FILE"


class LeavesTraces(Jobs):
    """Elsewhere, starts a program that holds a lock as it does itself, and does not return."""

    def told(self) -> dict[str, Any]:
        if os.environ.get(HOME) not in (None, str(os.getpid())):
            with open(os.environ[LOCKED], "w") as locked:
                fcntl.flock(locked, fcntl.LOCK_SH)
                program = "import threading; print(flush=True); threading.Event().wait()"
                child = subprocess.Popen(
                    [sys.executable, "-c", program], stdout=subprocess.PIPE, pass_fds=[locked.fileno()]
                )
                assert child.stdout is not None
                child.stdout.readline()
                Path(os.environ[LOCKED] + ".started").write_text("")
                threading.Event().wait()
        return {"action_mask": self.left.copy()}


def wait_until_free(path: Path) -> None:
    with open(path, "w") as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)  # waits for ever while any process lives that holds it


def test_the_other_process_ends_with_all_that_it_has_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    monkeypatch.setenv(HOME, str(os.getpid()))
    monkeypatch.setenv(LOCKED, str(path))
    started: list[Any] = []
    monkeypatch.setattr(other_process, "_running", {})
    monkeypatch.setattr(
        other_process, "_started", lambda start=other_process._started: started.append(start()) or started[-1]
    )
    report = masked_envs.check_masked_env(LeavesTraces, steps=20, time_budget=12, raise_on_failure=False)
    assert any("took too long" in finding.sentence for finding in report.not_applicable), report
    assert path.with_suffix(".started").exists()
    wait_until_free(path)
    assert [process.returncode for process in started] == [-signal.SIGKILL]  # it was reaped, too


def test_the_other_process_ends_when_this_one_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    here = Path(__file__).parents[1]
    program = (
        "import os, masked_envs, test_time_budget\n"
        f"os.environ.update({{{HOME!r}: str(os.getpid()), {LOCKED!r}: {str(path)!r}}})\n"
        "masked_envs.check_masked_env(test_time_budget.LeavesTraces, steps=20, raise_on_failure=False)\n"
    )
    paths = [str(here.parent), str(here / "helpers"), str(here / "unit")]
    parent = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)})
    while not path.with_suffix(".started").exists():
        assert parent.poll() is None
    parent.kill()
    parent.wait()
    wait_until_free(path)
