"""Every environment still plays its golden playthrough, line by line, on both backends."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import write_golden
from write_golden import CATALOGUE, GOLDEN, path_of, replay, unfit

from masked_envs.core.backends import numba_is_available

NO_NUMBA = pytest.mark.skipif(not numba_is_available(), reason="no numba here")
# test_parity.py holds compiled rules against plain Python; a single compiled environment takes seconds to compile.
BACKENDS = ["python", pytest.param("numba", marks=[NO_NUMBA, pytest.mark.long])]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("env_id", CATALOGUE)
def test_the_golden_playthrough_is_what_is_played(env_id: str, backend: str) -> None:
    path = path_of(env_id)
    if not path.exists():
        pytest.fail(f"{env_id} has no golden playthrough; write one with: python -m tests.write_golden {env_id}")
    golden = path.read_text(encoding="utf-8").splitlines()
    again = f"if the change is meant, say so in CHANGELOG.md and run: python -m tests.write_golden {env_id}"
    played = 0
    for number, (line, expected) in enumerate(zip(replay(golden, backend), golden, strict=False), 1):
        assert line == expected, f"tests/golden/{path.name}, line {number}; {again}"
        played = number
    assert played == len(golden), f"tests/golden/{path.name} goes on after line {played}; {again}"
    assert not unfit(golden)


def test_every_golden_playthrough_is_of_an_environment() -> None:
    assert {path.stem for path in GOLDEN.glob("*")} <= set(CATALOGUE)


def test_an_episode_that_does_not_end_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to shorten it, and that works."""
    monkeypatch.setattr(write_golden, "GOLDEN", tmp_path)
    with pytest.raises(ValueError, match="has not ended after 100 steps.*such as: (.*)\n") as refusal:
        write_golden.write("MaskedPendulum-v0", 0, {"speed_limit": 5.0})
    assert "  max_torque=" in str(refusal.value) and list(tmp_path.iterdir()) == []
    command = refusal.value.args[0].partition("such as: ")[2].partition("\n")[0].split()
    assert command == "python -m tests.write_golden MaskedPendulum-v0 speed_limit=5.0 time_limit=20".split()
    monkeypatch.setattr(sys, "argv", command[2:])
    write_golden.main()
    (written,) = tmp_path.iterdir()
    assert not unfit(written.read_text().splitlines())


@pytest.mark.parametrize(("lines", "columns"), [(write_golden.MOST_LINES, 3), (10, write_golden.MOST_BYTES)])
def test_a_playthrough_too_long_to_read_is_found(lines: int, columns: int) -> None:
    assert "at most" in unfit(["x" * columns] * lines + ["terminated"])
    assert unfit(["x" * 3] * 20 + ["terminated"]) == ""
