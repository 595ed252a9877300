"""README.md and docs/: their Python runs, their links lead somewhere, their generated parts are fresh."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from masked_envs.catalogue import CATALOGUE
from masked_envs.render.theme import INKS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
BLOCK = re.compile(r"^```python(?: title=\"(?P<title>[^\"]+)\")?\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
ROOMS = {
    "torch": "torch",
    "sb3": "stable_baselines3",
    "tianshou": "tianshou",
    "dm_env": "dm_env",
    "open_spiel": "pyspiel",
    "rl_games": "rl_games",
}  # rooms of the package, and the library that each needs
RUN_ELSEWHERE = ("field_report.md",)  # by test_field_report.py, which compares what it prints, too
MOST_BYTES = 300_000  # of a GIF


class Block(NamedTuple):
    """A Python block of a page, the line it begins on, and the file it says to save it as, if any."""

    code: str
    line: int
    title: str | None


def blocks(text: str) -> list[Block]:
    return [
        Block(found["code"], text.count("\n", 0, found.start("code")), found["title"]) for found in BLOCK.finditer(text)
    ]


def missing_libraries(code: str, folder: Path) -> list[str]:
    """What a block imports, neither installed nor saved by an earlier block."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
            names |= {library for room, library in ROOMS.items() if node.module.startswith(f"masked_envs.{room}")}
    return sorted(n for n in names if importlib.util.find_spec(n) is None and not (folder / f"{n}.py").exists())


@pytest.fixture
def reader_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a reader follows a page: an empty folder from which Python can import."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    stop_ray()  # its workers know nothing of this folder
    yield tmp_path
    stop_ray()
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def stop_ray() -> None:
    if "ray" in sys.modules:
        sys.modules["ray"].shutdown()


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in RUN_ELSEWHERE], ids=lambda page: page.name)
def test_python_blocks_run_in_order(page: Path, reader_folder: Path) -> None:
    """Every block of a page runs, in one namespace; those without their library are named."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    left_out: set[str] = set()
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.title:
            (reader_folder / block.title).write_text(block.code, encoding="utf-8")
            continue
        missing = missing_libraries(block.code, reader_folder)
        left_out |= set(missing)
        if not missing:
            # The empty lines make tracebacks point into the page.
            exec(compile("\n" * block.line + block.code, str(page), "exec"), namespace)
    if left_out:
        pytest.skip(f"ran all but the blocks that need {', '.join(sorted(left_out))}")


def test_a_wrong_block_is_found(reader_folder: Path) -> None:
    """Negative control: the blocks are really found, with their lines and titles."""
    text = 'One\n\n```python\nx = 1\n```\n\n```python title="m.py"\ny = 2\n```\n\n```\nno python\n```\n'
    assert blocks(text) == [Block("x = 1\n", 3, None), Block("y = 2\n", 7, "m.py")]
    assert missing_libraries("import no_such_library.part\nimport numpy", reader_folder) == ["no_such_library"]


def test_every_page_shows_code() -> None:
    """Blocks whose fence is written otherwise would not be run."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        fences = re.findall(r"^[ \t]*```[ \t]*py.*$", text, re.MULTILINE)
        assert len(fences) == len(blocks(text)), page


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [found["target"] for found in LINK.finditer(page.read_text(encoding="utf-8"))]
    here = [target.partition("#")[0] for target in targets if not target.startswith(("http", "#", "mailto"))]
    assert [target for target in here if not (page.parent / target).exists()] == []


OWN_PATH = re.compile(
    r"(?:`|python )((?:agents|benchmarks|constraints|docs|masked_envs|tests)/[\w./-]*\w)(?![\w/]*<|NAME)"
)
OWN_MODULE = re.compile(r"python -m\s+((?:agents|benchmarks|masked_envs|tests)[\w.]*\w)")
FOLDERS = ("agents", "benchmarks", "benchmarks/field", "tests/mutation")
NAMING = [*TEXTS, *(ROOT / folder / "README.md" for folder in FOLDERS)]
TO_BE_WRITTEN = "LightsOut"  # the example of an environment that a reader adds


def missing(text: str) -> list[str]:
    """The files and modules of a checkout that a text names and that there are not."""
    paths = [path for path in OWN_PATH.findall(text) if TO_BE_WRITTEN not in path and not (ROOT / path).exists()]
    return paths + [name for name in OWN_MODULE.findall(text) if not is_module(name)]


def is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("page", NAMING, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_and_programs_that_are_named_are_there(page: Path) -> None:
    assert missing(page.read_text(encoding="utf-8")) == []


def test_a_file_that_is_gone_is_found() -> None:
    text = "Run `agents/ppo_gone.py` or python benchmarks/gone.py or python -m agents.gone, not `agents/proof.py`."
    assert missing(text) == ["agents/ppo_gone.py", "benchmarks/gone.py", "agents.gone"]


def test_every_ink_is_named_where_environments_are_written() -> None:
    page = (ROOT / "docs" / "new_environment.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", page))
    for first, last in re.findall(r"`(\w+_\d)`(?: \(least\))? to `(\w+_\d)`", page):
        stem = first.rpartition("_")[0]
        named |= {f"{stem}_{k}" for k in range(int(first[-1]), int(last[-1]) + 1)}
    assert INKS - named == set()


# --- generated parts ------------------------------------------------------------------------------------------------


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "docs")
    return importlib.import_module("generate")


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_the_page_of_an_environment_is_fresh(generate: ModuleType, env_id: str) -> None:
    stem = env_id.rpartition("-")[0]
    assert [words for words in generate.find_stale() if f"/{stem}." in words] == []


def test_generated_pages_are_fresh(generate: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"]) == 0, capsys.readouterr().err


def test_stale_pages_are_found(generate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: another text for one page, and a page of no environment."""
    pages = generate.pages()
    path = next(iter(pages))
    monkeypatch.setattr(generate, "pages", lambda: {**pages, path: pages[path] + "more"})
    assert [words.split()[0] for words in generate.find_stale()] == [str(path.relative_to(ROOT))]
    without = {other: text for other, text in pages.items() if other != path}
    monkeypatch.setattr(generate, "pages", lambda: without)
    assert [words.split()[0] for words in generate.find_stale()] == [str(path.relative_to(ROOT))]


def test_missing_pictures_are_found(
    generate: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = generate.pictures()
    assert {path.suffix for path in pictures} == {".gif", ".svg", ".js"}
    monkeypatch.setattr(generate, "pictures", lambda: {**pictures, ROOT / "docs" / "envs" / "NoSuch.gif": None})
    assert generate.main(["--check"]) == 1
    assert "NoSuch.gif is missing" in capsys.readouterr().err


def test_figures_of_other_results_are_found(generate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = generate.figures()
    path, (draw, shown) = next(iter(figures.items()))
    monkeypatch.setattr(generate, "pages", lambda: {})
    monkeypatch.setattr(generate, "strangers", lambda: [])
    assert generate.find_stale() == []
    monkeypatch.setattr(generate, "figures", lambda: figures | {path: (draw, {})})
    assert [words.split()[0] for words in generate.find_stale()] == [str(path.relative_to(ROOT))]


@pytest.mark.parametrize("shown_on", ["README.md", "docs/index.md"])
def test_every_environment_has_a_row_and_a_page(shown_on: str) -> None:
    page = ROOT / shown_on
    table = page.read_text(encoding="utf-8").partition("<!-- environments:start -->")[2]
    table = table.partition("<!-- environments:end -->")[0]
    for env_id in CATALOGUE:
        (target,) = re.findall(rf"\[{re.escape(env_id)}\]\((.*?)\)", table)
        assert f"`{env_id}`" in (page.parent / target).read_text(encoding="utf-8")
    rows = table.strip().splitlines()[2:]
    assert len(rows) == len({entry.module.partition(".")[0] for entry in CATALOGUE.values()})
    for row in rows:
        (picture,) = re.findall(r'<img src="(.*?)"', row)
        (first, *_) = re.findall(r"\]\((.*?)\.md\)", row)
        assert picture == f"{first}.svg" and (page.parent / picture).is_file()


@pytest.mark.parametrize("picture", sorted((ROOT / "docs").rglob("*.gif")), ids=lambda picture: picture.name)
def test_pictures_move_and_are_small(picture: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    assert picture.stat().st_size < MOST_BYTES
    with image.open(picture) as gif:
        assert gif.n_frames > 3


def test_table_between_markers(generate: ModuleType) -> None:
    start, end, page = "<!-- rows:start -->", "<!-- rows:end -->", Path("page.md")
    text = f"before\n{start}\nold\n{end}\nafter\n"
    assert generate.between(page, text, "rows", "new\n") == f"before\n{start}\nnew\n{end}\nafter\n"
    with pytest.raises(ValueError, match=r"page\.md needs the lines <!-- rows:start -->"):
        generate.between(page, "no markers", "rows", "new\n")
