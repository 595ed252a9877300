"""docs/reliability.md shows what was measured, and what measures it would see the fault."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.reliability import page, record, soak, workers
from masked_envs.mask_spec.spec import KINDS

pytestmark = pytest.mark.once
NAMES = tuple(page.BLOCKS)


@pytest.mark.core
def test_the_page_shows_the_results() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.written(text) == text, "run: python -m benchmarks.reliability page"


@pytest.mark.core
@pytest.mark.parametrize("name", NAMES)
def test_every_measurement_can_be_repeated(name: str) -> None:
    assert f"python -m benchmarks.reliability {name}" in page.PAGE.read_text(encoding="utf-8")


def decisions_hold(result: dict[str, Any]) -> bool:
    """None was invalid, some were without the mask, of every kind."""
    kinds = {case["kind"] for case in result["cases"].values()}
    none_idle = all(case["decisions"] > 0 and case["control_decisions"] > 0 for case in result["cases"].values())
    invalid = page.total(result, "invalid")
    return kinds == set(KINDS) and none_idle and invalid == 0 < page.total(result, "control_invalid")


HOLDS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "decisions": decisions_hold,
    "soak": lambda result: result["invalid"] == 0,
    "kills": lambda result: result["equal"] == result["runs"] > 0,
    "cold_starts": lambda result: result["failed"] == result["other_bytes"] == 0 < result["processes"],
    "workers": lambda result: all(way["equal"] == way["compared"] > 0 for way in result["ways"].values()),
    "pythons": lambda result: all(each["failed"] == 0 < each["passed"] for each in result["pythons"].values()),
}


@pytest.mark.core
@pytest.mark.parametrize("name", NAMES)
def test_what_the_page_says_holds(name: str) -> None:
    result = record.load(name)
    if not result:
        pytest.skip(f"{name} has not been measured yet")
    assert HOLDS[name](result)


@pytest.mark.core
@pytest.mark.parametrize("text", ["no markers", 2 * "".join(f"<!-- {n}:start --><!-- {n}:end -->" for n in NAMES)])
def test_a_page_without_its_markers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        page.written(text)


@pytest.fixture
def decisions() -> Any:
    pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
    from benchmarks.reliability import decisions

    return decisions


def test_hostile_networks_take_legal_actions_and_do_not_without_the_mask(
    decisions: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(decisions, "NUMBERS", 640)
    monkeypatch.setattr(decisions, "BACKEND", "python")
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    chosen = {"MaskedCartPole-v0", "MaskedPendulum-v0", "MaskedPairs-v0", "MaskedKnapsack-v0 form=binary"}
    cases = [case for case in decisions.cases() if case.name in chosen]
    monkeypatch.setattr(decisions, "cases", lambda: iter(cases))
    decisions.measure(until=100, minutes=1, seconds_each=0.05)
    result = decisions.measure(until=1_000, minutes=1, seconds_each=0.05)
    assert result == {key: record.load("decisions")[key] for key in result if key in record.load("decisions")}
    counted = decisions.total(result)
    assert counted["legal"] >= 1_000 and counted["invalid"] == 0 < counted["control_invalid"]
    assert max(case["pieces"] for case in result["cases"].values()) >= 1


def test_a_sampler_that_forgets_the_mask_is_counted(decisions: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control of the run itself."""
    import torch

    from masked_envs.torch import _numerics

    monkeypatch.setattr(decisions, "NUMBERS", 640)
    monkeypatch.setattr(decisions, "BACKEND", "python")
    case = next(case for case in decisions.cases() if case.name == "MaskedTaxi-v0")
    assert decisions.Play(case, 0).run(steps=20).invalid == 0
    monkeypatch.setattr(_numerics, "gumbel_argmax", lambda p, mask, shape: torch.randint(p.shape[-1], p.shape[:-1]))
    assert decisions.Play(case, 0).run(steps=20).invalid > 0


def test_the_ids_are_all_in(decisions: Any) -> None:
    from masked_envs.catalogue import CATALOGUE

    assert {case.env_id for case in decisions.cases()} == set(CATALOGUE)
    assert {task[0] for task in workers.tasks()} == set(CATALOGUE)


TASKS = [("MaskedTaxi-v0", "python", 0), ("MaskedConnectFour-v0", "python", 1), ("MaskedPendulum-v0", "python", 2)]


@pytest.mark.core
@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("way", [workers.in_threads, workers.after_fork], ids=["threads", "fork"])
def test_in_company_an_environment_gives_the_bytes_that_it_gives_alone(way: Any) -> None:
    alone = [workers.bytes_of(task) for task in TASKS]
    assert way(TASKS) == alone
    assert len(set(alone)) == len(TASKS)


@pytest.mark.core
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_that_is_kept_is_seen() -> None:
    before = soak.memory()
    kept = np.ones(8_000_000)
    assert soak.memory() - before > 30 and kept[0] == 1
