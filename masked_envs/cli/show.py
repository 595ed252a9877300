"""`masked-envs list` and `show`: every environment in one table, and one environment in full."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Mapping
from typing import Any

from ..cards import constructor_calls, facts, parameter_rows, read_card
from ..catalogue import CATALOGUE
from ..core.declaration import Declaration
from ..registration import declaration, make, make_parallel
from .table import print_table
from .targets import environment_of

PROFILE_STEPS = 300


def list_all(given: argparse.Namespace) -> int:
    """Print a table of all ids."""
    rows = [["id", "play", "actions", "mask", "meaning", "what"]]
    for env_id in CATALOGUE:
        declared = declaration(env_id)
        spec = declared.mask(declared.resolve({}))
        title = read_card(declared.rules).title
        rows.append([env_id, declared.play, str(spec.action_space), spec.kind, spec.meaning, title])
    print_table(rows)
    return 0


def run(given: argparse.Namespace) -> int:
    """Print the card, spaces, parameters and mask of one environment."""
    declared, values = environment_of(given)
    card = read_card(declared.rules)
    print(f"{declared.id}\n{card.title}\n")
    for name, words in facts(declared, values).items():
        print(f"{name:<18}  {words}")
    for i, call in enumerate(constructor_calls(declared)):
        print(f"{'' if i else 'Made by':<18}  {call}")
    print()
    rows = [[name, str(values[name]), *rest] for name, *rest in parameter_rows(declared)]
    print_table([["parameter", "value", "default", "allowed", "meaning"], *rows])
    print(f"\n{mask_profile(declared, values)}")
    for heading, text in card.sections.items():
        print(f"\n{heading}")
        print("\n".join(f"    {line}".rstrip() for line in text.splitlines()))
    return 0


def mask_profile(declared: Declaration, values: Mapping[str, Any]) -> str:
    """What the masks are like over some steps of random legal play, in words."""
    from ..conformance.context import CheckContext
    from ..conformance.profile import profile

    maker = make_parallel if declared.play == "simultaneous" else make
    found = profile(CheckContext(functools.partial(maker, declared.id, **values), seed=0, steps=PROFILE_STEPS))
    change = "never changed" if found.static else "changed"
    return (
        f"Over {found.states} decisions of random legal play, {found.legal_fraction:.1%} of the actions were legal on "
        f"average,\n{found.forced_rate:.1%} of the decisions had a single legal action, and the mask {change}."
    )
