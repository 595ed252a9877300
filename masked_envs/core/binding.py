"""Binding: rules of one environment put in the place of the placeholders that the loop and the mask rules call.

A rule is a module-level function that calls other rules by name. To bind it, it is copied, together with every rule
that it can reach, and the copies call each other. So a loop that is written once can call the rules of one environment
without changing anything for the others. How a copy is made is the backend's part (`core.backends`).
"""

from __future__ import annotations

import dis
import functools
import hashlib
import inspect
import math
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

Rule = Callable[..., Any]
Scope = dict[str, Any]
Copy = Callable[[Rule, Scope], Rule]


def bind(entries: Iterable[Rule], given: Mapping[Rule, Rule], copy: Copy) -> types.SimpleNamespace:
    """Bind rules to the rules that they call.

    Args:
        entries: the rules to bind.
        given: for each placeholder that they call, the rule in its place.
        copy: makes the copy of one rule, with this dict as its globals.

    Returns:
        the bound entries by their names, and the bound rules by the names of their placeholders.
    """
    entries = list(entries)
    scopes: dict[str, Scope] = {}
    bound = {}
    for function in reached([*entries, *given.values()]):
        scope = scopes.setdefault(function.__module__, dict(function.__globals__))
        bound[function] = copy(function, scope)
    for scope in scopes.values():
        for key, value in scope.items():
            if getattr(value, "is_rule", False):
                scope[key] = bound[given.get(value, value)]
    named = {f.__name__: bound[f] for f in entries} | {p.__name__: bound[f] for p, f in given.items()}
    return types.SimpleNamespace(**named)


def copied(function: Rule, scope: Scope) -> types.FunctionType:
    """The function with other globals; all else, the file and the lines for tracebacks included, is the same."""
    copy = types.FunctionType(function.__code__, scope, function.__name__, function.__defaults__)
    copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
    return copy


def reached(functions: Iterable[Rule]) -> list[Rule]:
    """These rules and every rule that their modules know by name, in a fixed order."""
    found: dict[Rule, None] = {}
    waiting = list(functions)
    while waiting:
        function = waiting.pop(0)
        if function in found:
            continue
        found[function] = None
        waiting += [v for v in function.__globals__.values() if getattr(v, "is_rule", False)]
    return list(found)


def places_of_calls(functions: Iterable[Rule], given: Mapping[Rule, Rule]) -> Counter[Rule]:
    """In how many places each of the rules that `reached` finds is called."""
    places: Counter[Rule] = Counter()
    for function in reached([*functions, *given.values()]):
        for name in (each.argval for each in dis.get_instructions(function) if each.opname == "LOAD_GLOBAL"):
            called: Any = function.__globals__.get(name)
            if getattr(called, "is_rule", False):
                places[given.get(called, called)] += 1
    return places


@functools.cache
def arguments_of(rule: Rule) -> tuple[str, ...]:
    """The names of a rule's arguments. Kept, since a copy of an engine asks again and `inspect` is slow."""
    return tuple(inspect.signature(rule).parameters)


def given_arrays(row_body: Rule, buffers: Iterable[str]) -> int:
    """How many arrays a row body is given in each call: its arguments before `i` that no buffer has the name of."""
    arguments = arguments_of(row_body)
    return len([name for name in arguments[: arguments.index("i")] if name not in buffers])


def generated_rule(name: str, source: str, like: Rule) -> Rule:
    """A rule from source text, with the globals and (for numba's cache locator) the file of another rule."""
    scope = dict(like.__globals__)
    exec(compile(source, like.__code__.co_filename, "exec"), scope)  # noqa: S102
    function = scope[name]
    function.is_rule, function.generated_source = True, source
    function.__module__ = like.__module__
    return function  # type: ignore[no-any-return]


# --- a name for what was bound ------------------------------------------------------------------------------------


def digest(entries: Iterable[Rule], given: Mapping[Rule, Rule], compiler: str) -> str:
    """A hash of everything that the machine code of these rules depends on: 12 hexadecimal digits.

    That is the source of every module that a rule can be reached in, generated sources, the values of module
    constants (they may come from files without rules), which rule is in the place of which placeholder, and the source
    of the module that compiles, by its name.
    """
    functions = reached([*entries, *given.values()])
    modules = sorted({function.__module__ for function in functions} | {__name__, compiler})
    sources = [_source_of_module(module) for module in modules]
    generated = sorted(f.generated_source for f in functions if hasattr(f, "generated_source"))
    constants = sorted({text for function in functions for text in _constants(function)})
    replaced = sorted(f"{_full_name(placeholder)} = {_full_name(f)}" for placeholder, f in given.items())
    parts = [*modules, *sources, *generated, *constants, *replaced]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _full_name(function: Rule) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _constants(function: Rule) -> Iterator[str]:
    """The module constants that a rule reads, with their values."""
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, np.ndarray):
            yield f"{name} {value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
        elif isinstance(value, (bool, int, float, str, tuple, np.generic)):
            yield f"{name} {value!r}"
        elif isinstance(value, types.ModuleType) and value not in (np, math):
            yield f"{name} {_source_of_module(value.__name__)}"


@functools.cache
def _source_of_module(name: str) -> str:
    return inspect.getsource(sys.modules[name])
