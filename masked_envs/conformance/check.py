"""`check_masked_env`: the laws of the mask, held against any environment."""

from __future__ import annotations

import copy
import functools
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

import gymnasium

from ..mask_spec import MaskSpec
from .context import CheckContext, Failure
from .env_view import Options, view_of
from .invalid_behaviour import BEHAVIOURS, InvalidBehaviour, observed_behaviour
from .laws import LAWS
from .profile import profile
from .report import ConformanceError, Coverage, Finding, Profile, Report
from .shrink import shrunk
from .snippet import snippet

MOST_SHOWN = 3  # failures of one law in a report, each with another sentence
MOST_SEEN = 12  # failures that are looked at for that


def check_masked_env(
    target: Any,
    *,
    mask_fn: Callable[..., Any] | None = None,
    mask_spec: MaskSpec | None = None,
    on_invalid: str | None = None,
    seed: int = 0,
    steps: int = 100,
    time_budget: float | None = None,
    raise_on_failure: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Hold the laws L1 to L11 against an environment, by random legal play and by trying actions on copies of it.

    An environment without `mask_spec` may keep its mask in any of the usual places and forms
    (`masked_envs.adaptation`); the laws are then about what the mask says, not about where and in which form it
    says it.

    Args:
        target: an id that Gymnasium knows; a Gymnasium environment, vector environment, PettingZoo AEC or parallel
            environment; or a function that makes one. A function that takes `backend` and `time_limit` is checked for
            the laws about these too. A given environment is copied, and not stepped itself.
        mask_fn: for an environment that keeps its mask nowhere: (env) -> mask, of PettingZoo (env, agent) -> mask.
        mask_spec: of that mask, where the action space leaves it open.
        on_invalid: how an environment that does not say so answers invalid actions: "raise", "ignore", "penalise" or
            "terminate". Without it, this is found out by trying some.
        seed: of the first episode and of all choices.
        steps: length of each random walk; every law takes one or more.
        time_budget: seconds after which walks end early, shared between the laws; None: no limit.
        raise_on_failure: whether a broken law raises.
        progress: called with the name of each law before it is checked.

    Returns:
        the findings law by law, what they cover, and the profile of the mask.

    Raises:
        ConformanceError: a law is broken. TypeError: not an environment. ValueError: `on_invalid` is no known answer.
    """
    if on_invalid is not None and on_invalid not in BEHAVIOURS:
        raise ValueError(f"on_invalid must be one of {', '.join(map(repr, BEHAVIOURS))}, not {on_invalid!r}")
    make, make_vector = _maker(target)
    context = CheckContext(make, seed, steps, make_vector, Options(mask_fn, mask_spec, on_invalid))
    view = context.new_view()
    title = f"{target if isinstance(target, str) else view.env} ({view.interface}), seed {seed}"
    report = _reported(title, context, not view.declares, time_budget, progress)
    coded = [replace(found, snippet=snippet(target, view.interface, found)) for found in report.findings]
    report = replace(report, findings=coded)
    if raise_on_failure and not report.passed:
        raise ConformanceError(report)
    return report


def _reported(
    title: str,
    context: CheckContext,
    third_party: bool,
    time_budget: float | None,
    progress: Callable[[str], None] | None,
) -> Report:
    """The laws one after the other, each within its share of the time that is left."""
    began = time.monotonic()
    context.until = None if time_budget is None else began + 0.1 * time_budget
    behaviour = _behaviour_of(context) if third_party else None
    context.behaviour = behaviour
    findings: list[Finding] = []
    for k, (law, check) in enumerate(LAWS.items()):
        if progress is not None:
            progress(law)
        if time_budget is not None:
            left = began + time_budget - time.monotonic()
            context.until = time.monotonic() + max(0.0, left) / (len(LAWS) - k)
        findings += _held(law, check, context)
    context.until = None if time_budget is None else began + time_budget
    shape = _profile(context)
    coverage = Coverage(context.states, context.probes, len(LAWS), time.monotonic() - began, context.cut_short)
    return Report(title, findings, shape, coverage, "" if behaviour is None else str(behaviour), _places(context))


def _maker(target: Any) -> tuple[Callable[..., Any], Callable[[int], Any] | None]:
    """How to make the environment, and a vector environment of the same where that is known."""
    if isinstance(target, str):
        make_vector = functools.partial(gymnasium.make_vec, target)
        return functools.partial(gymnasium.make, target), lambda rows: make_vector(num_envs=rows)
    if callable(target) and not hasattr(target, "reset"):
        return target, None
    if isinstance(target, type):
        return target, None
    view_of(target)
    return functools.partial(copy.deepcopy, target), None


def _behaviour_of(context: CheckContext) -> InvalidBehaviour | None:
    declared = context.options.on_invalid
    try:
        behaviour = observed_behaviour(context, declared)
        return observed_behaviour(context, declared) if context.shared_what_changes() else behaviour
    except Exception:  # an environment under test may fail in any way; the laws will say how
        return None if declared is None else InvalidBehaviour(declared, found=False)


def _places(context: CheckContext) -> tuple[str, ...]:
    """Where a foreign environment has its mask."""
    view = context.new_view()
    if view.declares:
        return ()
    try:
        return tuple(
            dict.fromkeys(place for agent in view.reset(context.seed).agents.values() for place in agent.masks)
        )
    except Exception:  # as above
        return ()


def _held(law: str, check: Callable[[CheckContext], Any], context: CheckContext) -> list[Finding]:
    """The findings of one law; at least one."""
    findings: list[Finding] = []
    whole = False
    try:
        for found in islice(check(context), MOST_SEEN):
            if not isinstance(found, Failure):
                findings.append(Finding(law, "not applicable", found.reason))
                whole |= found.whole
            elif _is_news(found.sentence, findings):
                failed = shrunk(Finding(law, "failed", found.sentence, found.reproduction), check, context)
                findings += [failed] if _is_news(failed.sentence, findings) else []
    except Exception as error:  # an environment under test may fail in any way
        findings.append(Finding(law, "failed", f"the environment raised {type(error).__name__}: {error}"))
    if context.shared_what_changes():
        return _held(law, check, context)
    if not whole and not any(finding.status == "failed" for finding in findings):
        findings.insert(0, Finding(law, "passed", sentence_of(check)))
    return findings


def _is_news(sentence: str, findings: list[Finding]) -> bool:
    """Whether a failure is another than those already found, which are still few."""
    return len(findings) < MOST_SHOWN and sentence not in (finding.sentence for finding in findings)


def sentence_of(check: Callable[..., Any]) -> str:
    """The law in one line."""
    return " ".join((check.__doc__ or "").split(maxsplit=1)[-1].split())


def _profile(context: CheckContext) -> Profile:
    try:
        return profile(context)
    except Exception:  # a profile is a courtesy; the laws say what is wrong
        return Profile(probes=context.probes)
