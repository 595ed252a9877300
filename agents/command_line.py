"""Flags made of the fields of a dataclass."""

from __future__ import annotations

import argparse
import ast
import dataclasses
from typing import Any

TYPES = {"str": str, "int": int, "float": float, "float | None": float}


def add_flags(parser: argparse.ArgumentParser, config: Any) -> None:
    """A flag for every field of a dataclass that has a text `about` in its metadata; no flag, no value."""
    for option in dataclasses.fields(config):
        if "about" in option.metadata:
            parser.add_argument(
                "--" + option.name.replace("_", "-"),
                type=TYPES[str(option.type)],
                default=argparse.SUPPRESS,
                metavar=str(option.type).split()[0].upper(),
                help=f"{option.metadata['about']} (default: {option.default})",
            )


def key_and_value(text: str) -> tuple[str, Any]:
    """`num_actions=128` as ("num_actions", 128): a Python literal if it is one, else text."""
    key, equals, value = text.partition("=")
    if not (key.isidentifier() and equals):
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, such as num_actions=128, got {text!r}")
    try:
        return key, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return key, value
