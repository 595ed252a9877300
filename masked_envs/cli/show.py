"""`masked-envs show`: an environment's card, spaces, parameters and mask."""

from __future__ import annotations

import argparse

from .card import read_card
from .chosen import chosen_environment
from .facts import facts, parameter_rows, surfaces
from .table import print_table


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
    for heading, text in card.sections.items():
        print(f"\n{heading}")
        print("\n".join(f"    {line}".rstrip() for line in text.splitlines()))
    return 0
