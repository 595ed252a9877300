"""Break a copy of the repository, run the tests that should notice, and say what happened."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import shlex
import shutil
import signal
import sys
from pathlib import Path
from typing import NamedTuple

from .table import Break, places

NOT_COPIED = shutil.ignore_patterns(
    ".git",
    ".venv*",
    "__pycache__",
    "*.pyc",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    "site",
    "runs",
)
SECONDS = 600  # after which a run of tests is ended
FIRST_RED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", re.MULTILINE)
NOT_RUN = re.compile(r"^ERROR (\S+\.py)(?: - |$)", re.MULTILINE)  # a test file that cannot be collected
LIBRARIES = ("numpy", "gymnasium", "pettingzoo", "hypothesis", "numba", "pygame", "torch")
TRAINING = ("ray.rllib.algorithms.ppo", "ray.rllib.algorithms.dqn", "ray.rllib.algorithms.impala")


class Outcome(NamedTuple):
    """What came of one break.

    Attributes:
        verdict: "killed" (a test failed), "survived" (all passed), "stale" (the text is not there, or more than once),
            "unusable" (the tests could not be collected or found), or "timed out".
        detail: the first test that failed, or what is wrong.
    """

    verdict: str
    detail: str


class Copy:
    """A copy of the repository that can be broken and mended.

    Args:
        root: the repository.
        folder: where the copy is made; must not exist.
        libraries: imported before the first run.
    """

    def __init__(self, root: Path, folder: Path, libraries: tuple[str, ...] = LIBRARIES) -> None:
        self.folder, self.output, self.libraries = folder, folder.with_suffix(".output"), libraries
        shutil.copytree(root, folder, ignore=NOT_COPIED)

    def try_break(self, one: Break, first: str = "") -> Outcome:
        """Apply one break, run its tests, and undo the break; before them, alone, the test `first` that may notice."""
        found = places(self.folder, one)
        if len(found) != 1:
            return Outcome("stale", f"the text occurs {len(found)} times in {one.where}")
        (path,) = found
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(one.old, one.new), encoding="utf-8")
        try:
            outcome = self.run_tests(shlex.quote(first)) if first else None
            return outcome if outcome is not None and outcome.verdict == "killed" else self.run_tests(one.tests)
        finally:
            path.write_text(text, encoding="utf-8")

    def run_tests(self, tests: str) -> Outcome:
        """Run tests in the copy until the first failure, in a fork: what this process has imported is there already."""
        import_libraries(self.libraries + (TRAINING if "tests/adapters" in tests else ()))
        child = os.fork()
        if child == 0:
            self._be_pytest(["-q", "-x", "--tb=no", "-p", "no:cacheprovider", *shlex.split(tests)])
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
            return Outcome("timed out", f"after {SECONDS} s: {tests}")
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        return judged(code, self.output.read_text(encoding="utf-8", errors="replace"))

    def _be_pytest(self, arguments: list[str]) -> None:
        """Become a run of pytest in the copy; does not return."""
        code = 70
        try:
            signal.alarm(SECONDS)
            written = os.open(self.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(written, 1)
            os.dup2(written, 2)
            os.chdir(self.folder)
            for name in [name for name in sys.modules if name.split(".")[0] == "tests"]:
                del sys.modules[name]  # those of the repository, not of the copy
            sys.path.insert(0, str(self.folder))
            sys.dont_write_bytecode = True  # two breaks of one file within a second would share a .pyc file
            os.environ.update(PYTHONPATH=str(self.folder), PYTHONDONTWRITEBYTECODE="1")
            os.environ.pop("PYTEST_ADDOPTS", None)
            import pytest

            code = int(pytest.main(arguments))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def import_libraries(names: tuple[str, ...]) -> None:
    """Import what tests need and no break touches, once for all runs; what is not installed is left out."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as in tests/conftest.py: torch reads it when it is imported
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def judged(exit_code: int, output: str) -> Outcome:
    """The outcome of a run of pytest."""
    if exit_code == 0:
        return Outcome("survived", "every test passed")
    red = FIRST_RED.search(output)
    if exit_code == 1 and red and not NOT_RUN.search(output):
        return Outcome("killed", red[1])
    return Outcome("unusable", f"exit status {exit_code}: {' '.join(output.split())[-300:]}")
