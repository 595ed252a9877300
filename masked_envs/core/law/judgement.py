"""The result of checking a rule."""

from __future__ import annotations

from dataclasses import dataclass

from .kinds import Kind


@dataclass(frozen=True)
class Violation:
    """Something in a rule that the law of rules does not allow.

    Attributes:
        file, line, rule: where it is.
        text: of the line.
        reason: why it is refused, and what to write instead.
    """

    file: str
    line: int
    rule: str
    text: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}, in {self.rule}: {self.text}\n    {self.reason}"


@dataclass(frozen=True)
class Judgement:
    """What a rule returns for some kinds of arguments, and what is wrong with it and with the rules it calls."""

    result: Kind
    violations: tuple[Violation, ...] = ()
