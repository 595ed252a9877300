"""What the reference agent reached, where it was measured, is possible and clean; the long form measures again."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
RESULTS = {path.stem: json.loads(path.read_text()) for path in sorted((BENCHMARKS / "learning").glob("*"))}
RANDOM = json.loads((BENCHMARKS / "results" / "random_play.json").read_text())
KEPT = 0.87  # of the way from random play to what was reached, that a run with another seed must go


def reached(result: dict[str, Any]) -> float:
    return max(result["greedy"], result["sampled"])


@pytest.mark.parametrize("env_id", RESULTS)
def test_a_run_took_no_invalid_action_and_beat_random_play_within_what_is_possible(env_id: str) -> None:
    result = RESULTS[env_id]["result"]
    assert env_id in CATALOGUE
    assert result["invalid"] == 0
    assert result["negative_control"] is None or result["negative_control"] > 0
    assert RANDOM[env_id]["env_args"] == RESULTS[env_id]["run"]["env_args"]
    assert RANDOM[env_id]["mean"] < reached(result)
    assert result["best"] is None or reached(result) <= result["best"] + 1e-9


def test_an_environment_needs_no_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its page then lacks the section, and the table its row."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    import generate
    import learning

    env_id, *_ = results = learning.read_results()
    title = "## What the reference agent learns"
    assert title in generate.page(declaration(env_id), results[env_id])
    assert title not in generate.page(declaration(env_id))
    without = {other: each for other, each in results.items() if other != env_id}
    assert env_id in learning.page(results) and env_id not in learning.page(without)


def test_progress_from_random_to_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs")
    import learning

    random = {"mean": 1.0, "standard_error": 0.1}
    assert learning.progress({"result": {"greedy": 4.0, "sampled": 3.0, "best": 5.0}, "random": random}) == 0.75
    assert learning.progress({"result": {"greedy": 4.0, "sampled": 3.0, "best": None}, "random": random}) is None


def test_random_play_is_shown_with_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs")
    import learning

    shown = [(-186.23504, 0.1255), (0.654469, 0.000522), (22.27063, 0.03756), (45.0, 0.0)]
    assert [learning.with_error({"mean": mean, "standard_error": error}) for mean, error in shown] == [
        "-186.24 ± 0.13", "0.6545 ± 0.0005", "22.27 ± 0.04", "45.00 exactly",
    ]  # fmt: skip


def test_the_best_on_the_starts_compared_is_that_of_the_programs() -> None:
    sys.path.insert(0, str(BENCHMARKS))
    from bounds import BOUNDS

    for env_id in ("MaskedBinPack-v0", "MaskedTaxi-v0", "MaskedSeeker-v0", "MaskedPairs-v0", "MaskedKnapsack-v0"):
        run, result = RESULTS[env_id]["run"], RESULTS[env_id]["result"]
        envs = masked_envs.make_vec(env_id, 100, mask_in="info", backend="python", **run["env_args"])
        starts = envs.reset(seed=1_000_000 + result["seed"])[0]  # as agents/ppo_torch/evaluation.py
        best = BOUNDS[run["best"]](starts, declaration(env_id).resolve(run["env_args"]))
        assert best == pytest.approx(result["best"]), env_id


@pytest.mark.long
@pytest.mark.parametrize("env_id", RESULTS)
def test_the_agent_reaches_as_much_with_another_seed(env_id: str) -> None:
    pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import learn

    result, before = learn.measure(env_id, learn.run_of(env_id), seed=2), RESULTS[env_id]["result"]
    random = RANDOM[env_id]["mean"]
    assert result["invalid"] == 0
    assert reached(result) - random >= KEPT * (reached(before) - random)
