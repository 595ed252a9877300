"""Ctrl-C ends `masked-envs` with one line at most, whenever it comes, and leaves programs of the user's alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from interrupted import ROOT, interrupted_at

from masked_envs import starting
from masked_envs.cli.output import run_program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of POSIX")
INTERRUPTED = 128 + signal.SIGINT
SCRIPT = "import sys\nfrom masked_envs.cli import main\nif __name__ == '__main__':\n    sys.exit(main())\n"
BLOCKS = """
import sys
import gymnasium as gym

class Blocks(gym.Env):
    observation_space, action_space = gym.spaces.Box(0, 1, (1,)), gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        print("it is asked", flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize("module", ["numpy._core", "gymnasium.envs", "masked_envs.mask_spec.spec"])
@pytest.mark.parametrize("installed", [True, False], ids=["masked-envs", "python -m"])
def test_while_it_imports(module: str, installed: bool, tmp_path: Path) -> None:
    (tmp_path / "masked-envs").write_text(SCRIPT)  # as pip writes it
    program = [str(tmp_path / "masked-envs")] if installed else ["-m", "masked_envs"]
    assert interrupted_at(module, "-X", "importtime", *program, "list") == (INTERRUPTED, "")


def test_a_program_of_the_users_is_ended_as_python_ends_it() -> None:
    """Negative control: the same moment, and a traceback."""
    status, printed = interrupted_at("numpy._core", "-X", "importtime", "-c", "import masked_envs")
    assert status == INTERRUPTED and "Traceback" in printed and "KeyboardInterrupt" in printed


def test_while_rules_are_compiled(tmp_path: Path) -> None:
    pytest.importorskip("numba", reason="compiles nothing without numba")
    words = ("-m", "masked_envs", "bench", "MaskedCartPole-v0", "--num-envs", "2")
    status, printed = interrupted_at("measuring", *words, NUMBA_CACHE_DIR=str(tmp_path))
    assert status == INTERRUPTED and printed.splitlines()[1:] == ["masked-envs: interrupted"]


@pytest.mark.parametrize("command", ["demo", "profile"])
def test_while_it_plays(command: str, tmp_path: Path) -> None:
    out = tmp_path / {"demo": "x.gif", "profile": "x.svg"}[command]
    module = {"demo": "masked_envs.render.frame", "profile": "masked_envs.render.mask_history"}[command]
    words = ("-m", "masked_envs", command, "MaskedBandit-v0", "--steps", "100000", "--out", str(out))
    status, printed = interrupted_at(f" {module}\n", "-X", "importtime", *words)
    assert (status, printed) == (INTERRUPTED, "masked-envs: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_while_an_environment_is_checked(tmp_path: Path) -> None:
    (tmp_path / "blocking.py").write_text(BLOCKS)
    paths = os.pathsep.join([str(ROOT), str(tmp_path)])
    words = ("-m", "masked_envs", "check", "blocking:Blocks", "--mask-fn", "builtins:len")
    status, printed = interrupted_at("it is asked", *words, PYTHONPATH=paths)
    assert (status, printed) == (INTERRUPTED, "it is asked\nmasked-envs: interrupted\n")


@pytest.mark.parametrize(
    ("command", "main", "expected"),
    [
        (["/bin/python", "/bin/masked-envs", "list"], "/bin/masked-envs", True),
        (["python.exe", "C:/masked-envs.exe"], "C:/masked-envs.exe", True),
        (["python", "-m", "masked_envs", "list"], "-m", True),
        (["python", "-X", "importtime", "-m", "masked_envs"], "-m", True),
        (["python", "-m", "mine", "-m", "masked_envs"], "-m", False),
        (["python", "-m", "pytest"], "-m", False),
        (["python", "mine.py", "-m", "masked_envs"], "mine.py", False),
        (["python", "-c", "import masked_envs"], "-c", False),
        (["python"], "", False),
        ([], "-m", False),
    ],
)
def test_what_is_the_program(command: list[str], main: str, expected: bool) -> None:
    assert starting.is_the_program(command, main) is expected


def test_who_imports_the_package_keeps_the_signal() -> None:
    code = "import masked_envs, masked_envs.cli, signal; print(signal.getsignal(signal.SIGINT).__name__)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "default_int_handler\n"


@pytest.fixture
def earlier():
    kept = signal.getsignal(signal.SIGINT)
    yield kept
    signal.signal(signal.SIGINT, kept)


@pytest.mark.parametrize("chosen", [signal.SIG_IGN, signal.SIG_DFL, lambda *_: None], ids=["nohup", "default", "own"])
def test_what_was_chosen_for_the_signal_stays(chosen, earlier) -> None:
    signal.signal(signal.SIGINT, chosen)
    starting.end_at_once()
    assert signal.getsignal(signal.SIGINT) is chosen


def test_within_a_program_it_is_raised_and_after_it_ends_at_once_again(earlier, capsys) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    starting.end_at_once()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL

    def press() -> int:
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("nothing was raised")

    assert run_program("this", press) == INTERRUPTED
    assert capsys.readouterr().err == "this: interrupted\n"
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL


class Deaf:
    """An object that Ctrl-C meets while it is thrown away."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        sum(range(10))  # here Python raises


def test_an_interrupt_that_is_lost_comes_again(earlier, capsys) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    hook = sys.unraisablehook

    def lose() -> int:
        one = Deaf()
        del one
        return sum(1 for _ in range(10**8))  # seconds, ended by the second one

    assert run_program("this", lose) == INTERRUPTED
    assert capsys.readouterr().err == "this: interrupted\n" and sys.unraisablehook is hook


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_other_errors_in_such_places_are_reported(earlier, monkeypatch) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    reported: list[type] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: reported.append(lost.exc_type))

    class Fails:
        def __del__(self) -> None:
            raise ZeroDivisionError

    def fail() -> int:
        one = Fails()
        del one
        return 0

    assert run_program("this", fail) == 0 and reported == [ZeroDivisionError]


def test_a_program_runs_in_a_thread_too(earlier) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(run_program("this", lambda: 7)))
    thread.start()
    thread.join()
    assert found == [7]
