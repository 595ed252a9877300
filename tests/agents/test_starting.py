"""How the agents and measurements start: missing libraries and Ctrl-C are one line, from the first import on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from interrupted import ROOT, interrupted_at

from agents.starting import with_command

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of POSIX")
INTERRUPTED = 128 + signal.SIGINT
PROGRAMS = ("agents.ppo_torch", "agents.rllib", "benchmarks.reliability")
SMALL = ("--num-envs=8", "--num-steps=8", "--hidden=16", "--total-decisions=300")


def without(library: str, *command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a program, a module or a file, where a library cannot be imported."""
    program, *words = command
    how = "run_path" if program.endswith(".py") else "run_module"
    code = (
        f"import runpy, sys\nsys.modules[{library!r}] = None\nsys.argv = [{program!r}, *{words!r}]\n"
        f"runpy.{how}({program!r}, run_name='__main__')"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=cwd)


@pytest.mark.parametrize(
    ("library", "command", "extra"),
    [
        ("torch", ("agents.ppo_torch", "--help"), "torch"),
        ("tqdm", ("agents.ppo_torch", "--help"), "torch"),
        ("torch", ("agents.rllib", "--help"), "rllib"),
        ("ray", ("agents.rllib", "--help"), "rllib"),
        ("torch", (str(ROOT / "agents" / "ppo_minimal.py"), "--help"), "torch"),
    ],
)
def test_a_missing_library_is_named_with_what_installs_it(library: str, command: tuple[str, ...], extra: str) -> None:
    done = without(library, *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1 and library in done.stderr
    assert done.stderr.endswith(f": pip install 'masked-envs[{extra}]'\n")


@pytest.mark.parametrize("library", ["matplotlib", "PIL"])
def test_what_the_demo_draws_with_is_missed_before_the_training(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
    from agents.ppo_torch.main import main

    monkeypatch.setitem(sys.modules, library, None)
    assert main([*SMALL, "--demo", str(tmp_path / "run")]) == 1
    said = capsys.readouterr()
    words = f"a demo needs matplotlib and Pillow; there is no {library}: pip install 'masked-envs[torch,gif]'"
    assert said.out == "" and said.err == f"agents.ppo_torch: error: {words}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'agents.ppo_torch.learning'", name="agents.ppo_torch.learning"),
        ModuleNotFoundError("No module named 'masked_envs.mask'", name="masked_envs.mask"),
        ImportError("cannot import name 'x' from 'torch'", name="torch"),
        ImportError("a shared library is missing"),
    ],
)
def test_a_broken_import_is_not_taken_for_a_missing_library(error: ImportError) -> None:
    with pytest.raises(type(error)) as raised:
        with_command(error, "torch")
    assert raised.value is error


def test_what_says_how_to_install_it_is_passed_on() -> None:
    assert with_command(ImportError("it is missing: pip install it"), "torch") == "it is missing: pip install it"
    without_ours = ModuleNotFoundError("No module named 'masked_envs'", name="masked_envs")
    assert with_command(without_ours, "torch") == "No module named 'masked_envs': pip install 'masked-envs[torch]'"


def test_a_library_that_a_measurement_misses_is_one_line() -> None:
    done = without("torch", "benchmarks.reliability", "decisions")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("benchmarks.reliability: error: ") and "pip install" in done.stderr


@POSIX
@pytest.mark.parametrize("program", PROGRAMS)
def test_ctrl_c_while_libraries_are_imported_ends_at_once(program: str) -> None:
    pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
    words = ("decisions",) if program == "benchmarks.reliability" else ()
    said = f"{program}: interrupted\n" if program == "benchmarks.reliability" else ""  # which has begun by then
    if program == "agents.rllib":
        pytest.importorskip("ray", reason="needs RLlib")
    assert interrupted_at(" torch._C\n", "-X", "importtime", "-m", program, *words) == (INTERRUPTED, said)


@POSIX
def test_ctrl_c_in_training_is_one_line_more(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
    words = ("--num-envs=8", "--num-steps=8", "--total-decisions=100000000", "--checkpoint-every=1")
    run = tmp_path / "run"
    # The log is imported after the learner is made, and just before the training.
    status, printed = interrupted_at(
        " tensorboard.summary.writer.record_writer\n",
        *("-X", "importtime", "-m", "agents.ppo_torch", *words, "--checkpoint-dir", str(run)),
    )
    assert status == INTERRUPTED and printed.count("\n") == 1
    assert printed.startswith("interrupted after ")
