"""`masked-envs bench`: how many steps per second this machine makes, masks and legal random actions included."""

from __future__ import annotations

import argparse
import sys

from ..catalogue import CATALOGUE
from ..core.backends import numba_is_available
from .console import Progress, print_json, print_table
from .targets import declaration_of


def run(given: argparse.Namespace) -> int:
    """Measure, and print the table."""
    for env_id in given.ids:
        declaration_of(env_id)
    from ..throughput import steps_per_second

    backends = ("python", "numba") if numba_is_available() else ("python",)
    cases = [(num_envs, backend) for num_envs in (1, given.num_envs) for backend in backends]
    ids, speeds = given.ids or list(CATALOGUE), []
    with Progress(len(ids) * len(cases)) as progress:
        for env_id in ids:
            if not sys.stderr.isatty():
                print(f"measuring {env_id} ...", file=sys.stderr)
            for num_envs, backend in cases:
                progress.show(f"{env_id}, {num_envs} env{'s' * (num_envs > 1)}, {backend}")
                speeds.append(steps_per_second(env_id, num_envs, backend, given.seconds))
    if given.json:
        keys = [(env_id, *case) for env_id in ids for case in cases]
        print_json(
            [
                {"id": env_id, "num_envs": num_envs, "backend": backend, "steps_per_second": round(speed, 1)}
                for (env_id, num_envs, backend), speed in zip(keys, speeds, strict=True)
            ]
        )
        return 0
    rows = [["steps per second", *(f"{num_envs} env{'s' * (num_envs > 1)}, {name}" for num_envs, name in cases)]]
    for i, env_id in enumerate(ids):
        rows.append([env_id, *(f"{speed:,.0f}" for speed in speeds[i * len(cases) : (i + 1) * len(cases)])])
    print_table(rows, numbers=True)
    return 0
