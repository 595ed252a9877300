"""The verdict on one law: what it yields, made into findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .context import Caution, CheckContext, Failure, NotJudged
from .evidence import Evidence
from .masks import MaskFormError
from .report import Finding, Status
from .shrink import shrunk

MOST_SHOWN = 3  # failures, or warnings, of one law in a report, each with another sentence
MOST_SEEN = 12  # failures that are looked at for that

Check = Callable[[CheckContext], Any]


def verdict_on(law: str, check: Check, context: CheckContext) -> list[Finding]:
    """The findings of one law, its verdict first."""
    context.evidence = Evidence()
    found = Found(law, check, context)
    try:
        found.collect()
    except MaskFormError as error:
        found.leave_open(f"{error}; L2 says where")
    except Exception as error:  # an environment under test may fail in any way
        found.failed.append(Finding(law, "failed", f"the environment raised {type(error).__name__}: {error}"))
    if context.shared_what_changes():
        return verdict_on(law, check, context)
    return found.with_evidence(replace(context.evidence))


class Found:
    """What a law yields, sorted.

    Args:
        law, check: its name and the function.
        context: of the environment.

    Attributes:
        failed: failures, each with another sentence.
        others: warnings, and what was not judged or does not apply.
        verdict: as far as no failure decides it.
    """

    def __init__(self, law: str, check: Check, context: CheckContext) -> None:
        self.law, self.check, self.context = law, check, context
        self.failed: list[Finding] = []
        self.others: list[Finding] = []
        self.verdict: Status = "passed"

    def collect(self) -> None:
        """Run the law, until enough failures were seen."""
        seen = 0
        for found in self.check(self.context):
            if isinstance(found, Failure):
                self._fail(found)
                seen += 1
                if seen == MOST_SEEN:
                    return
            elif isinstance(found, Caution):
                self._warn(found)
            elif isinstance(found, NotJudged):
                self.leave_open(found.reason)
            else:
                if found.whole and self.verdict == "passed":
                    self.verdict = "not applicable"
                self.others.append(Finding(self.law, "not applicable", found.reason))

    def leave_open(self, reason: str) -> None:
        """Nothing more can be found out; what has failed has failed."""
        self.verdict = "not judged"
        self.others.append(Finding(self.law, "not judged", reason))

    def _fail(self, found: Failure) -> None:
        """Keep a failure, after as few actions as can be, if it is another than those found before and they are few."""
        shown = [_kind(finding) for finding in self.failed]
        failure = Finding(self.law, "failed", found.sentence, found.reproduction)
        if len(self.failed) < MOST_SHOWN and _kind(failure) not in shown:
            finding = shrunk(failure, self.check, self.context)
            self.failed += [finding] if _kind(finding) not in shown else []

    def _warn(self, found: Caution) -> None:
        shown = [finding.sentence for finding in self.others if finding.status == "warning"]
        if len(shown) < MOST_SHOWN and found.sentence not in shown:
            self.others.append(Finding(self.law, "warning", found.sentence, found.reproduction))

    def with_evidence(self, evidence: Evidence) -> list[Finding]:
        """The findings, the verdict first and with its evidence."""
        if self.failed:
            return [replace(finding, evidence=evidence) for finding in self.failed] + self.others
        if self.verdict == "passed" and not evidence.states:
            return [Finding(self.law, "not judged", "no state was visited in the time there was"), *self.others]
        if self.verdict == "passed":
            return [Finding(self.law, "passed", sentence_of(self.check), evidence=evidence), *self.others]
        return [replace(one, evidence=evidence) if one.status == self.verdict else one for one in self.others]


def _kind(finding: Finding) -> str:
    """What two failures have in common that are one: the same comparison, whatever differed, or the same sentence."""
    return (finding.reproduction.compared if finding.reproduction is not None else "") or finding.sentence


def sentence_of(check: Callable[..., Any]) -> str:
    """The law in one line."""
    return " ".join((check.__doc__ or "").split(maxsplit=1)[-1].split())
