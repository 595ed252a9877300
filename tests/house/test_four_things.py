"""Adding an environment is four things: a file, a catalogue line, a golden playthrough, and its tests.

Its tests are those of what is special to it, and its second implementation from the card. The environment of
docs/new_environment.md is added to a copy of the repository as that page says. Every test about it runs there, and
nothing else has changed but what docs/generate.py writes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENV_ID, FAMILY, NAME = "MaskedLightsOut-v0", "puzzle", "lights_out"
ADDED = {
    f"masked_envs/envs/{FAMILY}/{NAME}.py",
    "masked_envs/catalogue.py",
    f"tests/golden/{ENV_ID}.txt",
    f"tests/envs/test_{NAME}.py",
    f"tests/envs/reference/{NAME}.py",
}
GENERATED = {
    "README.md",
    "docs/index.md",
    "docs/envs/index.md",
    "docs/images/badges/environments.svg",
    "docs/envs/MaskedLightsOut.md",
    "docs/envs/MaskedLightsOut.gif",
    "docs/envs/MaskedLightsOut.svg",
    "docs/envs/MaskedLightsOut.profile.svg",
    "docs/episodes/MaskedLightsOut.random.js",
}
LEFT_OUT = (
    ".git",
    ".venv*",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    "site",
    "runs",
)


def blocks_of_page() -> tuple[str, str, str, str]:
    """The environment's file, its catalogue line, its test and its reference, as docs/new_environment.md has them."""
    text = (ROOT / "docs" / "new_environment.md").read_text(encoding="utf-8")
    file, reference = (
        re.findall(rf'^```python title="{title}.py"\n(.*?)^```$', text, re.MULTILINE | re.DOTALL)[0]
        for title in (NAME, f"{NAME}_reference")
    )
    (line,) = re.findall(rf'^("{ENV_ID}": Entry.*)$', text, re.MULTILINE)
    special = text.partition("## Test what is special")[2].partition("\n## ")[0]
    (test,) = re.findall(r"^```python\n(.*?)^```$", special, re.MULTILINE | re.DOTALL)
    return file, line, test, reference


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the repository with one commit."""
    if shutil.which("git") is None:
        pytest.skip("needs git, to see what has changed")
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false")
    git(folder, *identity, "commit", "--quiet", "--no-verify", "--message", "as it was")
    return folder


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def python(folder: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    return done.stdout


def add_environment(folder: Path) -> None:
    file, line, test, reference = blocks_of_page()
    inside = re.sub(r"^from masked_envs\.", "from ...", file, flags=re.MULTILINE)
    (folder / "masked_envs" / "envs" / FAMILY / f"{NAME}.py").write_text(inside, encoding="utf-8")
    catalogue = folder / "masked_envs" / "catalogue.py"
    head, start, rest = catalogue.read_text(encoding="utf-8").partition("CATALOGUE = {\n")
    entries, end, tail = rest.partition("}\n")
    in_order = "".join(sorted([*entries.splitlines(keepends=True), f"    {line}\n"]))
    catalogue.write_text(head + start + in_order + end + tail, encoding="utf-8")
    imports = (
        "import numpy as np\n\nfrom masked_envs.api import MaskedEnv\n"
        f"from masked_envs.envs.{FAMILY}.{NAME} import ENV\n\n\n"
    )
    body = textwrap.indent(test, "    ")
    path = folder / "tests" / "envs" / f"test_{NAME}.py"
    path.write_text(f"{imports}def test_every_puzzle_is_solved_by_linear_algebra():\n{body}", encoding="utf-8")
    (folder / "tests" / "envs" / "reference" / f"{NAME}.py").write_text(reference, encoding="utf-8")
    python(folder, "-m", "tests.write_golden", ENV_ID)


def test_an_environment_is_added_by_four_things_and_nothing_else(checkout: Path) -> None:
    pytest.importorskip("PIL", reason="docs/generate.py draws with Pillow: pip install 'masked-envs[gif]'")
    pytest.importorskip("imageio", reason="docs/generate.py writes GIFs: pip install 'masked-envs[gif]'")
    add_environment(checkout)
    python(checkout, "docs/generate.py")
    printed = python(checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--id", ENV_ID)
    passed = re.search(r"(\d+) passed", printed)
    assert passed and int(passed[1]) > 40, printed
    every_id = ["tests/house/test_docs.py", "-k", "fresh or row or links"]
    python(checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", *every_id)
    changed = {line[3:] for line in git(checkout, "status", "--porcelain", "--untracked-files=all").splitlines()}
    assert changed == ADDED | GENERATED
