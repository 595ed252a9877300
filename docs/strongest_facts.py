"""The three facts on the first screen of README.md and docs/index.md, from the results that they stand on."""

from __future__ import annotations

import json
from typing import Any

import field_report
from speed import report

from benchmarks.reliability import record
from benchmarks.reliability.page import total

FASTER = (
    ("vector step, Connect Four, 4096 envs", "EnvPool", "as fast as EnvPool"),
    ("vector step, Connect Four, 4096 envs", "pgx (jit, vmap)", "as fast as pgx"),
    ("PPO on MaskedCartPole to mean return 475", "sb3-contrib MaskablePPO", "as fast as sb3-contrib's MaskablePPO"),
)
"""Name and peer of a result in benchmarks/results, and how it is said."""
BROKEN = "contradicts its documentation"


def block(docs: str, speed: str) -> str:
    """The facts as a list.

    Args:
        docs: the path from the page to docs/, with its slash.
        speed: a link to the table of speeds.
    """
    return "\n".join([clean(docs), fast(speed), found(docs)]) + "\n"


def invalid_of_all() -> tuple[int, int]:
    """The invalid actions, and the decisions, of all that was played with masks."""
    cases = record.load("decisions")
    return total(cases, "invalid"), total(cases, "decisions")


def clean(docs: str) -> str:
    cases, (invalid, played) = record.load("decisions"), invalid_of_all()
    ids = {case.partition(" ")[0].rstrip(",") for case in cases["cases"]}
    without, unmasked = total(cases, "control_invalid"), total(cases, "control_decisions")
    return (
        f"- **{invalid:,} invalid actions in {played:,} decisions** in {len(ids)} environments, by networks made to "
        f"give extreme numbers. Without the mask, {without / unmasked:.0%} of what they choose is invalid: "
        f"{without:,} of {unmasked:,} ([how it was measured]({docs}reliability.md))."
    )


def fast(speed: str) -> str:
    newest = json.loads(report.newest().read_text(encoding="utf-8"))
    results = {(one["name"], one.get("peer")): one for group in newest["groups"].values() for one in group}
    connect_four, pgx, ppo = (
        f"{report.ratio_in_words(results[key, peer]['ratio'])} {words}" for key, peer, words in FASTER
    )
    return (
        f"- **{connect_four}**, and {pgx} on the same CPU, in 4,096 copies of Connect Four; masked PPO learns CartPole "
        f"{ppo} ([all measurements]({speed}))."
    )


def found(docs: str) -> str:
    packages = sorted(map(field_report.field_data.read, field_report.field_data.packages()), key=named)
    findings = [(named(data), one) for data in packages for one in data["findings"]]
    broken = [name for name, one in findings if one["class"] == BROKEN]
    environments = sum(len(data["environments"]) for data in packages)
    *first, last = sorted(set(broken), key=str.lower)
    return (
        f"- **The checker works on any environment.** In {environments} environments of {len(packages)} other packages "
        f"it led to {len(findings)} findings, of which {len(broken)} contradict the package's own documentation: in "
        f"{', '.join(first)} and {last} ([each with a script]({docs}field_report.md))."
    )


def named(data: Any) -> str:
    """The name of a package, without the part of it that was looked at."""
    name: str = data["package"]
    return name.partition(",")[0]
