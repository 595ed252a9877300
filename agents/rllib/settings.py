"""What a run was started with, beside its checkpoints, so that `--resume` continues that run and no other."""

from __future__ import annotations

import argparse
import json
from typing import Any

from pyarrow import fs

FILE = "settings.json"
KEPT = ("algo", "env", "env_arg", "policies", "mask", "seed", "total_steps", "target_return")
"""What a run that goes on must have as it began."""


def settings(given: argparse.Namespace) -> dict[str, Any]:
    kept = {name: getattr(given, name) for name in KEPT}
    plain: dict[str, Any] = json.loads(json.dumps(kept, default=str))
    return plain


def write_settings(given: argparse.Namespace, experiment: str) -> None:
    """Into the experiment's directory, a path or URI as Tune takes it."""
    system, path = fs.FileSystem.from_uri(experiment)
    system.create_dir(path)
    with system.open_output_stream(f"{path}/{FILE}.partial") as file:
        file.write(json.dumps(settings(given), indent=2).encode())
    system.move(f"{path}/{FILE}.partial", f"{path}/{FILE}")


def check_settings(given: argparse.Namespace, experiment: str) -> None:
    """Compare with what `write_settings` wrote.

    Raises:
        ValueError: naming each setting that differs, with both values.
    """
    system, path = fs.FileSystem.from_uri(experiment)
    with system.open_input_stream(f"{path}/{FILE}") as file:
        begun = json.loads(file.read())
    now = settings(given)
    if different := [f"--{name.replace('_', '-')} {begun[name]}" for name in KEPT if begun[name] != now[name]]:
        raise ValueError(f"{experiment} was begun with {', '.join(different)}: resume it so, or give another --name")
