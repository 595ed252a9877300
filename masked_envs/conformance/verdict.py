"""The verdict on one law: what it yields, made into findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

from .context import Caution, CheckContext, Failure, NotApplicable, NotJudged
from .evidence import Evidence
from .report import Finding
from .shrink import shrunk

MOST_SHOWN = 3  # failures, or warnings, of one law in a report, each with another sentence
MOST_SEEN = 12  # failures that are looked at for that

Check = Callable[[CheckContext], Any]


def verdict_on(law: str, check: Check, context: CheckContext) -> list[Finding]:
    """The findings of one law, its verdict first."""
    context.evidence = Evidence()
    failed: list[Finding] = []
    others: list[Finding] = []
    verdict = "passed"
    try:
        for found in islice(check(context), MOST_SEEN):
            if isinstance(found, Failure):
                failed += _news(law, found, check, context, failed)
            elif isinstance(found, Caution):
                if sum(other.status == "warning" for other in others) < MOST_SHOWN:
                    others.append(Finding(law, "warning", found.sentence, found.reproduction))
            elif isinstance(found, NotJudged):
                verdict = "not judged"
                others.append(Finding(law, "not judged", found.reason))
            else:
                assert isinstance(found, NotApplicable)
                verdict = "not applicable" if found.whole and verdict == "passed" else verdict
                others.append(Finding(law, "not applicable", found.reason))
    except Exception as error:  # an environment under test may fail in any way
        failed.append(Finding(law, "failed", f"the environment raised {type(error).__name__}: {error}"))
    if context.shared_what_changes():
        return verdict_on(law, check, context)
    evidence = replace(context.evidence)
    if failed:
        return [replace(finding, evidence=evidence) for finding in failed] + others
    if verdict == "passed":
        return [Finding(law, "passed", sentence_of(check), evidence=evidence), *others]
    return [replace(other, evidence=evidence) if other.status == verdict else other for other in others]


def _news(law: str, found: Failure, check: Check, context: CheckContext, failed: list[Finding]) -> list[Finding]:
    """A failure after as few actions as can be, if it is another than those already found, which are still few."""
    shown = [finding.sentence for finding in failed]
    if len(failed) >= MOST_SHOWN or found.sentence in shown:
        return []
    finding = shrunk(Finding(law, "failed", found.sentence, found.reproduction), check, context)
    return [] if finding.sentence in shown else [finding]


def sentence_of(check: Callable[..., Any]) -> str:
    """The law in one line."""
    return " ".join((check.__doc__ or "").split(maxsplit=1)[-1].split())
