"""From module:name on the command line to what it names."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from .errors import CommandError


def loaded(word: str, what: str) -> Callable[..., Any]:
    """The class or function that module:name names, the module found from the current folder too.

    Args:
        word: such as "my_package.envs:Scheduling".
        what: is being named, for the error.

    Raises:
        CommandError: not of this form, no such module or name, or nothing that can be called.
    """
    module_name, colon, name = word.partition(":")
    if not (colon and module_name and name):
        raise CommandError(f"{what} {word}: expected module:name, such as my_package.envs:Scheduling")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module_name)
    except ImportError as error:
        raise CommandError(f"{what} {word}: cannot import {module_name}: {error}") from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise CommandError(f"{what} {word}: {module_name} has no {name}")
        found = getattr(found, part)
    if not callable(found):
        raise CommandError(f"{what} {word}: {name} is no class or function that makes an environment, but {found!r}")
    made: Callable[..., Any] = found
    return made
