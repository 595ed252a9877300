"""The page of every environment: its loop runs, its tables and its example are there; the gallery shows all of them."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from masked_envs.catalogue import CATALOGUE

ROOT = Path(__file__).resolve().parents[2]
ENVS = ROOT / "docs" / "envs"
HEADINGS = [
    "Description", "Use", "Action space", "Mask", "Observation", "Rewards", "Start", "Episode end", "Arguments",
    "References", "Versions", "The mask over an episode", "An episode", "See it",
]  # fmt: skip
LEARNT = "What the reference agent learns"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections(env_id: str) -> dict[str, str]:
    """The parts of a page by their headings; the part before the first one has the name ""."""
    text = (ENVS / f"{env_id.rpartition('-')[0]}.md").read_text(encoding="utf-8")
    first, *rest = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {"": first, **dict(zip(rest[::2], rest[1::2], strict=True))}


@pytest.fixture(autouse=True)
def docs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs")


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_a_page_has_its_parts(env_id: str) -> None:
    parts, name = sections(env_id), env_id.rpartition("-")[0]
    assert [heading for heading in parts if heading not in ("", LEARNT)] == HEADINGS
    assert f"]({name}.gif)" in parts[""] and f"| `{env_id}` |" in parts[""]
    assert re.search(r"^\| (action|head|index|part|direction|move type|`form`)", parts["Action space"], re.MULTILINE)
    assert "| name | default | allowed | meaning |" in parts["Arguments"]
    assert 'data-plays="random' in parts["An episode"] and f"]({name}.profile.svg)" in parts["The mask over an episode"]


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_the_example_of_a_mask_shows_something_forbidden(env_id: str) -> None:
    """Its step is one of the recorded episode, with the same legal fraction; the picture is an SVG of its own."""
    mask, name = sections(env_id)["Mask"], env_id.rpartition("-")[0]
    (step,) = re.findall(r"^For example, step (\d+) of the episode below", mask, re.MULTILINE)
    (text,) = [block for language, block in BLOCK.findall(mask) if language == "text"]
    assert text.startswith(f"step {step}") and "legal: " in text
    recorded = (ROOT / "docs" / "episodes" / f"{name}.random.js").read_text(encoding="utf-8")
    frame = json.loads(recorded[recorded.index("(") + 1 : -3])["frames"][int(step)]
    assert 0 < frame["legal"] < 1 and f"step {step}" in frame["says"]
    assert f"![{name} in that step" in mask
    assert ElementTree.parse(ENVS / f"{name}.svg").getroot().tag.endswith("svg")


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_the_loop_of_a_page_runs_without_an_invalid_action(env_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = [block for language, block in BLOCK.findall(sections(env_id)["Use"]) if language == "python"]
    assert f'"{env_id}"' in code
    exec(compile(code, f"{env_id}.md", "exec"), {"__name__": "__main__"})
    *masks, count = capsys.readouterr().out.splitlines()
    assert len(masks) >= 2 and count == "0"


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_the_gallery_shows_an_environment_with_its_mask(env_id: str) -> None:
    from masked_envs.registration import declaration

    text, name = (ENVS / "index.md").read_text(encoding="utf-8"), env_id.rpartition("-")[0]
    (tile,) = [line for line in text.splitlines() if f"]({name}.md)" in line]
    spec = declaration(env_id).mask(declaration(env_id).resolve({}))
    assert f"![{name}]({name}.svg)" in tile
    assert f'data-kind="{spec.kind}"' in tile and f'data-meaning="{spec.meaning}"' in tile


def test_sizes_of_action_spaces() -> None:
    from gymnasium import spaces

    gallery = importlib.import_module("gallery")
    both = spaces.Dict(side=spaces.Discrete(3), dice=spaces.MultiBinary(5))
    assert gallery.number_of_actions(both) == 96 and gallery.size(both) == "11 to 100"
    assert gallery.size(spaces.MultiDiscrete([36, 11, 36])) == "more than 1,000"
    assert gallery.size(spaces.Discrete(10)) == "up to 10"
    assert gallery.size(spaces.Dict(a=both, b=spaces.Box(0, 1, (2,)))) == "continuous"


@pytest.fixture
def facts() -> ModuleType:
    return importlib.import_module("strongest_facts")


def test_the_facts_are_those_of_the_results(facts: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other results give other facts: nothing is typed."""
    cases = {
        "MaskedA-v0": {"decisions": 1500, "invalid": 0, "control_decisions": 8, "control_invalid": 2},
        "MaskedA-v0, MaskedJoint": {"decisions": 500, "invalid": 1, "control_decisions": 2, "control_invalid": 0},
    }
    monkeypatch.setattr(facts.record, "load", lambda name: {"cases": cases})
    assert facts.clean("docs/").startswith("- **1 invalid actions in 2,000 decisions** in 1 environments")
    assert "20% of what they choose is invalid: 2 of 10" in facts.clean("docs/")
    found = [{"class": facts.BROKEN}, {"class": "hazard"}]
    data = {
        "a": {"package": "Beta, classic", "environments": [1, 2], "findings": found},
        "b": {"package": "alpha", "environments": [1], "findings": [{"class": facts.BROKEN}]},
    }
    monkeypatch.setattr(facts.field_report.field_data, "packages", lambda: list(data))
    monkeypatch.setattr(facts.field_report.field_data, "read", data.__getitem__)
    assert "In 3 environments of 2 other packages it led to 3 findings, of which 2 contradict" in facts.found("")
    assert "in alpha and Beta (" in facts.found("")


def test_the_first_screen_of_the_readme_has_all_that_persuades() -> None:
    """What it is, the picture, install, ten lines that run, the figure, three facts, two commands; in this order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
    order = [
        "Action-masked reinforcement learning", "docs/images/overview.gif", "pip install", "```python",
        "docs/images/masking_hero.svg", "<!-- facts:start -->", "make demo", "make test",
    ]  # fmt: skip
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    block = next(code for language, code in BLOCK.findall(text) if language == "python")
    assert len([line for line in block.splitlines() if line]) <= 12
    assert len(re.findall(r"^- \*\*", text, re.MULTILINE)) == 3
