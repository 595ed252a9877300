"""`masked-envs check`: hold an environment to the laws of the mask."""

from __future__ import annotations

import argparse

from .chosen import chosen_declaration
from .errors import FAILED


def run(given: argparse.Namespace) -> int:
    """Check, print the report, and fail if a law was broken."""
    env_id = chosen_declaration(given.id).id
    from ..conformance import check_masked_env

    report = check_masked_env(env_id, raise_on_failure=False)
    print(report)
    return 0 if report.passed else FAILED
