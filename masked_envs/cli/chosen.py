"""From the words of the command line to an environment and its parameters."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..core.declaration import Declaration
from ..core.parameters import Parameter, Value
from ..errors import UnknownEnvironmentError
from ..registration import declaration
from .errors import CommandError

TRUTH = {"true": True, "false": False}


def chosen_declaration(env_id: str) -> Declaration:
    """The declaration of an id; a CommandError suggests the nearest where there is none."""
    try:
        return declaration(env_id)
    except UnknownEnvironmentError as error:
        raise CommandError(str(error)) from error


def chosen_environment(given: argparse.Namespace) -> tuple[Declaration, dict[str, Value]]:
    """The declaration that `given.id` names, and all parameters, those of `given.param` in place of defaults.

    Raises:
        CommandError: an unknown id, a parameter it does not have, or an impossible value.
    """
    declared = chosen_declaration(given.id)
    parameters = declared.all_parameters
    try:
        return declared, declared.resolve(_read(given.param, parameters))
    except (TypeError, ValueError) as error:
        raise CommandError(f"{error} (`masked-envs show {declared.id}` describes them)") from error


def _read(words: Sequence[str], parameters: dict[str, Parameter]) -> dict[str, object]:
    """name=value in the types of the parameters; what is not of the type stays a word, for its check to refuse."""
    values: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"--param {word}: expected name=value, such as --param {next(iter(parameters))}=...")
        values[name] = _typed(value, parameters[name].default) if name in parameters else value
    return values


def _typed(word: str, default: Value) -> object:
    if isinstance(default, bool):
        return TRUTH.get(word.lower(), word)
    if isinstance(default, str):
        return word
    for number in (int, float):
        try:
            return number(word)
        except ValueError:
            continue
    return word
