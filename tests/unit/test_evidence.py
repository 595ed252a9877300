"""A verdict states what it is based on, and claims no more."""

from __future__ import annotations

import pickle
import warnings

import gymnasium as gym
import numpy as np
import pytest
from verdict_cases import ByLuck, Items, Many, NoMask, Penalises, Stricter, mixed

import masked_envs
from masked_envs.conformance import Finding, NotJudgedWarning, Report
from masked_envs.conformance.evidence import Evidence, forbidden_actions


def verdict(report: Report, law: str) -> Finding:
    return next(finding for finding in report.findings if finding.law == law)


def test_states_ends_and_tried_actions_are_counted() -> None:
    """Items: 5 of 6 free at first, one less after each step; all 6 actions are tried in each state that goes on."""
    report = masked_envs.check_masked_env(Items, steps=60)
    found = verdict(report, "L7").evidence
    assert (found.states, found.terminated, found.truncated, found.dead_ends) == (60, 10, 0, 0)
    assert (found.legal, found.forbidden, found.forbidden_in_all) == (10 * 15, 10 * 15, 10 * 15)
    assert found.forbade and "150 legal and 150 of 150 forbidden actions tried" in str(verdict(report, "L7"))
    assert "150 of 150 forbidden actions, 0 of 150 allowed ones" in report.behaviour


def test_of_many_actions_it_is_said_how_many_were_tried() -> None:
    report = masked_envs.check_masked_env(Many, steps=20)
    found = verdict(report, "L7").evidence
    assert found.forbidden_in_all == 20 * Many.n - sum(_free(seed=0, states=20)) > found.forbidden > 2 * Many.n - 200
    assert f"of {found.forbidden_in_all:,} forbidden" in str(verdict(report, "L7"))


def _free(seed: int, states: int) -> list[int]:
    env = Many()
    env.reset(seed=seed)
    return [int(env.free.sum()) - k for k in range(states)]


def test_ends_and_dead_ends_are_counted() -> None:
    class DeadEnd(Items):
        def good(self, a: int) -> object:
            self.free[a] = False
            return self.obs(), 1.0, False, False, self.info()

    report = masked_envs.check_masked_env(
        lambda: gym.wrappers.TimeLimit(DeadEnd(), 4), steps=40, raise_on_failure=False
    )
    assert verdict(report, "L7").evidence.truncated == 8 and "8 truncated ends" in str(verdict(report, "L7"))
    assert masked_envs.check_masked_env(DeadEnd, steps=12, raise_on_failure=False).verdicts["L5"] == "failed"
    assert (
        verdict(masked_envs.check_masked_env(DeadEnd, steps=12, raise_on_failure=False), "L7").evidence.dead_ends == 2
    )


def test_a_mask_that_never_forbids_proves_nothing() -> None:
    kind = mixed(Penalises, allowed=lambda self: np.ones(6, bool), legal=lambda self, a: True)
    report = masked_envs.check_masked_env(kind, steps=20, raise_on_failure=False)
    assert report.verdict == "not judged" and "the mask never forbade anything" in str(report)
    assert "passed" not in str(report).splitlines()[0]


def test_without_a_mask_nothing_passes() -> None:
    report = masked_envs.check_masked_env(NoMask, steps=10, raise_on_failure=False)
    assert "passed" not in {finding.status for finding in report.findings}
    assert "'invalid_list'" in report.failures[0].sentence and "mask_fn=" in report.failures[0].sentence


def test_a_check_without_a_verdict_warns_and_has_not_passed() -> None:
    with pytest.warns(NotJudgedWarning, match="L7 is not judged: nothing tells|L7 is not judged: .* allowed actions"):
        report = masked_envs.check_masked_env(ByLuck, steps=30)
    assert not report.passed and report.failures == [] and report.not_judged
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert masked_envs.check_masked_env(Items, steps=30).passed


def test_the_end_is_not_judged_before_it_was_reached() -> None:
    class Endless(Items):
        def good(self, a: int) -> object:
            self.free[a] = False
            self.free[(a + 1) % 6] = True
            return self.obs(), 1.0, False, False, self.info()

    report = masked_envs.check_masked_env(Endless, steps=10, raise_on_failure=False)
    assert report.verdicts["L6"] == "not judged" and report.passed
    assert "not judged: L6" in str(report).splitlines()[1]


class Ended(Items):
    """A pick ends the episode in one of a few ways; each has its own last mask."""

    last = ("ones",)

    def good(self, a: int) -> object:
        self.free[a] = False
        over = not self.free.any()
        if over:
            how = self.last[int(self.np_random.integers(len(self.last)))]
            self.free[:] = how == "ones"
            self.free[0] = how != "zeros"
        return self.obs(), 1.0, over, False, self.info()


def last_masks(*last: str) -> type[Ended]:
    return type("Ended", (Ended,), {"last": last})


@pytest.mark.parametrize(("steps", "verdict_on_six"), [(5, "not judged"), (6, "not judged"), (8, "passed")])
def test_a_few_ends_are_not_enough(steps: int, verdict_on_six: str) -> None:
    """An episode has 5 picks and 6 states; the walk goes on up to ten times as long, until there are 12 ends."""
    report = masked_envs.check_masked_env(last_masks("ones"), steps=steps, raise_on_failure=False)
    ends = verdict(report, "L6").evidence.terminated
    assert (report.verdicts["L6"], ends) == (verdict_on_six, min(12, 10 * steps // 6)), report
    said = [found.sentence for found in report.not_judged if found.law == "L6"]
    if ends < 12:
        assert (
            said
            == [f"of the 12 terminated states that it takes, the walk reached {ends}: take more steps (steps=8 may do)"]
            and report.passed
        )


@pytest.mark.parametrize(
    "last", [("ones", "ones", "zeros"), ("ones", "ones", "some"), ("ones", "ones", "ones", "zeros"), ("some",)]
)
def test_a_last_mask_that_differs_in_some_ends_is_not_passed(last: tuple[str, ...]) -> None:
    """Of every third or fourth end, whatever the seed."""
    for seed in range(5):
        report = masked_envs.check_masked_env(last_masks(*last), steps=10, seed=seed, raise_on_failure=False)
        assert report.verdicts["L6"] == "not applicable" and [w.law for w in report.warnings] == ["L6"], report


def test_an_end_without_a_mask_is_no_evidence() -> None:
    class NoLastMask(Ended):
        def info(self) -> dict[str, object]:
            return {"action_mask": self.allowed()} if not self.free.all() else {}

    report = masked_envs.check_masked_env(NoLastMask, steps=40, raise_on_failure=False)
    assert report.verdicts["L6"] == "not judged"
    assert "no walk reached a terminated state with a mask" in verdict(report, "L6").sentence


def test_games_that_end_late_are_ended_by_an_invalid_action() -> None:
    """An environment of this project, none of whose episodes ends in the walk."""
    report = masked_envs.check_masked_env("MaskedPendulum-v0", steps=5)
    assert report.verdicts["L6"] == "passed" and verdict(report, "L6").evidence.terminated >= 12


def test_conventions_of_ours_are_warnings() -> None:
    report = masked_envs.check_masked_env(Items, steps=30)
    assert report.verdicts["L6"] == "not applicable" and [w.law for w in report.warnings] == ["L6"]
    assert "ours: all ones" in report.warnings[0].sentence


def test_the_inside_of_a_wrapper_is_named_with_its_counts() -> None:
    report = masked_envs.check_masked_env(
        lambda: masked_envs.wrappers.ActionMask(mixed(Stricter, Items)(), "allowed"), steps=30, raise_on_failure=False
    )
    assert report.verdicts["L7"] == "failed" and "raises ValueError" in report.behaviour


def test_a_report_pickles_and_becomes_plain_values() -> None:
    report = masked_envs.check_masked_env(ByLuck, steps=20, raise_on_failure=False)
    assert pickle.loads(pickle.dumps(report)).verdicts == report.verdicts
    plain = report.as_dict()
    assert plain["verdict"] == "not judged" and plain["findings"][-1]["law"] == "L11"


def test_evidence_adds_up() -> None:
    one, other = Evidence(3, 1, 0, 0, 5, 4, 8, False), Evidence(2, 0, 1, 0, 1, 1, None, True)
    one.add(other)
    assert one == Evidence(5, 1, 1, 0, 6, 5, None, True) and one.probes == 11


@pytest.mark.parametrize(
    ("spec", "mask", "number"),
    [
        (masked_envs.MaskSpec.flat(5), np.array([1, 0, 1, 0, 0], np.int8), 3),
        (masked_envs.MaskSpec.joint([2, 3]), np.array([[1, 0, 0], [1, 1, 1]], np.int8), 2),
        (masked_envs.MaskSpec.per_head([2, 3]), np.array([1, 0, 1, 1, 0], np.int8), 4),
        (masked_envs.MaskSpec.interval([0.0], [1.0]), np.array([[0.0], [0.5]], np.float32), None),
    ],
)
def test_forbidden_actions_are_counted_where_they_can_be(spec: object, mask: object, number: int | None) -> None:
    assert forbidden_actions(spec, mask) == number
