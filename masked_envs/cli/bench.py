"""`masked-envs bench`: how many steps per second this machine makes, masks and legal random actions included."""

from __future__ import annotations

import argparse
import sys

from ..catalogue import CATALOGUE
from ..core.backends import numba_is_available
from .table import print_table
from .targets import declaration_of


def run(given: argparse.Namespace) -> int:
    """Measure, and print the table."""
    for env_id in given.ids:
        declaration_of(env_id)
    from ..throughput import steps_per_second

    backends = ("python", "numba") if numba_is_available() else ("python",)
    cases = [(num_envs, backend) for num_envs in (1, given.num_envs) for backend in backends]
    rows = [["steps per second", *(f"{num_envs} env{'s' * (num_envs > 1)}, {name}" for num_envs, name in cases)]]
    for env_id in given.ids or CATALOGUE:
        print(f"measuring {env_id} ...", file=sys.stderr)
        speeds = (steps_per_second(env_id, num_envs, backend, given.seconds) for num_envs, backend in cases)
        rows.append([env_id, *(f"{speed:,.0f}" for speed in speeds)])
    print_table(rows, numbers=True)
    return 0
