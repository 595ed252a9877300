"""benchmarks/field: the data behind docs/field_report.md, checked as it stands."""

from __future__ import annotations

import copy
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = {"states": 100, "terminated": 12, "truncated": 0, "dead_ends": 0, "legal": 50, "forbidden": 50,
            "forbidden_in_all": 60, "forbade": True}  # fmt: skip
JUDGED = {"verdict": "passed", "evidence": EVIDENCE, "notes": []}
EXAMINED = {"script": "examine.py", "date": "2026-01-01", "states": 100, "terminated": 3, "truncated": 0,
            "empty_while_running": 0, "last_masks": {"ones": 3}, "waiting_masks": {}, "allowed": {}, "forbidden": {},
            "outside": {}, "mask_kept": True, "same_again": True}  # fmt: skip


@pytest.fixture
def field_data(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("jsonschema")
    monkeypatch.syspath_prepend(ROOT / "benchmarks" / "field")
    return importlib.import_module("field_data")


@pytest.fixture
def good() -> dict[str, Any]:
    laws = {law: copy.deepcopy(JUDGED) for law in ("L2", "L3", "L4", "L5", "L6", "L7", "L10")}
    env = {"name": "A", "made": "A()", "mask_in": 'info["action_mask"]', "refuses": "", "options": {}, "laws": laws,
           "outside": "refused", "seconds": 1.0, "examined": copy.deepcopy(EXAMINED)}  # fmt: skip
    return {"package": "P", "home": "https://p", "install": "pip install p", "versions": {"p": "1"}, "python": "3.11.7",
            "platform": "Linux x86_64", "date": "2026-01-01", "tested": "p", "left_out": [], "links": [],
            "environments": [env], "findings": []}  # fmt: skip


def test_every_file_is_as_the_format_says(field_data: ModuleType) -> None:
    assert [
        f"{one}: {words}" for one in field_data.packages() for words in field_data.validate(field_data.read(one))
    ] == []


def test_good_data_passes(field_data: ModuleType, good: dict[str, Any]) -> None:
    assert field_data.validate(good) == []


@pytest.mark.parametrize(
    ("law", "evidence", "words"),
    [
        ("L6", {"terminated": 0, "truncated": 2}, "no terminated state"),
        ("L6", {"terminated": 11}, "of the 12 terminated states that it takes, the walk reached 11"),
        ("L5", {"terminated": 0}, "no episode was played to its end"),
        ("L7", {"forbidden": 0}, "no forbidden action"),
        ("L2", {"states": 0}, "no state"),
    ],
)
def test_a_tick_needs_the_states_that_the_law_is_about(
    field_data: ModuleType, good: dict[str, Any], law: str, evidence: dict[str, int], words: str
) -> None:
    good["environments"][0]["laws"][law]["evidence"] |= evidence
    (wrong,) = field_data.validate(good)
    assert wrong.startswith(f"A: {law} passed, but {words}")


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({"empty_while_running": 1}, "L5 passed, and"),
        ({"last_masks": {"zeros": 1}}, "L6 passed, and"),
        ({"mask_kept": False}, "L4 passed, and"),
        ({"same_again": False}, "L10 passed, and"),
        ({"allowed": {"goes on, reward 1.0": 9, "raises ValueError": 1}}, "L7 passed, and"),
    ],
)
def test_what_the_plain_script_saw_otherwise_is_wrong(
    field_data: ModuleType, good: dict[str, Any], seen: dict[str, Any], words: str
) -> None:
    good["environments"][0]["examined"] |= seen
    (wrong,) = field_data.validate(good)
    assert words in wrong


def test_a_failed_law_needs_a_finding(field_data: ModuleType, good: dict[str, Any]) -> None:
    good["environments"][0]["laws"]["L7"]["verdict"] = "failed"
    assert field_data.validate(good) == ["A: L7 failed, and no finding says what happens"]


def test_a_finding_needs_its_script_and_upstreams_sentence(field_data: ModuleType, good: dict[str, Any]) -> None:
    good["findings"] = [{"law": "L7", "title": "T", "environments": ["A", "B"], "class": "another convention",
                         "what": "w", "upstream": [], "issues": [], "reproduction": "p/no.py",
                         "confirmed_by": "examine.py"}]  # fmt: skip
    assert field_data.validate(good) == [
        "T: there is no environment B",
        "T: there is no findings/p/no.py",
        "T: 'another convention' needs upstream's own sentence",
    ]


def test_unknown_verdicts_and_fields_are_wrong(field_data: ModuleType, good: dict[str, Any]) -> None:
    good["environments"][0]["laws"]["L7"]["verdict"] = "fine"
    good["extra"] = 1
    assert len(field_data.validate(good)) == 2


@pytest.mark.parametrize(
    ("law", "verdict", "evidence", "expected"),
    [
        ("L7", "passed", {}, "passed"),
        ("L7", "not judged", {}, "not judged"),
        ("L7", "not judged", {"forbidden": 0}, "not reached"),
        ("L6", "not judged", {"terminated": 0}, "not reached"),
        ("L5", "passed", {"terminated": 0}, "not reached"),
        ("L5", "failed", {"terminated": 0}, "failed"),
    ],
)
def test_what_was_not_reached_gets_no_verdict(
    field_data: ModuleType, law: str, verdict: str, evidence: dict[str, int], expected: str
) -> None:
    """From the checker's report to the data."""
    found = {"law": law, "status": verdict, "sentence": "because", "evidence": EVIDENCE | evidence}
    judged = importlib.import_module("check").judged(law, verdict, {"findings": [found]})
    assert judged["verdict"] == expected
    assert bool(judged["notes"]) == (expected != "passed")


def test_a_crash_is_not_judged(field_data: ModuleType) -> None:
    found = {"law": "L7", "status": "not judged", "sentence": "the process ended", "evidence": None}
    judged = importlib.import_module("check").judged("L7", "not judged", {"findings": [found]})
    assert judged == {"verdict": "not judged", "evidence": None, "notes": ["not judged: the process ended"]}
