"""What docs/learning.md and the cards say of the reference agent is what was measured; the long form measures anew."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

from masked_envs.cards import read_card
from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration

ROOT = Path(__file__).parents[2]
RESULTS = json.loads((ROOT / "docs" / "learning.json").read_text())


@pytest.fixture(scope="module")
def learning():
    """docs/learning.py as a module."""
    spec = importlib.util.spec_from_file_location("learning", ROOT / "docs" / "learning.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["learning"] = module
    spec.loader.exec_module(module)
    return module


def promised(env_id: str) -> tuple[float, float]:
    """What the card says that the agent reaches, and what random play earns."""
    text = " ".join(read_card(declaration(env_id).rules).sections["Rewards"].split())
    found = re.search(
        r"reference agent reaches at least (-?[\d.]+) in ([\d,]+) decisions .*? play earns (-?[\d.]+[\d])", text
    )
    assert found, f"the card of {env_id} says nothing of the reference agent"
    assert int(found[2].replace(",", "")) == RESULTS[env_id]["settings"]["total_decisions"]
    return float(found[1]), float(found[3])


def reached(result: dict[str, float]) -> float:
    return max(result["greedy"], result["sampled"])


@pytest.mark.core
@pytest.mark.parametrize("env_id", CATALOGUE)
def test_the_card_promises_less_than_was_reached_and_more_than_chance(env_id: str) -> None:
    result, (floor, by_chance) = RESULTS[env_id], promised(env_id)
    assert reached(result) >= floor > by_chance
    assert by_chance == pytest.approx(result["random"], rel=0.01, abs=0.06)
    assert result["best"] is None or reached(result) <= result["best"] + 1e-9
    assert result["invalid"] == 0
    assert result["negative_control"] is None or result["negative_control"] > 0


@pytest.mark.core
def test_the_page_is_that_of_the_results(learning) -> None:
    assert set(RESULTS) == set(CATALOGUE) == set(learning.RUNS)
    assert (ROOT / "docs" / "learning.md").read_text() == learning.page(RESULTS), "run: python docs/learning.py --write"
    for env_id, run in learning.RUNS.items():
        assert (run.settings, run.env_args) == (RESULTS[env_id]["settings"], RESULTS[env_id]["env_args"])


@pytest.mark.long
@pytest.mark.parametrize("env_id", CATALOGUE)
def test_the_agent_reaches_what_the_card_promises_with_another_seed(env_id: str, learning) -> None:
    pytest.importorskip("torch", reason="agents/ppo_torch.py needs torch: pip install 'masked-envs[torch]'")
    result = learning.measure(env_id, learning.RUNS[env_id], seed=2)
    floor, by_chance = promised(env_id)
    assert result["invalid"] == 0
    assert reached(result) >= floor - 0.1 * (floor - by_chance)
