"""How the environments of other packages are made, one module per package, without masked_envs.

A module has

- `PACKAGE`: the name of the package, as its users call it;
- `DISTRIBUTIONS`: what `importlib.metadata` knows the version of;
- `ENVIRONMENTS`: name -> the Python expression that makes it, evaluated in the module;
- optionally `OPTIONS`: name, or "" for all -> arguments of `check_masked_env` (`steps`, `time_budget`, `refused`, ...;
  a function by its name in the module, as "refused": "ended"), and of the plain script `decisions`, how many it takes,
  and `tried`, how many actions of each side it tries in a state;
- optionally `mask_of(env, observation, info)`, where the mask is in none of the places that `examine.py` looks in.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any


def shelf_of(package: str) -> ModuleType:
    """The module of a package, by the name of its file.

    Raises:
        ModuleNotFoundError: there is no such file.
    """
    return importlib.import_module(f"shelf.{package}")


def make(package: str, name: str) -> Any:
    """A new environment."""
    module = shelf_of(package)
    return eval(module.ENVIRONMENTS[name], vars(module))


def options_of(package: str, name: str) -> dict[str, Any]:
    """The options of one environment: those of all, and its own in their place."""
    options: dict[str, dict[str, Any]] = getattr(shelf_of(package), "OPTIONS", {})
    return {**options.get("", {}), **options.get(name, {})}
