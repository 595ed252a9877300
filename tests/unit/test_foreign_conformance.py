"""The checker on environments as people write them: broken masks are found, with their law; healthy ones pass."""

from __future__ import annotations

import copy
import functools
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from foreign_mutants import CHANGES, HEALTHY, MADE, accepting, broken, healthy, of_bits, one_too_many
from own_envs import Jobs
from own_games import GAME_MUTANTS, HEALTHY_GAMES, Bluff, Chairs, LaxAfterADeath, RulesTellTheCard
from surfaces import some_and_long
from verdict_cases import CASES as VERDICT_CASES

import masked_envs
from masked_envs import MaskSpec
from masked_envs.conformance.context import CheckContext

ANSWERS = ("raise", "ignore", "penalise", "terminate")
CASES = [(name, kind) for name, case in CHANGES.items() for kind in case.kinds]
MADE_CASES = [(name, kind) for name, (kinds, *_) in MADE.items() for kind in kinds]


def laws(report: Any) -> set[str]:
    return {finding.law for finding in report.failures}


def spec_of(kind: str) -> MaskSpec | None:
    return MaskSpec.joint([6, 6]) if kind in ("joint", "one way") else None


@pytest.mark.parametrize(
    ("kind", "answer"),
    some_and_long(
        [(kind, ANSWERS[k % 4]) for k, kind in enumerate(HEALTHY)] + [("flat", answer) for answer in ANSWERS[1:]],
        [(kind, answer) for k, kind in enumerate(HEALTHY) for answer in ANSWERS if answer != ANSWERS[k % 4]],
    ),
)
def test_a_healthy_environment_is_not_blamed(kind: str, answer: str) -> None:
    make = functools.partial(healthy(kind), answer=answer)
    report = masked_envs.check_masked_env(make, steps=30, raise_on_failure=False)
    assert report.passed, report


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_broken_mask_is_found_out(name: str, kind: str) -> None:
    case = CHANGES[name]
    report = masked_envs.check_masked_env(
        broken(kind, case.change), mask_spec=spec_of(kind), steps=150 if "many" in name else 30, raise_on_failure=False
    )
    assert case.law in laws(report), report
    assert laws(report) <= {case.law, *case.also}, report


@pytest.mark.parametrize("kind", ["flat", "dict"])
@pytest.mark.parametrize("answer", ["raise", "ignore", "penalise", "terminate"])
def test_what_is_allowed_and_refused_is_found_out(answer: str, kind: str) -> None:
    """Where the refusal could as well be a pass, or giving up, it is not judged."""
    lax, right = (
        masked_envs.check_masked_env(functools.partial(make, answer=answer), steps=30, raise_on_failure=False)
        for make in (broken(kind, of_bits(one_too_many)), healthy(kind))
    )
    if answer in ("raise", "penalise"):
        assert "L7" in laws(lax) and "L7" not in laws(right)
    else:
        assert lax.verdict == "not judged" and "allowed actions" in lax.not_judged[-1].sentence
    assert right.passed


@pytest.mark.parametrize(("name", "kind"), MADE_CASES)
def test_a_broken_environment_is_found_out(name: str, kind: str) -> None:
    _, make, law = MADE[name]
    report = masked_envs.check_masked_env(make(kind), mask_spec=spec_of(kind), steps=30, raise_on_failure=False)
    assert law in laws(report), report


def test_negative_numbers_taken_as_indices_are_a_warning() -> None:
    report = masked_envs.check_masked_env(accepting("flat"), steps=60, raise_on_failure=False)
    assert report.passed and any("np.int64(-1) is not in the action space" in w.sentence for w in report.warnings)


def test_they_are_found_where_only_later_states_take_them() -> None:
    report = masked_envs.check_masked_env(
        VERDICT_CASES["takes -1 late in an episode"].make, steps=60, raise_on_failure=False
    )
    assert report.passed and any("np.int64(-1) is not in the action space" in w.sentence for w in report.warnings)


@pytest.mark.parametrize("name", HEALTHY_GAMES)
def test_a_healthy_game_is_not_blamed(name: str) -> None:
    report = masked_envs.check_masked_env(HEALTHY_GAMES[name], steps=80, raise_on_failure=False)
    assert report.passed, report
    assert not report.warnings or name not in ("chairs", "race"), report


@pytest.mark.parametrize("name", GAME_MUTANTS)
def test_a_broken_game_is_found_out(name: str) -> None:
    make, law = GAME_MUTANTS[name]
    report = masked_envs.check_masked_env(make, steps=80, raise_on_failure=False)
    if law == "L6":  # conventions, which nobody else has promised to follow
        assert report.passed and law in {finding.law for finding in report.warnings}, report
    else:
        assert law in laws(report) <= {law}, report


def test_a_walk_goes_on_after_an_agent_has_left() -> None:
    points = list(CheckContext(Chairs, 0, 200).walk())
    assert any(len(point.time_step.agents) == 2 for point in points)
    assert any(point.time_step.final and not point.time_step.over for point in points)


def test_the_snippet_takes_the_dead_out() -> None:
    report = masked_envs.check_masked_env(LaxAfterADeath, steps=200, raise_on_failure=False)
    namespace: dict[str, Any] = {}
    with pytest.raises(ValueError, match="cannot take"):
        exec(report.failures[0].snippet, namespace)
    env, seen = namespace["env"], report.failures[0].reproduction
    assert seen is not None and seen.left and len(env.agents) == 2 and env.agent_selection == seen.agent


def test_a_mask_that_tells_something_hidden_is_seen_in_the_profile() -> None:
    """The rules themselves tell it, so that the mask is exact: no law is broken, and yet the agent learns the card."""
    leaking = masked_envs.check_masked_env(RulesTellTheCard, steps=200, raise_on_failure=False).profile
    discreet = masked_envs.check_masked_env(Bluff, steps=200, raise_on_failure=False).profile
    assert (leaking.function_of_observation, leaking.function_of_history) == (False, False)
    assert (discreet.function_of_observation, discreet.function_of_history) == (True, True)
    assert "something hidden" in str(leaking) and "hidden" not in str(discreet)


def test_there_are_many_ways_to_break_a_mask() -> None:
    from mutants import MUTANTS

    assert len(MUTANTS) + len(CHANGES) + len(MADE) + len(GAME_MUTANTS) >= 70
    assert len({kind for _, kind in [*CASES, *MADE_CASES]}) >= 8


class Ledger(Jobs):
    """What is done is written into a table that is large, and changes."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.ledger = {entry: [0, 0.5] for entry in range(2000)}

    def reset(self, **arguments: Any) -> Any:
        for entry in self.ledger.values():
            entry[0] = 0
        return super().reset(**arguments)

    def told(self) -> dict[str, Any]:
        return {"action_mask": np.array([not self.ledger[job][0] for job in range(self.jobs)])}

    def step(self, job: Any) -> Any:
        if 0 <= job < self.jobs and not self.ledger[int(job)][0]:
            self.ledger[int(job)][0] = 1
        return super().step(job)


def test_large_tables_are_shared_by_copies_unless_they_change() -> None:
    subject = CheckContext(functools.partial(gym.make, "Taxi"), 0, 1).new_view()
    subject.reset(0)
    copied = subject.fork().env.unwrapped
    assert copied.P is subject.env.unwrapped.P and copied is not subject.env.unwrapped
    ready_made = CheckContext(functools.partial(copy.deepcopy, gym.make("Taxi")), 0, 1).new_view()
    assert ready_made.fork().remake is ready_made.remake  # which holds the environment that was given, table and all
    ledger = CheckContext(Ledger, 0, 5)
    for point in ledger.walk():
        point.view.fork().attempt({"": 0})
    assert ledger.tables and ledger.shared_what_changes() and not ledger.shares
    report, plain = (
        masked_envs.check_masked_env(env, steps=30, raise_on_failure=False) for env in (Ledger, healthy("flat"))
    )
    assert report.passed and report.coverage.probes >= plain.coverage.probes, report
