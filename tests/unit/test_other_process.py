"""What another process does with an environment harms nothing here. Its findings: test_foreign_conformance.py."""

from __future__ import annotations

import os
import pickle
import stat
import threading
from typing import Any

import pytest
from own_envs import Jobs

import masked_envs
from masked_envs.conformance import other_process

HOME = "HOME_PROCESS"


class Homesick(Jobs):
    """Behaves at home, and has trouble elsewhere."""

    def told(self) -> dict[str, Any]:
        if os.environ.get(HOME) != str(os.getpid()):
            self.trouble()
        return {"action_mask": self.left.copy()}

    def trouble(self) -> None: ...


class Ends(Homesick):
    def trouble(self) -> None:
        os._exit(3)


class Hangs(Homesick):
    def trouble(self) -> None:
        threading.Event().wait()


class Raises(Homesick):
    def trouble(self) -> None:
        raise OSError("no display")


class Prints(Homesick):
    def trouble(self) -> None:
        print("noise" * 1000)
        os.write(1, b"more of it")


class Garbles(Homesick):
    """Writes what is no pickle, or one of something else, where its answer is expected."""

    noise = b"cmasked_envs\nno_such_name\n."

    def trouble(self) -> None:
        for fd in range(3, 64):
            try:
                is_pipe = stat.S_ISFIFO(os.fstat(fd).st_mode)
            except OSError:
                continue
            if is_pipe:
                os.write(fd, self.noise)


class AnswersItself(Garbles):
    noise = pickle.dumps(42)


def notes(make: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv(HOME, str(os.getpid()))
    report = masked_envs.check_masked_env(make, steps=10, raise_on_failure=False)
    assert {finding.law for finding in report.failures} <= {"L6"}, report
    return [finding.sentence for finding in report.not_applicable if "another process" in finding.sentence]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Ends, "was ended by it"),
        (Hangs, "took too long"),
        (Raises, "OSError: no display"),
        (Garbles, "was ended by it"),
        (AnswersItself, "was ended by it"),
        (lambda: Homesick(), "cannot be sent to another process"),
    ],
    ids=["ends", "hangs", "raises", "garbles", "answers itself", "a lambda"],
)
def test_trouble_elsewhere_is_named_and_no_finding(make: Any, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patience:
        if make is Hangs:
            patience.setattr(other_process, "MOST_SECONDS", 2.0)
        (note,) = notes(make, monkeypatch)
    assert reason in note
    assert notes(Homesick, monkeypatch) == []  # the next one is compared


def test_what_an_environment_prints_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert notes(Prints, monkeypatch) == []


def test_where_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_process, "_running", {})
    monkeypatch.setattr(other_process.sys, "executable", "/nowhere/python")
    (note,) = notes(Homesick, monkeypatch)
    assert "cannot be started" in note
