"""What the reference agent reached, where it was measured, is possible and clean; the long form measures again."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration

ROOT = Path(__file__).parents[2]
RESULTS = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "benchmarks" / "learning").glob("*"))}
KEPT = 0.87  # of the way from random play to what was reached, that a run with another seed must go


def reached(result: dict[str, Any]) -> float:
    return max(result["greedy"], result["sampled"])


@pytest.mark.core
@pytest.mark.parametrize("env_id", RESULTS)
def test_a_run_took_no_invalid_action_and_beat_random_play_within_what_is_possible(env_id: str) -> None:
    result = RESULTS[env_id]["result"]
    assert env_id in CATALOGUE
    assert result["invalid"] == 0
    assert result["negative_control"] is None or result["negative_control"] > 0
    assert result["random"] < reached(result)
    assert result["best"] is None or reached(result) <= result["best"] + 1e-9


@pytest.mark.core
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


@pytest.mark.core
def test_the_share_of_what_is_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs")
    import learning

    assert learning.share({"greedy": 4.0, "sampled": 3.0, "random": 1.0, "best": 5.0}) == 0.75
    assert learning.share({"greedy": 4.0, "sampled": 3.0, "random": 1.0, "best": None}) is None


@pytest.mark.long
@pytest.mark.parametrize("env_id", RESULTS)
def test_the_agent_reaches_as_much_with_another_seed(env_id: str) -> None:
    pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import learn

    result, before = learn.measure(env_id, learn.run_of(env_id), seed=2), RESULTS[env_id]["result"]
    assert result["invalid"] == 0
    assert reached(result) - before["random"] >= KEPT * (reached(before) - before["random"])
