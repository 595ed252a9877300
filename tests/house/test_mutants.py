"""`make mutants` says of a break what is true: a test failed, none did, the text is gone, or the tests did not run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRY = """
import sys
from pathlib import Path
from tests.mutation.table import Break
from tests.mutation.trial import Copy
copy = Copy(Path(sys.argv[1]), Path(sys.argv[2]), libraries=())
for old, new, tests in (
    ("A = 1", "A = 2", "tests/test_a.py"),
    ("B = 1", "B = 2", "tests/test_a.py"),
    ("C = 1", "C = 2", "tests/test_a.py"),
    ("A = 1", "A = ", "tests/test_a.py"),
    ("A = 1", "A = 2", "tests/no_such_test.py"),
    ("A = 1", "A = 1", "tests/test_a.py"),
):
    print(*copy.try_break(Break("room", old, new, tests)), sep="; ")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the tool forks")
def test_verdicts_are_true(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    (root / "room").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "room" / "one.py").write_text("A = 1\nB = 1\n")
    (root / "tests" / "test_a.py").write_text("from room.one import A\n\ndef test_a():\n    assert A == 1\n")
    command = [sys.executable, "-c", TRY, str(root), str(tmp_path / "copy")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    verdicts = done.stdout.splitlines()
    assert verdicts[0] == "killed; tests/test_a.py::test_a"
    assert [line.partition(";")[0] for line in verdicts[1:]] == [
        "survived",
        "stale",
        "unusable",
        "unusable",
        "survived",
    ]
    assert (tmp_path / "copy" / "room" / "one.py").read_text() == (root / "room" / "one.py").read_text()
