"""The proof that no invalid action was taken: counts of environments, and the line that every run ends with."""

from __future__ import annotations

import re
from dataclasses import dataclass

CONTROL_DECISIONS = 4096
"""Decisions of the negative control: the untrained policy, with the mask kept from it."""


@dataclass(frozen=True)
class Count:
    """How many decisions environments were given (discarded ones left out), and how many of them were invalid."""

    decisions: int = 0
    invalid: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.decisions + other.decisions, self.invalid + other.invalid)


def proof_line(count: Count, control: int | None) -> str:
    """The line every run ends with.

    The bound is the rule of three: after none in n independent trials, a rate above 3/n is refuted at 95% (Hanley and
    Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249(13), 1983).

    Args:
        count: of the run.
        control: invalid actions of the negative control; None if nothing was forbidden there.
    """
    bound = ""
    if count.decisions and not count.invalid:
        bound = f" (95% upper bound {re.sub('e-0', 'e-', f'{3 / count.decisions:.1e}')})"
    compared = "not possible, nothing was forbidden" if control is None else str(control)
    return f"decisions {count.decisions}, invalid {count.invalid}{bound}, negative control {compared}"
