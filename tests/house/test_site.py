"""What the site, the citation and the workflows say of the project is one thing, and each page describes itself."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import navigation  # noqa: E402

PAGES = sorted((ROOT / "docs").rglob("*.md"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def version() -> str:
    found = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


def test_every_page_describes_itself_in_its_own_words() -> None:
    said: dict[str, Path] = {}
    for path in PAGES:
        words = navigation.description(path.read_text(encoding="utf-8"))
        assert words and not re.search(r'["`\n]|\]\(|<', words), f"{path}: {words}"
        assert words not in said, f"{path} describes itself as {said[words]} does: {words}"
        said[words] = path


def test_a_description_is_the_first_paragraph_without_its_markup() -> None:
    page = "<!-- written -->\n\n# Title\n\n![a](b.png)\n\n`One` of [two](three.md) words. " + 30 * "Many more. " + "\n"
    words = navigation.description(page)
    assert words.startswith("One of two words. Many more.") and len(words) <= navigation.MOST_LETTERS + 11
    assert navigation.description("# Title\n") == ""


class Loader(yaml.SafeLoader):
    """Reads !ENV as mkdocs does, without an environment."""


Loader.add_constructor("!ENV", lambda loader, node: loader.construct_sequence(node)[-1])


def targets_in(menu: list[Any]) -> Iterator[str]:
    """The pages of a menu and of the menus in it."""
    for entry in menu:
        for target in entry.values():
            yield from [target] if isinstance(target, str) else targets_in(target)


def test_every_page_is_in_the_menu_once() -> None:
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)
    listed = list(targets_in(config["nav"]))
    assert len(listed) == len(set(listed))
    written = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert set(listed) - {"changes.md", "envs/index.md"} == written
    assert config["site_url"] == config["repo_url"] == ""  # whoever publishes sets them


def test_the_citation_is_of_this_version() -> None:
    citation: Any = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert citation["version"] == version()
    assert f"version = {{{version()}}}" in readme
    assert citation["title"] == re.sub(r"\\_", "_", re.findall(r"title   = \{(.*)\},", readme)[0])
    assert {"cff-version", "message", "authors", "license"} <= set(citation)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_use_targets_that_there_are(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    targets = re.findall(r"\bmake ([a-z-]+)", " ".join(step.get("run", "") for step in steps))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets or path.stem == "test" or not any("run" in step for step in steps)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert all("timeout-minutes" in job for name, job in workflow["jobs"].items() if name != "publish")


def test_names_break_after_their_punctuation() -> None:
    html = '<p><code>masked_envs.make("A-v0", n=1.5)</code></p><pre><code>a.b</code></pre>'
    broken = '<p><code>masked_<wbr>envs.<wbr>make("A-v0", n=1.5)</code></p><pre><code>a.b</code></pre>'
    assert navigation.on_page_content(html) == broken
    heading = '<h2 id="masked_envs.a.B">masked_envs.a.B<a href="#masked_envs.a.B">x</a></h2><p>2.5 or x.y</p>'
    assert navigation.on_page_content(heading) == heading.replace(">masked_envs.a.B", ">masked_<wbr>envs.<wbr>a.<wbr>B")
    link = '<a href="https://a.b/c">https://a.b/c</a>'
    assert navigation.on_page_content(link) == link.replace(">https://a.b/c", ">https://<wbr>a.<wbr>b/<wbr>c")
