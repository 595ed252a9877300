"""Measure one thing of docs/reliability.md: python -m benchmarks.reliability NAME [FLAG VALUE]..."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module

from masked_envs.cli.output import Parser, fail, run_program

from .record import NothingChosenError

PROGRAM = "benchmarks.reliability"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m benchmarks.reliability", description=__doc__)
    names = parser.add_subparsers(dest="name", required=True)

    decisions = names.add_parser("decisions", help="of hostile networks, counted by the environments")
    decisions.add_argument(
        "--until", type=float, default=1e9, help="legal decisions of the cases in all (default: 1e9)"
    )
    decisions.add_argument("--minutes", type=float, default=60.0, help="the most time to take now")
    decisions.add_argument("--seconds-each", type=float, default=10.0, help="of a case in one round")
    decisions.add_argument("--only", default="", help="cases whose name contains this")

    soak = names.add_parser("soak", help="memory over many steps")
    soak.add_argument("--until", type=float, default=1e8, help="steps (default: 1e8)")
    soak.add_argument("--minutes", type=float, default=60.0, help="the most time to take")

    kills = names.add_parser("kills", help="training killed and resumed")
    kills.add_argument("--until", type=int, default=100, help="kills (default: 100)")
    kills.add_argument("--minutes", type=float, default=60.0, help="the most time to take now")

    cold = names.add_parser("cold_starts", help="processes that compile into one empty cache")
    cold.add_argument("--rounds", type=int, default=5)

    names.add_parser("workers", help="threads, forks and processes")
    pythons = names.add_parser("pythons", help="the core tests by each interpreter")
    pythons.add_argument("interpreters", nargs="+", help="paths, each with the dependencies of the tests installed")
    names.add_parser("page", help="write the figures into docs/reliability.md")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 0, 1 where that is impossible, or 130 after Ctrl-C: what was measured until then is kept."""
    return run_program(PROGRAM, lambda: _measure(**vars(parse(arguments))))


def _measure(name: str, **given: object) -> int:
    measurement = import_module(f"{__package__}.{name}")
    try:
        measurement.write() if name == "page" else measurement.measure(**given)
    except NothingChosenError as error:
        return fail(PROGRAM, str(error))
    return 0
