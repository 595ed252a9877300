"""benchmarks/masking: the page shows the results, runs resume, and each arm does what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks.interquartile import estimate, interquartile_mean  # noqa: E402
from benchmarks.masking import figures, page, play, tabular  # noqa: E402
from benchmarks.masking.__main__ import run  # noqa: E402
from benchmarks.masking.arms import ALL_ARMS  # noqa: E402
from benchmarks.masking.experiments import EXPERIMENTS, UNMASKED  # noqa: E402
from benchmarks.masking.noise import Noise  # noqa: E402
from benchmarks.masking.runs import RESULTS, Cell, read  # noqa: E402
from benchmarks.masking.tasks import FAMILIES, Task  # noqa: E402

pytestmark = pytest.mark.once
STEPS, SEEDS = 1024, 2
FIRST = np.arange(40) == 0


# --- the page ---


def test_the_page_shows_the_results() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.written(text) == text, "run: python -m benchmarks.masking page"


@pytest.mark.parametrize("name", figures.FIGURES)
def test_the_figures_show_the_results(name: str) -> None:
    text = (figures.IMAGES / f"{name}.svg").read_text(encoding="utf-8")
    assert figures.fingerprint() in text, "run: python -m benchmarks.masking page"


def test_every_result_belongs_to_an_experiment_and_stays_small() -> None:
    names = {cell.name for experiment in EXPERIMENTS.values() for cell in experiment.cells}
    found = [path for path in RESULTS.glob("*.json") if path != tabular.PATH]
    assert {path.stem for path in found} <= names
    assert sum(path.stat().st_size for path in found) < 5_000_000
    for path in found:
        content = json.loads(path.read_text())
        assert len(content["runs"]) == content["cell"]["seeds"] == 10
        assert all(run["decisions"] > 0.5 * content["cell"]["steps"] for run in content["runs"])


def test_masked_runs_on_record_took_no_invalid_action_and_the_others_did() -> None:
    for experiment in EXPERIMENTS.values():
        for cell in experiment.cells:
            invalid = [run["invalid"] for run in read(cell)]
            if cell.arm in ("mask", "naive", "rollout-only") and cell.noise is None:
                assert not any(invalid), cell.name
            elif invalid and cell.arm in UNMASKED and cell.task.num_available < cell.task.num_actions:
                assert any(invalid), cell.name


# --- runs ---


def small(family: str = "contextual", arm: str = "mask", noise: Noise | None = None) -> Cell:
    return Cell(Task(family, 8), arm, noise, STEPS, SEEDS)


@pytest.fixture(scope="module")
def outcomes() -> dict[str, list[dict[str, Any]]]:
    """Every arm, for one update of two seeds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(play, "EPISODES", 3)
        return {arm: small(arm=arm).run() for arm in ALL_ARMS}


def test_every_arm_does_what_it_says(outcomes: dict[str, list[dict[str, Any]]]) -> None:
    for arm, runs in outcomes.items():
        for one in runs:
            masked = arm in ("mask", "mask-replaced", "naive", "rollout-only", "renormalised", "minus-20")
            assert (one["invalid"] == 0) == masked, arm
            assert (one["first_ratio_error"] > 0.01) == (arm == "rollout-only"), arm
            assert one["mask_removed_sampled"]["invalid_share"] > 0.3, arm
            assert one["as_trained_sampled"]["invalid_share"] == 0 or not masked, arm
            assert one["kl"] >= 0 and 0 < one["legal_mass"] < 1 and 0 < one["entropy"] <= 1.0001


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_played(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "EPISODES", 3)
    (one, other) = small(family).run()
    assert one["curve"] != other["curve"] and one["invalid"] == other["invalid"] == 0


def test_the_same_cell_gives_the_same_numbers(
    outcomes: dict[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(play, "EPISODES", 3)
    again = small().run()
    for one, other in zip(outcomes["mask"], again, strict=True):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}


def test_runs_resume(tmp_path: Path) -> None:
    cells = [small("static"), small("static", "penalty-0")]
    assert run(cells[:1], 60, tmp_path) == 1
    assert run(cells, 60, tmp_path) == 1 and run(cells, 60, tmp_path) == 0
    assert all(len(read(cell, tmp_path)) == SEEDS for cell in cells)
    assert not Cell(cells[0].task, "mask", None, 2 * STEPS, SEEDS).done(tmp_path)  # other settings are run again


# --- masks that are wrong ---


def shown(noise: Noise, true: Any, before: Any = None, started: Any = None) -> Any:
    started = np.zeros(len(true), bool) if started is None else started
    return noise.shown(true, before, started, np.random.default_rng(0))


def test_noise_is_of_the_rate_it_says() -> None:
    true = np.random.default_rng(1).random((4000, 10)) < 0.5
    true[:, 0] = True
    allowed = shown(Noise(false_allowed=0.1), true)
    assert (allowed | ~true).all() and allowed[~true].mean() == pytest.approx(0.1, abs=0.01)
    hidden = shown(Noise(false_forbidden=0.1), true)
    assert not (hidden & ~true).any() and hidden[true].mean() == pytest.approx(0.9, abs=0.01)
    assert shown(Noise(false_forbidden=1.0), true).tolist() == true.tolist()  # where none would be left, all stay
    same = shown(Noise(false_allowed=0.3, systematic=True), np.zeros((50, 40), bool) | FIRST)
    assert (same == same[0]).all() and 1 < same[0].sum() < 40


def test_old_masks_are_those_of_the_step_before() -> None:
    true, before, started = np.eye(4, dtype=bool), np.eye(4, dtype=bool)[::-1], np.array([True, False, False, True])
    stale = shown(Noise(stale=True), true, before, started)
    late = shown(Noise(before_reset=True), true, before, started)
    assert stale.tolist() == np.where(started[:, None], true, before).tolist()
    assert late.tolist() == np.where(started[:, None], before, true).tolist()


# --- statistics, and Q-learning on a table ---


def test_the_interquartile_mean_is_that_of_the_middle_half() -> None:
    values = [100, 1, 2, 3, 4, 5, 6, -50]
    assert interquartile_mean(values) == np.mean([2, 3, 4, 5])
    found = estimate(values)
    assert found.low < found.mean < found.high and found.runs == 8
    assert estimate([3.0, 3.0, 3.0]).low == estimate([3.0]).high == 3.0


def test_intervals_cover_what_they_should() -> None:
    """Of samples of 20 from a normal distribution about 0, most intervals hold 0, and not all."""
    rng = np.random.default_rng(0)
    held = sum(estimate(rng.normal(size=20)).overlaps(estimate([0.0])) for _ in range(200))
    assert 170 <= held < 200


def test_unmasked_targets_make_every_way_equal() -> None:
    masked, unmasked = (tabular.run(target, seed=2) for target in ("masked target", "unmasked target"))
    assert masked["greedy"] == masked["shortest"] == -masked["value_of_start"]
    assert unmasked["value_of_start"] == -1.0
