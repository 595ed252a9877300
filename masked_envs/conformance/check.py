"""`check_masked_env`: the laws of the mask, held against any environment."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from itertools import islice
from typing import Any

import gymnasium

from .laws import LAWS
from .profile import profile
from .report import ConformanceError, Finding, Profile, Report
from .subject import subject_of
from .trial import Broken, Trial

MOST_SHOWN = 3  # failures of one law in a report


def check_masked_env(target: Any, *, seed: int = 0, steps: int = 100, raise_on_failure: bool = True) -> Report:
    """Hold the laws L1 to L11 against an environment, by random legal play and by trying actions on copies of it.

    Args:
        target: an id that Gymnasium knows; a Gymnasium environment, vector environment, PettingZoo AEC or parallel
            environment; or a function that makes one. A function that takes `backend` and `time_limit` is checked for
            the laws about these too. A given environment is copied, and not stepped itself.
        seed: of the first episode and of all choices.
        steps: length of each random walk; every law takes one or more.
        raise_on_failure: whether a broken law raises.

    Returns:
        the findings law by law, and the profile of the mask.

    Raises:
        ConformanceError: a law is broken. TypeError: not an environment.
    """
    make, make_vector = _maker(target)
    subject = subject_of(make())
    trial = Trial(make, seed, steps, make_vector)
    title = f"{target if isinstance(target, str) else subject.env} ({subject.surface}), seed {seed}"
    findings = [finding for law, check in LAWS.items() for finding in _held(law, check, trial)]
    report = Report(title, findings, _profile(trial))
    if raise_on_failure and not report.passed:
        raise ConformanceError(report)
    return report


def _maker(target: Any) -> tuple[Callable[..., Any], Callable[[int], Any] | None]:
    """How to make the environment, and a vector environment of the same where that is known."""
    if isinstance(target, str):
        make_vector = functools.partial(gymnasium.make_vec, target)
        return functools.partial(gymnasium.make, target), lambda rows: make_vector(num_envs=rows)
    if callable(target):
        return target, None
    subject_of(target)
    return functools.partial(copy.deepcopy, target), None


def _held(law: str, check: Callable[[Trial], Any], trial: Trial) -> list[Finding]:
    """The findings of one law; at least one."""
    findings, whole = [], False
    try:
        for found in islice(check(trial), MOST_SHOWN):
            if isinstance(found, Broken):
                findings.append(Finding(law, "failed", found.sentence, found.reproduction))
            else:
                findings.append(Finding(law, "not applicable", found.reason))
                whole |= found.whole
    except Exception as error:  # an environment under test may fail in any way
        findings.append(Finding(law, "failed", f"the environment raised {type(error).__name__}: {error}"))
    if not whole and not any(finding.status == "failed" for finding in findings):
        findings.insert(0, Finding(law, "passed", sentence_of(check)))
    return findings


def sentence_of(check: Callable[..., Any]) -> str:
    """The law in one line."""
    return " ".join((check.__doc__ or "").split(maxsplit=1)[-1].split())


def _profile(trial: Trial) -> Profile:
    try:
        return profile(trial)
    except Exception:  # a profile is a courtesy; the laws say what is wrong
        return Profile(probes=trial.probes)
