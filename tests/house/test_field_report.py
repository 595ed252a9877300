"""docs/field_report.md: it says what the data say, and the packages still do what both say.

`make test-field` installs the packages; of those that are missing the tests skip by name.
"""

from __future__ import annotations

import copy
import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIELD = ROOT / "benchmarks" / "field"
sys.path[:0] = [str(FIELD), str(ROOT / "docs")]

import field_data  # noqa: E402

PACKAGES = field_data.packages()
SCRIPTS = sorted((FIELD / "findings").rglob("*.py"))
QUICK = ("sb3_contrib", "gymnasium")  # installed by `make test`, and soon done
SAMPLED = ("L2", "L4", "L5", "L7")
CHECK = "import check, json; one = {one!r}; print(json.dumps(check.environment(*one, check.report_of(*one))))"


def marked(name: str, *values: Any) -> Any:
    return pytest.param(*values, id=name, marks=() if name.partition("/")[0] in QUICK else pytest.mark.long)


def output_of(*arguments: str) -> str:
    """What Python prints; skips where a package is missing."""
    path = os.pathsep.join([str(FIELD), str(ROOT)])
    run = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    if run.returncode and ("ModuleNotFoundError" in run.stderr or "PackageNotFoundError" in run.stderr):
        pytest.skip(f"{run.stderr.strip().splitlines()[-1]}: make test-field installs all of them")
    assert run.returncode == 0, run.stderr
    return run.stdout


# --- the packages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [marked(f"{one.parent.name}/{one.stem}", one) for one in SCRIPTS])
def test_a_finding_still_shows_what_is_said(script: Path) -> None:
    printed = [line.rstrip() for line in output_of(str(script)).splitlines()]
    assert printed == script.with_suffix(".txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.long
@pytest.mark.parametrize("package", PACKAGES)
def test_the_checker_says_again_what_the_data_say(package: str) -> None:
    """Of each package the environment that is checked the soonest."""
    import json

    (known, *_) = sorted(field_data.read(package)["environments"], key=lambda env: env["seconds"])
    lines = output_of("-c", CHECK.format(one=(package, known["name"]))).splitlines()
    found = json.loads(lines[-1])
    verdicts = [{law: env["laws"][law]["verdict"] for law in SAMPLED} for env in (found, known)]
    assert verdicts[0] == verdicts[1], found


@pytest.mark.parametrize("package", [marked(package, package) for package in PACKAGES])
def test_what_upstream_is_quoted_with_stands_in_its_source(package: str) -> None:
    """Where the file is part of the installed package."""
    for finding in field_data.read(package)["findings"]:
        for quoted in finding["upstream"]:
            name, _, path = quoted["where"].partition(",")[0].partition("/")
            try:
                spec = importlib.util.find_spec(name)
            except (ImportError, ValueError):
                spec = None
            source = Path(spec.origin).parent / path if spec is not None and spec.origin else None
            if source is not None and path.endswith(".py") and source.is_file():
                text = source.read_text(encoding="utf-8")
                assert words_of(quoted["quote"]) in words_of(text), f"{quoted['where']}: {quoted['quote']}"


def test_a_quotation_that_is_not_upstreams_is_noticed() -> None:
    """Negative control: line breaks and comment signs do not matter, words do."""
    source = "# This is to avoid\n# zero-division"
    assert words_of("This is to avoid zero-division") in words_of(source)
    assert words_of("This is to avoid division by zero") not in words_of(source)


def words_of(text: str) -> str:
    """A text without its line breaks, comment signs and quotation marks."""
    return " ".join("".join(" " if sign in "#\"'`*|-" else sign for sign in text).split())


# --- the page -------------------------------------------------------------------------------------------------------


@pytest.fixture
def report() -> ModuleType:
    return importlib.import_module("field_report")


@pytest.fixture
def data() -> dict[str, Any]:
    return copy.deepcopy(field_data.read("sb3_contrib"))


def test_the_page_is_what_the_data_say(report: ModuleType) -> None:
    page = (ROOT / "docs" / "field_report.md").read_text(encoding="utf-8")
    assert page == report.page(), "python docs/generate.py writes it anew"
    for package in PACKAGES:
        found = field_data.read(package)
        assert f"\n## {found['package']}\n" in page
        for env in found["environments"]:
            assert page.count(f"\n| {env['name']} |") >= 2
        for one in found["findings"]:
            assert all(quoted["quote"] in page and quoted["url"] in page for quoted in one["upstream"])


@pytest.mark.parametrize(
    ("verdict", "sign"), [("passed", "✓"), ("not reached", "◦"), ("not judged", "?"), ("not applicable", "–")]
)
def test_each_verdict_has_a_sign_of_its_own(report: ModuleType, data: dict[str, Any], verdict: str, sign: str) -> None:
    env = data["environments"][0]
    env["laws"]["L4"] |= {"verdict": verdict, "notes": [f"{verdict}: because"]}
    assert report.sign(data, env, "L4") == sign
    listed = f"- {env['name']}, L4: because" in list(report.unjudged(data))
    assert listed == (verdict in ("not reached", "not judged"))


@pytest.mark.parametrize(
    ("kind", "sign"), [("contradicts its documentation", "✗"), ("hazard", "!"), ("another convention", "≠")]
)
def test_only_what_contradicts_its_documentation_is_called_broken(
    report: ModuleType, data: dict[str, Any], kind: str, sign: str
) -> None:
    env, one = data["environments"][0], data["findings"][0]
    env["laws"]["L4"]["verdict"] = "failed"
    data["findings"] = [{**one, "law": "L4", "class": kind, "environments": [env["name"]]}]
    assert report.sign(data, env, "L4") == sign
    assert ("roken" in report.finding(data, data["findings"][0])) == (sign == "✗")


def test_a_dispute_is_shown(report: ModuleType, data: dict[str, Any]) -> None:
    assert "**Disputed**: no" in report.finding(data, {**data["findings"][0], "disputed": "no"})
