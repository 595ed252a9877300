"""What the reference agent reached, where it was measured, is possible and clean; the long form measures again."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import learning  # noqa: E402
import learning_curves  # noqa: E402

from benchmarks.learning import __main__ as command  # noqa: E402
from benchmarks.learning import references  # noqa: E402
from benchmarks.learning import settings as room  # noqa: E402
from benchmarks.learning.heuristics import HEURISTICS  # noqa: E402
from benchmarks.learning.settings import STARTS, Settings  # noqa: E402

RESULTS = learning.read_results()
KEPT = 0.87  # of the way from random play to what was reached, that a run with another seed must go


@pytest.mark.parametrize("env_id", RESULTS)
def test_runs_took_no_invalid_action_and_beat_random_play_within_what_is_possible(env_id: str) -> None:
    each = RESULTS[env_id]
    assert env_id in CATALOGUE
    for runs in each.runs.values():
        assert [run["seed"] for run in runs] == list(range(1, len(runs) + 1))
        for run in runs:
            assert run["invalid"] == 0 and run["decisions"] >= each.settings.ppo["total_decisions"]
            assert each.best is None or max(run["greedy"], run["sampled"]) <= each.best + 1e-9
    for run in each.runs["ppo"]:
        assert run["negative_control"] is None or run["negative_control"] > 0
    assert each.reached("ppo", each.best_play()).mean > each.references["random"]["mean"]


@pytest.mark.parametrize(
    "path", sorted(room.FOLDER.glob("*/*.json")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_every_file_is_of_the_present_settings(path: Path) -> None:
    """One that is not would be left out of the page in silence."""
    env_id, settings = path.parent.name, room.read(path.parent.name)
    if path.stem == "settings":
        declaration(env_id).resolve(settings.env_args)
        return
    learner = path.stem.partition("-")[0]
    assert json.loads(path.read_text())["settings"] == settings.fingerprint(learner)


def test_an_environment_needs_no_results() -> None:
    """Its page then lacks the section, and the table its row."""
    import env_pages

    env_id = next(iter(RESULTS))
    title = "## What the reference agent learns"
    assert title in env_pages.page(declaration(env_id), RESULTS[env_id])
    assert title not in env_pages.page(declaration(env_id))
    without = {other: each for other, each in RESULTS.items() if other != env_id}
    assert env_id in learning.page(RESULTS) and env_id not in learning.page(without)


def results(**given: Any) -> learning.Results:
    run = {"seed": 1, "greedy": 4.0, "sampled": 3.0, "invalid": 0, "seconds": 1.0, "negative_control": 7, "curve": []}
    references = {"random": {"mean": 1.0, "standard_error": 0.1, "episodes": 100}, "heuristic": None, "best": 5.0}
    return learning.Results(
        "MaskedTaxi-v0", Settings(ppo={"total_decisions": 9}, note="because"),
        {**references, **given}, {"ppo": [run, {**run, "seed": 2, "greedy": 4.0}], "maskable": []},
    )  # fmt: skip


def test_the_way_from_random_to_best() -> None:
    assert results().way() == 0.75
    assert results(best=None).way() is None
    assert "MaskedTaxi-v0, 75%: because." in learning.page({"MaskedTaxi-v0": results()})
    assert "Less than" not in learning.page({"MaskedTaxi-v0": results(best=4.1)})


def test_random_play_is_shown_with_its_error() -> None:
    shown = [(-186.23504, 0.1255), (0.654469, 0.000522), (22.27063, 0.03756), (45.0, 0.0)]
    assert [learning.with_error({"mean": mean, "standard_error": error}) for mean, error in shown] == [
        "-186.24 ± 0.13", "0.6545 ± 0.0005", "22.27 ± 0.04", "45.00 exactly",
    ]  # fmt: skip


@pytest.mark.parametrize("change", [{"env_args": {"rows": 3}}, {"ppo": {"hidden": 3}}])
def test_a_result_of_other_settings_is_not_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    monkeypatch.setattr(room, "FOLDER", tmp_path)
    settings = Settings()
    room.write_json(room.path("MaskedPairs-v0", "ppo-1"), {"settings": settings.fingerprint("ppo"), "curve": [[1, 2]]})
    assert command.done("MaskedPairs-v0", "ppo-1", settings.fingerprint("ppo"))
    assert not command.done("MaskedPairs-v0", "ppo-1", replace(settings, **change).fingerprint("ppo"))
    assert not command.done("MaskedPairs-v0", "ppo-2", settings.fingerprint("ppo"))


def test_the_command_runs_what_is_missing_and_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="agents/ppo_torch needs torch")
    monkeypatch.setattr(room, "FOLDER", tmp_path)
    monkeypatch.setattr(references, "PLAYS", 2)
    small = ["--set", "num_envs=8", "--set", "num_steps=8", "--set", "total_decisions=64", "--set", "minibatches=1"]
    once = ["MaskedBandit-v0", "--learner", "ppo", "--seeds", "2"]
    command.main([*once, *small])
    assert capsys.readouterr().out.splitlines()[-1] == "3 results written"
    command.main(once)
    assert capsys.readouterr().out.splitlines()[-1] == "0 results written"
    command.main([*once, "--set", "hidden=8"])
    assert capsys.readouterr().out.splitlines()[-1] == "2 results written"
    monkeypatch.setattr(learning.room, "FOLDER", tmp_path)
    (found,) = learning.read_results().values()
    assert [run["seed"] for run in found.runs["ppo"]] == [1, 2] and found.references["random"]["episodes"] > 0
    path = tmp_path / "curve.svg"
    learning_curves.draw_curves(found, path)
    assert learning_curves.shows(path, {found.env_id: found})
    assert not learning_curves.shows(path, {found.env_id: results()})


@pytest.mark.parametrize("env_id", RESULTS)
def test_references_and_policies_begin_in_the_same_positions(env_id: str) -> None:
    """Repeated plays of the starts begin as the starts do."""
    import masked_envs

    settings = RESULTS[env_id].settings
    against = references.sides(env_id, settings.env_args)[0]
    each = STARTS // len(references.sides(env_id, settings.env_args))
    envs = masked_envs.make_vec(env_id, each, mask_in="info", backend="python", **against, **settings.env_args)
    first = envs.reset(seed=room.START_SEED)[0]
    envs = masked_envs.make_vec(env_id, 2 * each, mask_in="info", backend="python", **against, **settings.env_args)
    again = envs.reset(seed=[room.START_SEED + k for _ in range(2) for k in range(each)])[0]
    for one, other in zip(leaves(first), leaves(again), strict=True):
        np.testing.assert_array_equal(np.concatenate([one, one]), other)


@pytest.mark.parametrize("name", ["first_legal", "middle_legal"])
def test_a_heuristic_plays_legally_from_every_seat(name: str) -> None:
    """The environment would raise; in Connect Four both beat or equal chance on average."""
    returns = references.returns_of("MaskedConnectFour-v0", {}, HEURISTICS[name])
    assert len(returns) == STARTS and set(returns.tolist()) <= {-1.0, 0.0, 1.0} and returns.mean() >= 0


def test_every_heuristic_is_named_by_settings_and_is_between_random_play_and_the_best() -> None:
    named = {}
    for env_id in room.ids():
        if heuristic := room.read(env_id).heuristic:
            named[heuristic] = json.loads(room.path(env_id, "references").read_text())
    assert set(named) == set(HEURISTICS)
    for name, found in named.items():
        assert found["random"]["mean"] < found["heuristic"] <= (found["best"] or np.inf), name


def leaves(tree: Any) -> list[Any]:
    return [leaf for key in sorted(tree) for leaf in leaves(tree[key])] if isinstance(tree, dict) else [tree]


def test_random_play_of_an_environment_with_a_known_mean() -> None:
    """Every pick is uniform over pairs not picked yet: so many times the mean of the values shown."""
    given = declaration("MaskedPairs-v0").resolve({})
    values = references.starts("MaskedPairs-v0", {})[:, 1].astype(float).reshape(STARTS, -1)
    pairs = given["num_items"] * (given["num_items"] - 1)
    expected = given["num_picks"] * values.sum(axis=1).mean() / pairs
    found = references.random_play("MaskedPairs-v0", {}, plays=40)
    assert abs(found["mean"] - expected) < 5 * found["standard_error"]


@pytest.mark.long
@pytest.mark.parametrize("env_id", RESULTS)
def test_the_agent_reaches_as_much_with_another_seed(env_id: str) -> None:
    pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
    from benchmarks.learning.learners import ppo

    each = RESULTS[env_id]
    result, random = ppo(env_id, each.settings, seed=101), each.references["random"]["mean"]
    assert result["invalid"] == 0
    assert max(result["greedy"], result["sampled"]) - random >= KEPT * (
        each.reached("ppo", each.best_play()).mean - random
    )
