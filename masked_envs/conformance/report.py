"""The result of a check: findings law by law with their evidence, and the profile of the mask."""

from __future__ import annotations

import reprlib
import textwrap
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from ..trees import plain
from .evidence import Evidence

Status = Literal["passed", "failed", "not judged", "not applicable", "warning"]
Verdict = Literal["passed", "failed", "not judged", "not applicable"]

WIDTH = 118  # characters of a line of the report
SHORT_MASK = 24  # entries of a mask that is written in full
SHORT_LIST = 12  # numbers of legal entries of another


class ConformanceError(AssertionError):
    """An environment fails a law; `report` has the findings."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


class NotJudgedWarning(UserWarning):
    """A check ended without a verdict on L7: whether the mask is exact is not known."""


def legal_numbers(mask: Any) -> str:
    """A mask in words; a long one by the numbers of its entries that are 1."""
    is_bits = isinstance(mask, np.ndarray) and mask.dtype.kind in "ib"
    if not is_bits or mask.size <= SHORT_MASK:
        return reprlib.repr(mask.tolist() if isinstance(mask, np.ndarray) and mask.size <= SHORT_MASK else mask)
    ones = np.argwhere(mask) if mask.ndim > 1 else np.flatnonzero(mask)
    shown = ", ".join(map(str, ones[:SHORT_LIST].tolist())) + (", ..." if len(ones) > SHORT_LIST else "")
    return f"1 at {shown or 'no entry'} ({len(ones):,} of {mask.size:,} entries), 0 elsewhere"


@dataclass(frozen=True)
class Reproduction:
    """How to reproduce a failure.

    Attributes:
        seed: passed to reset().
        actions: executed since, in order, as they were given; all are allowed by the mask.
        agent: whose action, mask or observation it is about; "" where there is only one, "row i" in a vector.
        action: what was tried then, None where nothing was.
        mask: the mask before it.
        state: what `get_state()` returned before it, None without such a method.
        left: whether agents have left the game by then, for each of which PettingZoo takes a step with None.
        compared: of L4 and L10, the two things that must be equal (a key of `snippet.COMPARISONS`); "" of other laws.
        following: actions executed on both.
        differs: the parts that differed.
    """

    seed: int | None
    actions: tuple[Any, ...] = ()
    agent: str = ""
    action: Any = None
    mask: Any = None
    state: Any = None
    left: bool = False
    compared: str = ""
    following: tuple[Any, ...] = ()
    differs: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The reproduction as plain values; without the state, which only the environment can read."""
        return {
            "seed": self.seed,
            "actions": plain(list(self.actions)),
            "agent": self.agent,
            "action": plain(self.action),
            "mask": plain(self.mask),
            "compared": self.compared,
            "following": plain(list(self.following)),
            "differs": list(self.differs),
        }

    def __str__(self) -> str:
        short = reprlib.Repr()
        short.maxlist = short.maxtuple = short.maxdict = 20
        short.maxother = 400
        lines = [f"reset(seed={self.seed}), then {len(self.actions)} steps: {short.repr(plain(self.actions))}"]
        if self.agent:
            lines.append(f"agent: {self.agent}")
        if self.mask is not None:
            lines.append(f"mask: {legal_numbers(self.mask)}")
        if self.action is not None:
            lines.append(f"action: {short.repr(self.action)}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Finding:
    """One sentence about one law.

    Attributes:
        law: "L1" to "L11".
        status: "passed", "failed", "not judged", "not applicable" or "warning".
        sentence: what is wrong, or why there is no verdict; of a law that passed, the law.
        reproduction: how to reproduce a failure.
        snippet: the same as code.
        evidence: of a verdict, what it is based on.
    """

    law: str
    status: Status
    sentence: str = ""
    reproduction: Reproduction | None = None
    snippet: str = ""
    evidence: Evidence | None = None

    def as_dict(self) -> dict[str, Any]:
        """The finding as plain values."""
        return {
            "law": self.law,
            "status": self.status,
            "sentence": self.sentence,
            "reproduction": None if self.reproduction is None else self.reproduction.as_dict(),
            "snippet": self.snippet,
            "evidence": None if self.evidence is None else asdict(self.evidence),
        }

    def __str__(self) -> str:
        shown = self.status.upper() if self.status in ("failed", "not judged") else self.status
        sentence = self.sentence.split(".")[0] if self.status == "passed" else self.sentence
        if self.evidence is not None and self.status in ("passed", "not judged"):
            sentence += f" ({self.evidence})"
        lines = textwrap.wrap(f"{self.law:<4}{shown}: {sentence}", WIDTH, subsequent_indent=" " * 4)
        if self.reproduction is not None:
            lines += textwrap.indent(str(self.reproduction), " " * 8).splitlines()
        if self.snippet:
            lines += ["        ---", *textwrap.indent(self.snippet, " " * 8).splitlines(), "        ---"]
        return "\n".join(lines)


@dataclass(frozen=True)
class Profile:
    """Statistics of the mask over random legal play.

    Attributes:
        states: how many masks were examined, those of acting agents in running episodes.
        probes: actions tried from copies of these states.
        legal_fraction: the mean fraction of actions that are legal; for an interval, of the volume.
        forced_rate: the fraction of states with a single legal action.
        static: whether it was the same mask every time.
        function_of_observation: whether equal observations had equal masks; None where no observation came twice.
        function_of_history: whether what an agent had seen and done since the start, where that was equal, went with
            equal masks; None where no such history came twice. False: the mask tells what is hidden, or is random.
    """

    states: int = 0
    probes: int = 0
    legal_fraction: float = 1.0
    forced_rate: float = 0.0
    static: bool = True
    function_of_observation: bool | None = None
    function_of_history: bool | None = None

    def __str__(self) -> str:
        if not self.states:
            return "no mask was seen"
        seen = "no observation came twice"
        if self.static:
            seen = "static"
        elif self.function_of_observation is not None:
            seen = f"{'' if self.function_of_observation else 'not '}a function of the observation"
        if self.function_of_history is False:
            seen += ", nor of all that the agent has seen and done: it tells something hidden, or is random"
        return (
            f"{self.legal_fraction:.1%} of the actions legal on average, {self.forced_rate:.1%} of the states forced, "
            f"{seen} ({self.states} states, {self.probes} probes)"
        )


@dataclass(frozen=True)
class Coverage:
    """How much was looked at, over all laws.

    Attributes:
        states: visited, counted anew for every law.
        probes: actions tried from copies of them.
        laws: how many.
        seconds: in all.
        cut_short: whether the time budget ended a walk early.
    """

    states: int = 0
    probes: int = 0
    laws: int = 0
    seconds: float = 0.0
    cut_short: bool = False

    def __str__(self) -> str:
        short = ", cut short by the time budget" if self.cut_short else ""
        return f"{self.laws} laws, {self.states} states, {self.probes} probes in {self.seconds:.1f} s{short}"


@dataclass(frozen=True)
class Report:
    """The result of `check_masked_env`.

    Attributes:
        target: what was checked, in words.
        findings: all of them; each law has at least one, and exactly one verdict (`verdicts`).
        profile: of the mask.
        coverage: how much was examined.
        behaviour: what a third-party environment does with invalid actions, with the counts behind that; "" where it
            declares this, or it is not known.
        places: where a third-party environment has its mask.
        preflight: why nothing could be judged, in one line; "" where it could.
    """

    target: str
    findings: list[Finding] = field(default_factory=list)
    profile: Profile = field(default_factory=Profile)
    coverage: Coverage = field(default_factory=Coverage)
    behaviour: str = ""
    places: tuple[str, ...] = ()
    preflight: str = ""

    @property
    def failures(self) -> list[Finding]:
        """The findings of failed laws."""
        return self._of_status("failed")

    @property
    def not_judged(self) -> list[Finding]:
        """Laws, or parts of them, without a verdict: the reasons, and what to do to have them judged."""
        return self._of_status("not judged")

    @property
    def not_applicable(self) -> list[Finding]:
        """Laws, or parts of them, that do not apply, with the reasons."""
        return self._of_status("not applicable")

    @property
    def warnings(self) -> list[Finding]:
        """Departures from conventions of this project, and small matters."""
        return self._of_status("warning")

    def _of_status(self, status: Status) -> list[Finding]:
        return [finding for finding in self.findings if finding.status == status]

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdict on each law."""
        order: tuple[Verdict, ...] = ("failed", "not judged", "passed", "not applicable")
        laws = dict.fromkeys(finding.law for finding in self.findings)
        status = {law: {found.status for found in self.findings if found.law == law} for law in laws}
        return {law: next((v for v in order if v in status[law]), "not applicable") for law in laws}

    @property
    def verdict(self) -> Verdict:
        """The verdict on all: "failed" if any law failed; else "not judged" if L7 is not; else "passed"."""
        if self.failures:
            return "failed"
        return "not judged" if self.verdicts.get("L7", "passed") != "passed" else "passed"

    @property
    def passed(self) -> bool:
        """Whether no law failed, and L7 passed."""
        return self.verdict == "passed"

    def __str__(self) -> str:
        lines = [f"{self.target}: {self._headline()}"]
        if self.preflight:
            return "\n".join([*lines, self.preflight])
        without = [law for law, verdict in self.verdicts.items() if verdict == "not judged"]
        if without and self.verdict != "not judged":
            lines.append(f"not judged: {', '.join(without)}")
        lines += [*map(str, self.findings), f"mask: {self.profile}"]
        if self.places:
            lines.append(f"found in: {', '.join(self.places)}")
        if self.behaviour:
            lines.append(f"invalid actions: {self.behaviour}")
        return "\n".join([*lines, f"covered: {self.coverage}"])

    def _headline(self) -> str:
        if self.verdict == "failed":
            failed = {finding.law for finding in self.failures}
            return "breaks " + ", ".join(sorted(failed, key=lambda law: int(law[1:])))
        if self.verdict == "not judged":
            return "NOT JUDGED: whether the mask is exact (L7) is not known"
        return "passed"

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return {
            "target": self.target,
            "verdict": self.verdict,
            "passed": self.passed,
            "verdicts": self.verdicts,
            "preflight": self.preflight,
            "findings": [finding.as_dict() for finding in self.findings],
            "profile": asdict(self.profile),
            "coverage": asdict(self.coverage),
            "behaviour": self.behaviour,
            "places": list(self.places),
        }
