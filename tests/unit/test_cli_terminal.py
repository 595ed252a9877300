"""The command line at a terminal of 80 columns, in a pipe, and as JSON."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from terminal import at_a_terminal, plain

from masked_envs.catalogue import CATALOGUE
from masked_envs.cli import main
from masked_envs.conformance import LAWS

Capture = pytest.CaptureFixture[str]
TAXI, CONNECT_FOUR = "MaskedTaxi-v0", "MaskedConnectFour-v0"
COLOR = re.compile(r"\x1b\[[0-9;]*(?:3[0-7]|38|9[0-7])[0-9;]*m")
COMMANDS = [
    ["list"],
    ["show", "MaskedMicroRTS-v0"],
    ["check", TAXI, "--steps", "5"],
    ["profile", TAXI, "--steps", "5"],
    ["bench", TAXI, "--num-envs", "2", "--seconds", "0.01"],
]
terminals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


@terminals
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_terminal_of_80_columns_is_enough(words: list[str]) -> None:
    status, said = at_a_terminal(*words)
    assert status == 0 and (COLOR.search(said) or words[0] == "profile")
    lines = plain(said).splitlines()
    assert len(lines) > 3 and max(map(len, lines)) <= 80
    if words[0] == "list":
        assert [line.split()[0] for line in lines if line[:1].strip()] == list(CATALOGUE)


@terminals
@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"])
def test_no_colour_where_none_is_wanted(variables: dict[str, str]) -> None:
    status, said = at_a_terminal("list", **variables)
    assert status == 0 and not COLOR.search(said) and "MaskedTaxi-v0" in said


@terminals
def test_progress_is_shown_on_a_terminal_and_goes_away() -> None:
    status, said = at_a_terminal("check", TAXI, "--steps", "5", errors=True)
    before = plain(said).partition(f"{TAXI} (gymnasium.Env)")[0]
    assert status == 0 and set(re.findall(r"\bL\d+\b", before)) & set(LAWS)  # which ones depends on the time
    assert f"/{len(LAWS)}" in plain(said)
    status, said = at_a_terminal("check", TAXI, "--steps", "5", "--json", errors=True)
    assert status == 0 and json.loads(said)[0]["verdict"] == "passed"  # nothing else on the terminal


@pytest.mark.parametrize("words", COMMANDS[:4], ids=lambda words: words[0])
def test_a_pipe_gets_no_escapes(words: list[str], capsys: Capture) -> None:
    assert main(words) == 0
    assert "\x1b" not in capsys.readouterr().out


def as_json(capsys: Capture, *words: str) -> Any:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_list_as_json(capsys: Capture) -> None:
    rows = as_json(capsys, "list")
    assert [row["id"] for row in rows] == list(CATALOGUE)
    assert {row["id"]: row["play"] for row in rows} == {env_id: entry.play for env_id, entry in CATALOGUE.items()}
    assert all(set(row) == {"id", "play", "actions", "mask", "meaning", "what"} for row in rows)


def test_show_as_json(capsys: Capture) -> None:
    found = as_json(capsys, "show", "MaskedCartPole-v0", "--param", "num_actions=12")
    assert found["id"] == "MaskedCartPole-v0" and found["facts"]["Action space"] == "Discrete(12)"
    (row,) = [row for row in found["parameters"] if row["parameter"] == "num_actions"]
    assert row["value"] == "12" and 0 < found["mask"]["legal_fraction"] < 1 and "Mask" in found["card"]


def test_bench_as_json(capsys: Capture) -> None:
    rows = as_json(capsys, "bench", TAXI, "--num-envs", "2", "--seconds", "0.01")
    assert {(row["id"], row["num_envs"]) for row in rows} == {(TAXI, 1), (TAXI, 2)}
    assert all(row["steps_per_second"] > 0 and row["backend"] in ("python", "numba") for row in rows)


def test_demo_as_json(tmp_path: Path, capsys: Capture) -> None:
    pytest.importorskip("PIL")
    out = tmp_path / "demo.gif"
    assert as_json(capsys, "demo", TAXI, "--steps", "3", "--out", str(out)) == {"id": TAXI, "out": str(out), "steps": 3}
    assert out.stat().st_size > 0


def test_numbers_that_json_has_no_word_for_are_null(capsys: Capture) -> None:
    from masked_envs.cli.console import print_json

    print_json({"a": [float("nan"), float("inf"), 1.5], "b": (1, "c")})
    assert json.loads(capsys.readouterr().out) == {"a": [None, None, 1.5], "b": [1, "c"]}
