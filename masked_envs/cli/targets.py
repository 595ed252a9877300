"""From the words of the command line to environments and their parameters; and the error that ends a command."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from ..core.declaration import Declaration
from ..core.parameters import Parameter, Value
from ..errors import UnknownEnvironmentError
from ..mask_spec.checks import shown
from ..registration import declaration
from .output import FAILED

USAGE, NOT_JUDGED = 2, 3
"""Exit statuses, beside `FAILED`: the command line makes no sense, and a check came to no verdict."""

TRUTH = {"true": True, "false": False}


class CommandError(Exception):
    """A message of one line for the person, and the exit status that goes with it."""

    def __init__(self, message: str, status: int = USAGE) -> None:
        super().__init__(message)
        self.status = status


def declaration_of(env_id: str) -> Declaration:
    """The declaration of an id; a CommandError suggests the nearest where there is none."""
    try:
        return declaration(env_id)
    except UnknownEnvironmentError as error:
        raise CommandError(str(error)) from error


def environment_of(given: argparse.Namespace) -> tuple[Declaration, dict[str, Value]]:
    """The declaration that `given.id` names, and all parameters, those of `given.param` in place of defaults.

    Raises:
        CommandError: an unknown id, a parameter it does not have, or an impossible value.
    """
    declared = declaration_of(given.id)
    parameters = declared.all_parameters
    try:
        return declared, declared.resolve(_read(given.param, parameters))
    except (TypeError, ValueError) as error:
        raise CommandError(f"{error} (`masked-envs show {declared.id}` describes them)") from error


def load(word: str, what: str) -> Callable[..., Any]:
    """Import the class or function that module:name names; modules are found in the current folder too.

    Args:
        word: such as "my_package.envs:Scheduling".
        what: is being named, for the error.

    Raises:
        CommandError: not of this form, no such module or name, or nothing that can be called.
    """
    module_name, found, name = _imported(word, what)
    for part in name.split("."):
        if not hasattr(found, part):
            raise CommandError(f"{what} {word}: {module_name} has no {name}")
        found = getattr(found, part)
    if not callable(found):
        raise CommandError(
            f"{what} {word}: {name} is no class or function that makes an environment, but {shown(found)}"
        )
    made: Callable[..., Any] = found
    return made


def registered_id(word: str, what: str) -> str | None:
    """The id that a word means to `gymnasium.make`: an id, or module:Id-v0, whose module registers it; None for others.

    Raises:
        CommandError: a module that cannot be imported.
    """
    import gymnasium

    if ":" in word:
        word = _imported(word, what)[2]
    return word if word in gymnasium.registry else None


def _imported(word: str, what: str) -> tuple[str, Any, str]:
    """The module that module:name names, its name and the other name; it is found in the current folder too."""
    module_name, colon, name = word.partition(":")
    if not (colon and module_name and name):
        raise CommandError(f"{what} {word}: expected module:name, such as my_package.envs:Scheduling")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return module_name, importlib.import_module(module_name), name
    except ImportError as error:
        raise CommandError(f"{what} {word}: cannot import {module_name}: {error}") from error


def require_display() -> None:
    """Refuse to open a window where there is no display: SDL would draw off screen, without a word.

    Raises:
        CommandError: none of the variables by which Linux programs find the display is set, or SDL finds none.
    """
    instead = "`masked-envs demo ID --out FILE` writes a GIF without one"
    variables = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in variables):
        raise CommandError(
            f"there is no display to open a window on ({', '.join(variables)} are not set); {instead}",
            FAILED,
        )
    driver = driver_without_screen()
    if driver:
        raise CommandError(
            f"there is no display to open a window on (SDL's video driver is {shown(driver)}); {instead}", FAILED
        )


def driver_without_screen() -> str:
    """SDL's video driver if windows on it are seen nowhere, else ""."""
    from ..render.canvas import pygame
    from ..render.window import shows_nothing

    try:
        return shows_nothing()
    except pygame.error as error:
        return str(error)


def _read(words: Sequence[str], parameters: dict[str, Parameter]) -> dict[str, object]:
    """Read name=value in the type of the parameter. Other values stay strings, which the parameter's check refuses."""
    return {
        name: _typed(value, parameters[name].default) if name in parameters else value
        for name, value in pairs(words, next(iter(parameters)))
    }


def pairs(words: Sequence[str], example: str = "NAME") -> list[tuple[str, str]]:
    """Names and values of `--param name=value`.

    Raises:
        ValueError: a word without an equals sign.
    """
    split = [word.partition("=") for word in words]
    for word, (_, equals, _) in zip(words, split, strict=True):
        if not equals:
            raise ValueError(f"--param {word}: expected name=value, such as --param {example}=...")
    return [(name, value) for name, _, value in split]


def guessed(word: str) -> object:
    """A value of a parameter of unknown type: true or false, a number, or the word."""
    return TRUTH[word.lower()] if word.lower() in TRUTH else _typed(word, 0)


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
