"""No mask that is wrong is passed, and no environment is blamed that is right: a table of small environments."""

from __future__ import annotations

import warnings

import pytest
from verdict_cases import CASES

import masked_envs


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_right(name: str) -> None:
    case = CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what an environment warns of
        report = masked_envs.check_masked_env(case.make, steps=40, raise_on_failure=False, **case.options)
    failed = {finding.law for finding in report.failures}
    assert report.verdict == case.verdict, report
    assert case.laws <= failed <= case.laws | ({"L5", "L6", "L10"} if case.laws else set()), report
    assert report.passed == (report.verdicts["L7"] == "passed" and not failed)
    assert ("passed" in str(report).splitlines()[0]) == report.passed
