"""`masked-envs show`: an environment's card, spaces, parameters and mask."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Mapping
from typing import Any

from ..cards import read_card
from ..core.declaration import Declaration
from ..registration import make, make_parallel
from .chosen import chosen_environment
from .facts import facts, parameter_rows, surfaces
from .table import print_table

PROFILE_STEPS = 300


def run(given: argparse.Namespace) -> int:
    """Print everything there is to know."""
    declared, values = chosen_environment(given)
    card = read_card(declared.rules)
    print(f"{declared.id}\n{card.title}\n")
    for name, words in facts(declared, values).items():
        print(f"{name:<18}  {words}")
    for i, call in enumerate(surfaces(declared)):
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
