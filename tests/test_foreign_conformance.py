"""The checker on environments as people write them: broken masks are found, with their law; healthy ones pass."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from foreign_mutants import CHANGES, HEALTHY, MADE, broken, healthy

import masked_envs
from masked_envs import MaskSpec

pytestmark = pytest.mark.core

CASES = [(name, kind) for name, case in CHANGES.items() for kind in case.kinds]
MADE_CASES = [(name, kind) for name, (kinds, *_) in MADE.items() for kind in kinds]
HARMLESS = {"L6"}  # most people's masks are empty when all is over


def laws(report: Any) -> set[str]:
    return {finding.law for finding in report.failures}


def spec_of(kind: str) -> MaskSpec | None:
    return MaskSpec.joint([6, 6]) if kind in ("joint", "one way") else None


@pytest.mark.parametrize("kind", HEALTHY)
@pytest.mark.parametrize("answer", ["raise", "ignore", "penalise", "terminate"])
def test_a_healthy_environment_is_not_blamed(kind: str, answer: str) -> None:
    make = functools.partial(healthy(kind), answer=answer)
    report = masked_envs.check_masked_env(make, steps=60, raise_on_failure=False)
    assert laws(report) <= HARMLESS, report


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_broken_mask_is_found_out(name: str, kind: str) -> None:
    case = CHANGES[name]
    report = masked_envs.check_masked_env(
        broken(kind, case.change), mask_spec=spec_of(kind), steps=150, raise_on_failure=False
    )
    assert case.law in laws(report), report
    assert laws(report) <= {case.law, *case.also, *HARMLESS}, report


@pytest.mark.parametrize(("name", "kind"), MADE_CASES)
def test_a_broken_environment_is_found_out(name: str, kind: str) -> None:
    _, make, law = MADE[name]
    report = masked_envs.check_masked_env(make(kind), mask_spec=spec_of(kind), steps=60, raise_on_failure=False)
    assert law in laws(report), report


def test_there_are_many_ways_to_break_a_mask() -> None:
    from mutants import MUTANTS

    assert len(MUTANTS) + len(CHANGES) + len(MADE) >= 55
    assert len({kind for _, kind in [*CASES, *MADE_CASES]}) >= 8
