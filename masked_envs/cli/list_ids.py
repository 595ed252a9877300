"""`masked-envs list`: every environment in one table."""

from __future__ import annotations

import argparse

from ..cards import read_card
from ..catalogue import CATALOGUE
from ..registration import declaration
from .table import print_table


def run(given: argparse.Namespace) -> int:
    """Print the table."""
    rows = [["id", "play", "actions", "mask", "meaning", "what"]]
    for env_id in CATALOGUE:
        declared = declaration(env_id)
        spec = declared.mask(declared.resolve({}))
        title = read_card(declared.rules).title
        rows.append([env_id, declared.play, str(spec.action_space), spec.kind, spec.meaning, title])
    print_table(rows)
    return 0
