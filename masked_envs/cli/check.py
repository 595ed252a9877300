"""`masked-envs check`: hold an environment to the laws of the mask, through every interface it has."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable
from typing import Any

from ..core.declaration import Declaration
from ..registration import make_aec, make_parallel
from .chosen import chosen_declaration
from .errors import FAILED


def run(given: argparse.Namespace) -> int:
    """Check, print the reports, and fail if a law was broken."""
    declared = chosen_declaration(given.id)
    from ..conformance import check_masked_env

    reports = []
    for target in targets(declared):
        reports.append(check_masked_env(target, seed=given.seed, steps=given.steps, raise_on_failure=False))
        print(reports[-1], flush=True)
    return 0 if all(report.passed for report in reports) else FAILED


def targets(declared: Declaration) -> list[str | Callable[..., Any]]:
    """What makes the environment: its id for Gymnasium, and for a game the makers of PettingZoo's environments."""
    makers: list[str | Callable[..., Any]] = [declared.id]
    if declared.play != "single":
        makers.append(functools.partial(make_aec, declared.id))
    if declared.play == "simultaneous":
        makers.append(functools.partial(make_parallel, declared.id))
    return makers
