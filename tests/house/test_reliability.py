"""docs/reliability.md shows what was measured, and what measures it would see the fault."""

from __future__ import annotations

import os
import signal
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


@pytest.mark.core
def test_the_days_and_machines_of_all_pieces_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    record.save("soak", {"steps": 1})
    today = record.load("soak")["date"]
    record.save("soak", {**record.load("soak"), "date": "2000-01-01", "machine": "another", "steps": 2})
    for _ in range(2):
        record.save("soak", record.load("soak"))
    last = record.load("soak")
    assert (last["date"], last["machine"]) == (f"2000-01-01 to {today}", f"another; {record.machine()}")
    assert list(last) == ["date", "machine", "versions", "steps"] and last["steps"] == 2


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


def test_some_cases_go_on_though_all_together_have_as_many_as_asked_for(
    decisions: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(decisions, "NUMBERS", 640)
    monkeypatch.setattr(decisions, "BACKEND", "python")
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    kept = {"decisions": 5_000, "invalid": 0, "seconds": 1.0, "pieces": 3, "control_decisions": 9, "control_invalid": 9}
    record.save("decisions", {"cases": {"MaskedCartPole-v0": kept}, "rounds": 3})
    decisions.measure(until=1_000, minutes=1, seconds_each=0.05, only="MaskedTaxi")
    result = record.load("decisions")
    assert result["cases"]["MaskedCartPole-v0"] == kept and result["rounds"] == 3
    assert result["cases"]["MaskedTaxi-v0"]["decisions"] >= 1_000
    said = capsys.readouterr().out
    assert said.splitlines()[-1].startswith(f"{result['cases']['MaskedTaxi-v0']['decisions']:,} legal decisions, 0 inv")
    decisions.measure(until=1_000, minutes=1, seconds_each=0.05, only="MaskedTaxi")  # enough
    assert {**record.load("decisions"), "date": 0} == {**result, "date": 0} and capsys.readouterr().out in said


def test_no_case_of_that_name_is_one_line(decisions: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.reliability.main import main

    assert main(["decisions", "--only", "MaskedCartpole"]) == 1
    assert capsys.readouterr().err.startswith("benchmarks.reliability: error: no case has 'MaskedCartpole' in its name")


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


FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@pytest.fixture
def kills() -> Any:
    pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
    from benchmarks.reliability import kills

    return kills


def child_that(work: Callable[[], Any]) -> int:
    """A fork of this process that does something and ends; its process id."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def content(number: int) -> dict[str, Any]:
    return {"counters": np.array([number]), "weights": np.full(1_000, number, np.float32)}


def save_some(kills: Any, directory: Path, first: int, number: int) -> None:
    for k in range(first, first + number):
        kills.checkpoint.save_checkpoint(directory, content(k))


@FORKS
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("checkpoints", [0, 1, 3])
def test_a_run_dies_while_it_writes_the_checkpoint_that_was_named(
    kills: Any, tmp_path: Path, checkpoints: int, share: float
) -> None:
    moment = kills.Moment(checkpoints, share, writing=True)

    def work() -> None:
        kills.die_in_writing(moment)
        save_some(kills, tmp_path, 1, 5)

    _, status = os.waitpid(child_that(work), 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    (unfinished,) = tmp_path.glob(".*.tmp")
    whole = kills.checkpoint.encode(content(checkpoints + 1))
    assert unfinished.read_bytes() == whole[: int(share * len(whole))] and len(whole) > 4_000
    assert kills.done(tmp_path) == checkpoints  # the one before, whole
    assert kills.PLACES[kills.place_of(tmp_path)] == "while_writing"
    assert [path.name for path in tmp_path.iterdir()] == ([kills.FILE] if checkpoints else [])
    after = "between_checkpoints" if checkpoints else "before_first_checkpoint"
    assert kills.PLACES[kills.place_of(tmp_path)] == after


@FORKS
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_checkpoint_that_is_written_in_place_would_be_seen(
    kills: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Negative control."""
    monkeypatch.setattr(kills.checkpoint, "atomic_write", lambda path: path.open("wb"))

    def work() -> None:
        kills.die_in_writing(kills.Moment(1, 0.5, writing=True))
        save_some(kills, tmp_path, 1, 2)

    os.waitpid(child_that(work), 0)
    assert kills.place_of(tmp_path) == 1
    with pytest.raises(ValueError, match="damaged"):
        kills.done(tmp_path)


@FORKS
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(("checkpoints", "number", "killed"), [(2, 10**9, True), (0, 10**9, True), (5, 3, False)])
def test_a_run_is_killed_after_so_many_checkpoints_unless_it_ends_before(
    kills: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, checkpoints: int, number: int, killed: bool
) -> None:
    """A run that only writes checkpoints, from number 7 on."""
    kills.checkpoint.save_checkpoint(tmp_path, content(7))
    monkeypatch.setattr(kills, "start", lambda *_: child_that(lambda: save_some(kills, tmp_path, 8, number)))
    assert kills.kill(tmp_path, kills.Moment(checkpoints, 0.5, writing=False), takes=0.01) == killed
    kills.place_of(tmp_path)
    assert kills.done(tmp_path) == 7 + number if not killed else kills.done(tmp_path) >= 7 + checkpoints


TASKS = [("MaskedTaxi-v0", "python", 0), ("MaskedConnectFour-v0", "python", 1), ("MaskedPendulum-v0", "python", 2)]


@pytest.mark.core
@FORKS
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
