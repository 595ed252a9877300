"""`masked-envs check`: hold any environment to the laws of the mask; one of this package by every interface it has."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable
from typing import Any

from ..catalogue import CATALOGUE
from ..core.declaration import Declaration
from ..registration import make_aec, make_parallel
from .console import Progress, print_json, print_words
from .output import FAILED
from .targets import NOT_JUDGED, CommandError, declaration_of, load, registered_id

Target = str | Callable[..., Any]
STYLES = {
    r"(?m)^\S.*: passed$": "bold green",
    r"(?m)^\S.*: breaks L.*$": "bold red",
    r"NOT JUDGED": "bold yellow",
    r"(?m)^L\d+\s+passed": "green",
    r"(?m)^L\d+\s+FAILED": "bold red",
    r"(?m)^L\d+\s+warning": "yellow",
    r"(?m)^L\d+\s+not applicable": "dim",
}
"""Patterns of a report, and how a terminal shows them."""


def run(given: argparse.Namespace) -> int:
    """Check and print the reports; the exit status is 1 if a law failed, else 3 if L7 was not judged, else 0."""
    chosen = targets_of(given.target)
    from ..conformance import LAWS, check_masked_env

    options = {
        "seed": given.seed,
        "steps": given.steps,
        "time_budget": given.time_budget,
        "on_invalid": given.on_invalid,
        "mask_at": given.mask_at,
        "mask_fn": None if given.mask_fn is None else load(given.mask_fn, "--mask-fn"),
        "refused": load(given.refused, "--refused") if ":" in (given.refused or "") else given.refused,
        "raise_on_failure": False,
    }
    reports = []
    for target in chosen:
        with Progress(len(LAWS), quiet=given.json) as progress:
            try:
                reports.append(check_masked_env(target, progress=progress.show, **options))
            except TypeError as error:
                raise CommandError(f"{given.target}: {error}") from error
        if not given.json:
            print_words(str(reports[-1]), STYLES)
    if given.json:
        print_json([report.as_dict() for report in reports])
    verdicts = {report.verdict for report in reports}
    return FAILED if "failed" in verdicts else NOT_JUDGED if "not judged" in verdicts else 0


def targets_of(word: str) -> list[Target]:
    """What the word on the command line names: an id of ours or of Gymnasium, module:name or module:Id-v0.

    Raises:
        CommandError: nothing of this name.
    """
    if word in CATALOGUE:
        return targets(declaration_of(word))
    registered = registered_id(word, "TARGET")
    if registered is not None:
        return [registered]
    return [load(word, "TARGET")] if ":" in word else targets(declaration_of(word))  # which suggests the nearest


def targets(declared: Declaration) -> list[Target]:
    """What makes the environment: its id for Gymnasium, and for a game the makers of PettingZoo's environments."""
    makers: list[Target] = [declared.id]
    if declared.play != "single":
        makers.append(functools.partial(make_aec, declared.id))
    if declared.play == "simultaneous":
        makers.append(functools.partial(make_parallel, declared.id))
    return makers
