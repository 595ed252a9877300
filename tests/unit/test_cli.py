"""The command line: what it prints, writes and refuses, and a person at the window of `masked-envs play`."""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import masked_envs
from masked_envs.cards import HEADINGS, read_card
from masked_envs.catalogue import CATALOGUE
from masked_envs.cli import main
from masked_envs.cli.parser import EXAMPLES, build_parser
from masked_envs.cli.targets import environment_of
from masked_envs.core import Parameter

COMMANDS_WITH_ID = ("show", "demo", "play", "bench", "check")
CARTPOLE, CONNECT_FOUR, WAREHOUSE = "MaskedCartPole-v0", "MaskedConnectFour-v0", "MaskedWarehouse-v0"
Capture = pytest.CaptureFixture[str]


def fails(capsys: Capture, *words: str, status: int = 2) -> str:
    """Run a command that must fail; what it says, on one line of standard error and nowhere else."""
    assert main(words) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("masked-envs: error: ") and said.err.count("\n") == 1
    return said.err


# --- list, show -----------------------------------------------------------------------------------------------------


def test_list_has_a_row_for_every_id(capsys: Capture) -> None:
    assert main(["list"]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()[2:]}
    assert list(rows) == list(CATALOGUE)
    for env_id, entry in CATALOGUE.items():
        opponent = None if entry.play == "single" else "random"
        spec = masked_envs.make(env_id, opponent=opponent).mask_spec
        assert all(word in rows[env_id] for word in (entry.play, str(spec.action_space), spec.kind, spec.meaning))


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_show_prints_card_and_parameters(env_id: str, capsys: Capture) -> None:
    assert main(["show", env_id]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"{env_id}\nAction-masked ")
    assert [line for line in shown.splitlines() if line in HEADINGS] == list(HEADINGS)
    assert "\ntime_limit " in shown


def test_show_takes_parameters(capsys: Capture) -> None:
    assert main(["show", CARTPOLE, "--param", "num_actions=12", "--param", "availability=step"]) == 0
    shown = capsys.readouterr().out
    assert "Discrete(12)" in shown and "Box(0, 1, (12,), int8)" in shown
    rows = {line.split()[0]: line.split()[1:3] for line in shown.splitlines() if line}
    assert rows["num_actions"] == ["12", "6"] and rows["availability"] == ["step", "fixed"]


@pytest.mark.parametrize(
    ("parameters", "legal", "change"),
    [
        (["num_actions=4", "num_available=2"], "50.0%", "never changed"),
        (["num_actions=10", "num_available=3", "availability=step"], "30.0%", "changed"),
        (["num_actions=2"], "100.0%", "never changed"),
    ],
)
def test_show_measures_the_mask(parameters: list[str], legal: str, change: str, capsys: Capture) -> None:
    """CartPole's masks have exactly num_available ones, drawn once or at every step."""
    assert main(["show", CARTPOLE, *(word for parameter in parameters for word in ("--param", parameter))]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"{legal} of the actions were legal on average" in shown and f"and the mask {change}." in shown


def test_a_card_needs_its_headings() -> None:
    module = ModuleType("env", "Title.\n\nDescription\n    Words.\n")
    with pytest.raises(ValueError, match="headings"):
        read_card(module)
    module.__doc__ = "Title.\n" + "".join(f"\n{heading}\n    Of {heading}\n      more.\n" for heading in HEADINGS)
    card = read_card(module)
    assert card.title == "Title." and list(card.sections) == list(HEADINGS)
    assert card.sections["Mask"] == "Of Mask\n  more."


# --- asking wrongly -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS_WITH_ID)
def test_an_unknown_id_suggests_the_nearest(command: str, capsys: Capture) -> None:
    assert "Did you mean 'MaskedCartPole-v0'?" in fails(capsys, command, "MaskedCartPol-v0")


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("cartpole", "MaskedCartPole-v0"),
        ("CartPole-v1", "MaskedCartPole-v0"),
        ("MaskedTaxi-v3", "MaskedTaxi-v0"),
        ("knapsak", "MaskedKnapsack-v0"),
        ("ConnectFour", "MaskedConnectFour-v0"),
        ("connect_four_v3", "MaskedConnectFour-v0"),
    ],
)
def test_an_id_that_resembles_one_suggests_it(word: str, nearest: str, capsys: Capture) -> None:
    assert f"Did you mean {nearest!r}?" in fails(capsys, "show", word)


@pytest.mark.parametrize("word", ["Pong-v5", "MaskedPacman-v0", "Ant-v4", "x", "Masked-v0", "MaskedX-v0", "-v0", "éé"])
def test_an_id_that_resembles_nothing_suggests_nothing(word: str, capsys: Capture) -> None:
    assert "Did you mean" not in fails(capsys, "show", "--", word)


@pytest.mark.parametrize("command", ["show", "demo", "play"])
@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("num_action=3", "num_actions, num_available, availability, layout_seed, time_limit"),
        ("num_actions", "expected name=value"),
        ("num_actions=many", "num_actions must be an integer"),
        ("num_actions=2.5", "num_actions must be an integer"),
        ("num_actions=1", "at least 2"),
        ("num_actions=", "num_actions must be an integer"),
        ("availability=never", "'fixed', 'episode', 'step'"),
        ("num_available=7", "num_available must be at most num_actions"),
    ],
)
def test_a_bad_parameter_says_what_is_expected(command: str, word: str, expected: str, capsys: Capture) -> None:
    assert expected in fails(capsys, command, CARTPOLE, "--param", word)


@pytest.mark.parametrize(
    ("default", "word", "value"),
    [
        (False, "true", True),
        (True, "False", False),
        (3, "7", 7),
        (0.5, "2", 2.0),
        (0.5, "1e-3", 1e-3),
        (0.5, "-1", -1.0),
    ],
)
def test_parameters_are_read_in_their_type(default: Any, word: str, value: Any) -> None:
    declared = Declared({"x": Parameter(default, "a number")})
    _, values = chosen_with(declared, f"x={word}")
    assert values == {"x": value} and type(values["x"]) is type(default)


@pytest.mark.parametrize(
    ("default", "word"), [(False, "1"), (False, "yes"), (3, "nan"), (0.5, "nan"), (0.5, "inf"), (0.5, "x")]
)
def test_what_is_not_of_the_type_is_refused(default: Any, word: str) -> None:
    with pytest.raises(Exception, match="x must be"):
        chosen_with(Declared({"x": Parameter(default, "a number")}), f"x={word}")


class Declared:
    """As much of a declaration as reading parameters needs."""

    id = "Env-v0"

    def __init__(self, parameters: dict[str, Parameter]) -> None:
        self.all_parameters = parameters

    def resolve(self, given: dict[str, Any]) -> dict[str, Any]:
        from masked_envs.core.parameters import resolve

        return resolve(self.id, self.all_parameters, given)


def chosen_with(declared: Any, *words: str) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("masked_envs.cli.targets.declaration", lambda env_id: declared)
        return environment_of(argparse.Namespace(id=declared.id, param=list(words)))


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dance"],
        ["demo"],
        ["demo", CARTPOLE, "--steps", "0"],
        ["demo", CARTPOLE, "--episodes", "x"],
        ["demo", CARTPOLE, "--fps", "0"],
        ["demo", CARTPOLE, "--fps", "nan"],
        ["demo", CARTPOLE, "--seed", "-1"],
        *(
            [command, CARTPOLE, "--seed", number]
            for command in ("demo", "play", "check")
            for number in (str(2**64), "9" * 5000)
        ),
        ["bench", "--num-envs", "0"],
        ["bench", "--seconds", "inf"],
        ["play", CONNECT_FOUR, "--opponent", "me"],
    ],
)
def test_wrong_words_end_with_usage(words: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: masked-envs")


def test_the_examples_of_the_help_are_understood() -> None:
    lines = [line.split() for line in EXAMPLES.splitlines()[1:]]
    assert len(lines) >= 6
    for program, *words in lines:
        assert program == "masked-envs"
        given = build_parser().parse_args(words)
        assert getattr(given, "id", CARTPOLE) in CATALOGUE


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: {"masked-envs": "1.2.3"}[name])
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0 and capsys.readouterr().out == "masked-envs 1.2.3\n"


# --- endings --------------------------------------------------------------------------------------------------------


def test_a_missing_library_names_the_pip_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    said = fails(capsys, "demo", CARTPOLE, "--steps", "1", "--out", str(tmp_path / "x.gif"), status=1)
    assert "pip install pillow" in said


def test_any_missing_library_names_the_pip_command(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def run(given: argparse.Namespace) -> int:
        raise ModuleNotFoundError("No module named 'some_library'", name="some_library.part")

    monkeypatch.setattr("masked_envs.cli.show.list_all", run)
    assert "pip install some_library\n" in fails(capsys, "list", status=1)


def test_a_broken_import_of_our_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(given: argparse.Namespace) -> int:
        raise ImportError("cannot import name 'x' from 'masked_envs.core'", name="masked_envs.core")

    monkeypatch.setattr("masked_envs.cli.show.list_all", run)
    with pytest.raises(ImportError, match="cannot import name"):
        main(["list"])


def in_a_process(*words: str, **options: Any) -> subprocess.Popen[str]:
    paths = [str(Path(masked_envs.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, *words], text=True, env=environment, **{**pipes, **options})


def test_python_m_is_the_same_command() -> None:
    process = in_a_process("-m", "masked_envs", "show", "NoSuch-v0")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, "") and "there is no environment 'NoSuch-v0'" in err


def test_a_closed_pipe_ends_quietly() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = in_a_process("-m", "masked_envs", "show", CARTPOLE, stdout=writer)
    os.close(writer)
    assert process.communicate(timeout=120)[1] == "" and process.returncode == 128 + signal.SIGPIPE


@pytest.mark.parametrize("words", [["list"], ["show", CARTPOLE], ["--help"], ["--version"]])
def test_output_that_cannot_be_written_is_one_line(words: list[str], tmp_path: Path) -> None:
    """Into a file that may not grow, as on a full disk."""
    pytest.importorskip("resource", reason="needs limits on the size of files")
    code = (
        "import resource, sys\nfrom masked_envs.cli import main\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\nsys.exit(main({words}))"
    )
    with (tmp_path / "out.txt").open("w") as file:
        process = in_a_process("-c", code, stdout=file)
        _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (1, "masked-envs: error: File too large\n")


def test_ctrl_c_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def run(given: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("masked_envs.cli.show.list_all", run)
    assert main(["list"]) == 128 + signal.SIGINT
    assert capsys.readouterr() == ("", "masked-envs: interrupted\n")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom masked_envs.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'numba', 'torch', 'pygame', 'PIL', 'rich'} & set(sys.modules)), file=sys.stderr)"
    )
    out, err = in_a_process("-c", code).communicate(timeout=120)
    assert "masked-envs play MaskedConnectFour-v0" in out and err == "[]\n"


# --- demo -----------------------------------------------------------------------------------------------------------


def frames_of(path: Path) -> list[np.ndarray[Any, Any]]:
    image = pytest.importorskip("PIL.Image")
    with image.open(path) as gif:
        frames = []
        for number in range(gif.n_frames):
            gif.seek(number)
            frames.append(np.asarray(gif.convert("RGB")))
        return frames


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_demo_writes_what_moves(env_id: str, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "demo.gif"
    assert main(["demo", env_id, "--out", str(out), "--steps", "4", "--seed", "1"]) == 0
    frames = frames_of(out)
    assert 2 <= len(frames) <= 5
    assert all((a != b).any() for a, b in zip(frames, frames[1:], strict=False))
    shown = capsys.readouterr().out
    assert re.fullmatch(rf"{re.escape(str(out))}: [1-4] steps of random legal play in {env_id}\n", shown)


@pytest.mark.parametrize("env_id", [CARTPOLE, CONNECT_FOUR])
def test_demo_repeats_with_its_seed(env_id: str, tmp_path: Path) -> None:
    for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        assert main(["demo", env_id, "--out", str(tmp_path / f"{name}.gif"), "--seed", seed, "--steps", "6"]) == 0
    a, b, c = ((tmp_path / f"{name}.gif").read_bytes() for name in "abc")
    assert a == b != c


@pytest.mark.parametrize(
    ("out", "expected"), [("demo.png", "ends in .gif"), ("no_such_folder/demo.gif", "no directory")]
)
def test_demo_refuses_where_it_cannot_write(
    out: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert expected in fails(capsys, "demo", CARTPOLE, "--out", out)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a directory that nobody can write to")
@pytest.mark.parametrize("words", [["demo", "--out", "/proc/x.gif"], ["profile", "--out", "/proc/x.svg"]])
def test_a_directory_that_cannot_be_written_to_is_one_line(words: list[str], capsys: Capture) -> None:
    command, *rest = words
    said = fails(capsys, command, CARTPOLE, "--steps", "1", *rest, status=1)
    assert "/proc/x." in said and "No such file or directory" in said


def test_demo_says_why_a_file_cannot_be_written(tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "folder.gif"
    out.mkdir()
    assert "Is a directory" in fails(capsys, "demo", CARTPOLE, "--steps", "1", "--out", str(out), status=1)


# --- bench, check ---------------------------------------------------------------------------------------------------


def test_bench_measures_single_and_vector(capsys: Capture) -> None:
    assert main(["bench", CARTPOLE, "--num-envs", "2", "--seconds", "0.01"]) == 0
    head, rule, row = capsys.readouterr().out.splitlines()
    assert len(head) == len(rule) == len(row)
    assert head.startswith("steps per second") and "1 env, python" in head and "2 envs, python" in head
    env_id, *numbers = row.split()
    assert env_id == CARTPOLE and all(float(number.replace(",", "")) > 0 for number in numbers)


@pytest.mark.parametrize(("env_id", "surfaces"), [(CARTPOLE, 1), (CONNECT_FOUR, 2), (WAREHOUSE, 3)])
def test_check_goes_through_every_interface(env_id: str, surfaces: int, capsys: Capture) -> None:
    assert main(["check", env_id, "--steps", "5"]) == 0
    verdicts = [line for line in capsys.readouterr().out.splitlines() if line.startswith(env_id)]
    assert len(verdicts) == surfaces and all(line.endswith("passed") for line in verdicts)


def test_check_fails_where_a_law_is_broken(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """One interface of three breaks a law: the other reports are printed all the same."""
    from masked_envs import conformance

    broken = conformance.Report("one", [conformance.Finding("L5", "failed", "an empty mask")])
    sound = conformance.Report("other", [conformance.Finding("L5", "passed", "Never empty")])
    reports = iter([sound, broken, sound])
    monkeypatch.setattr(conformance, "check_masked_env", lambda target, **options: next(reports))
    assert main(["check", WAREHOUSE]) == 1
    shown = capsys.readouterr().out
    assert "one: breaks L5" in shown and "an empty mask" in shown and shown.count("other: passed") == 2


def test_a_closed_standard_output_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """As `masked-envs list >&-` leaves it."""
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["list"]) == 1
    assert capsys.readouterr().err == "masked-envs: error: standard output is closed\n"
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["list"]) == 1
