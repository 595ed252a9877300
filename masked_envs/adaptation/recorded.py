"""Constructor arguments of wrappers as `env.spec` keeps them, so that `gymnasium.make(env.spec)` makes them again."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gymnasium.utils import RecordConstructorArgs

from ..mask_spec.checks import shown


class Recorded(RecordConstructorArgs):
    """A wrapper whose constructor arguments are kept in `env.spec`.

    A function of a module is kept as "module:name", which can be written as JSON: so Minari stores the environment of a
    data set. Any other function is kept as a `KeptFunction`.
    """

    def _keep_arguments(self, **arguments: Any) -> None:
        """Keep the arguments; called before anything else in `__init__`."""
        kept = {name: as_reference(value) if callable(value) else value for name, value in arguments.items()}
        RecordConstructorArgs.__init__(self, _disable_deepcopy=True, **kept)


@dataclass(frozen=True, eq=False)
class KeptFunction:
    """A function that equals another one with the same code: an entry point makes its lambdas anew each time, and
    `gymnasium.make(env.spec)` compares what it makes with the spec.
    """

    function: Callable[..., Any]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeptFunction) and _parts(self.function) == _parts(other.function)

    def __hash__(self) -> int:
        return hash(getattr(self.function, "__qualname__", ""))

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.function(*arguments, **named)


def _parts(function: Any) -> tuple[Any, ...]:
    """What makes two functions the same."""
    if isinstance(function, functools.partial):
        return (_parts(function.func), function.args, function.keywords)
    code = getattr(function, "__code__", None)
    if code is None or inspect.ismethod(function):
        return (function,)
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    return (code, function.__defaults__, [_parts(cell) if inspect.isfunction(cell) else cell for cell in cells])


def as_reference(function: Callable[..., Any]) -> str | KeptFunction:
    """A function as "module:name" where that leads to it; else as a `KeptFunction`."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if module in sys.modules and getattr(sys.modules[module], name, None) is function:
        return f"{module}:{name}"
    return function if isinstance(function, KeptFunction) else KeptFunction(function)


def from_reference(value: Any) -> Any:
    """The function that "module:name" leads to, or that was kept; any other value itself.

    Raises:
        TypeError: there is no such module, or nothing callable of this name in it.
    """
    if isinstance(value, KeptFunction):
        return value.function
    if not isinstance(value, str) or ":" not in value:
        return value
    module, _, name = value.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise TypeError(f"{shown(value)} leads to no function: {error}") from None
    if not callable(function):
        raise TypeError(f"{shown(value)} is {shown(function)}, not a function")
    return function
