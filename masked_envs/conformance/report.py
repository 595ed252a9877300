"""What a check found: findings law by law, and the profile of the mask."""

from __future__ import annotations

import reprlib
import textwrap
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ..trees import plain

Status = Literal["passed", "failed", "not applicable"]

WIDTH = 118  # characters of a line of the report


class ConformanceError(AssertionError):
    """An environment breaks a law; `report` has the findings."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


@dataclass(frozen=True)
class Reproduction:
    """How to see a failure again.

    Attributes:
        seed: given to reset().
        actions: carried out since, in order.
        agent: whose action, mask or observation it is about; "" where there is only one, "row i" in a vector.
        action: the one that was tried then, None where none was.
        mask: the mask before it.
        state: what `get_state()` gave before it, None where there is no such method.
        left: whether agents have left the game by then, for each of which PettingZoo takes a step with None.
    """

    seed: int | None
    actions: tuple[Any, ...] = ()
    agent: str = ""
    action: Any = None
    mask: Any = None
    state: Any = None
    left: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The reproduction as plain values; without the state, which only the environment can read."""
        return {
            "seed": self.seed,
            "actions": plain(list(self.actions)),
            "agent": self.agent,
            "action": plain(self.action),
            "mask": plain(self.mask),
        }

    def __str__(self) -> str:
        short = reprlib.Repr()
        short.maxlist = short.maxtuple = short.maxdict = 20
        short.maxother = 400
        lines = [f"reset(seed={self.seed}), then {len(self.actions)} steps: {short.repr(list(self.actions))}"]
        if self.agent:
            lines.append(f"agent: {self.agent}")
        if self.mask is not None:
            lines.append(f"mask: {short.repr(self.mask)}")
        if self.action is not None:
            lines.append(f"action: {short.repr(self.action)}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Finding:
    """One sentence about one law.

    Attributes:
        law: "L1" to "L11".
        status: "passed", "failed" or "not applicable".
        sentence: what is wrong, or why the law does not apply; of a law that passed, the law.
        reproduction: how to see a failure again.
        snippet: the same as code.
    """

    law: str
    status: Status
    sentence: str = ""
    reproduction: Reproduction | None = None
    snippet: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The finding as plain values."""
        seen = None if self.reproduction is None else self.reproduction.as_dict()
        return {"law": self.law, "status": self.status, "sentence": self.sentence, "reproduction": seen,
                "snippet": self.snippet}  # fmt: skip

    def __str__(self) -> str:
        shown = "FAILED" if self.status == "failed" else self.status
        sentence = self.sentence.split(".")[0] if self.status == "passed" else self.sentence
        lines = textwrap.wrap(f"{self.law:<4}{shown}: {sentence}", WIDTH, subsequent_indent=" " * 4)
        if self.reproduction is not None:
            lines += textwrap.indent(str(self.reproduction), " " * 8).splitlines()
        if self.snippet:
            lines += ["        ---", *textwrap.indent(self.snippet, " " * 8).splitlines(), "        ---"]
        return "\n".join(lines)


@dataclass(frozen=True)
class Profile:
    """The shape of the mask over a random legal walk.

    Attributes:
        states: masks looked at, those of acting agents in running episodes.
        probes: actions tried from copies of these states.
        legal_fraction: the mean of `MaskSpec.legal_fraction`; nan where there are too many actions to count.
        forced_rate: the share of states with a single legal action.
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
    """How much was looked at.

    Attributes:
        states: following of walks, counted anew for every law.
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
        findings: all of them; each law has at least one.
        profile: of the mask.
        coverage: how much was looked at.
        behaviour: how a foreign environment answers invalid actions; "" where that is declared or not known.
        places: where a foreign environment has its mask.
    """

    target: str
    findings: list[Finding] = field(default_factory=list)
    profile: Profile = field(default_factory=Profile)
    coverage: Coverage = field(default_factory=Coverage)
    behaviour: str = ""
    places: tuple[str, ...] = ()

    @property
    def failures(self) -> list[Finding]:
        """The findings of broken laws."""
        return [finding for finding in self.findings if finding.status == "failed"]

    @property
    def not_applicable(self) -> list[Finding]:
        """What could not be checked, with the reasons."""
        return [finding for finding in self.findings if finding.status == "not applicable"]

    @property
    def passed(self) -> bool:
        """Whether no law was seen broken."""
        return not self.failures

    def __str__(self) -> str:
        broken = sorted({finding.law for finding in self.failures}, key=lambda law: int(law[1:]))
        verdict = "breaks " + ", ".join(broken) if broken else "passed"
        lines = [f"{self.target}: {verdict}", *map(str, self.findings), f"mask: {self.profile}"]
        if self.places:
            lines.append(f"found in: {', '.join(self.places)}")
        if self.behaviour:
            lines.append(f"answer: {self.behaviour}")
        return "\n".join([*lines, f"covered: {self.coverage}"])

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return {
            "target": self.target,
            "passed": self.passed,
            "findings": [finding.as_dict() for finding in self.findings],
            "profile": asdict(self.profile),
            "coverage": asdict(self.coverage),
            "behaviour": self.behaviour,
            "places": list(self.places),
        }
