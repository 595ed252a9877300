"""Bind rules to the loops that run them, as plain Python or compiled by numba: one text, two backends.

Each rule is copied onto a scope of its own in which the names of other rules stand for their bound copies, so that a
loop written once calls the rules of one environment. numba's disk cache looks only at the file that a function
stands in; here every qualified name carries a hash of every source the rules could reach, so an edited helper can
never serve yesterday's machine code.
"""

import dis
import functools
import hashlib
import inspect
import math
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

Rule = Callable[..., Any]
BACKENDS = ("auto", "python", "numba")

INLINE_UP_TO = 200  # bytecode instructions
ALLOCATING = frozenset({"np", "copy", "astype", "ravel", "reshape", "flatten"})


def numba_is_available() -> bool:
    """Whether numba can be imported here (it has no build for a new Python for some months)."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return False
    return True


def bind(name: str, entries: Iterable[Rule], given: Mapping[Rule, Rule], backend: str) -> types.SimpleNamespace:
    """Bind loops to the rules they call.

    Args:
        name: what these rules belong to; part of the cache key.
        entries: the loops to bind.
        given: for each placeholder that the loops call, the rule that stands in its place.
        backend: "python" or "numba".

    Returns:
        the bound loops by their names, and the bound rules by the names of their placeholders.
    """
    entries = list(entries)
    reached = _reach([*entries, *given.values()])
    prefix = f"{name}.{_digest(reached, given)}"
    scopes: dict[str, dict[str, Any]] = {}
    bound = {function: _copy(function, scopes, prefix, backend) for function in reached}
    for scope in scopes.values():
        for key, value in scope.items():
            if getattr(value, "is_rule", False):
                scope[key] = bound[given.get(value, value)]
    named = {f.__name__: bound[f] for f in entries} | {p.__name__: bound[f] for p, f in given.items()}
    return types.SimpleNamespace(**named)


def _reach(functions: Iterable[Rule]) -> list[Rule]:
    """These rules and every rule that their modules know, in a fixed order."""
    found: dict[Rule, None] = {}
    waiting = list(functions)
    while waiting:
        function = waiting.pop(0)
        if function in found:
            continue
        found[function] = None
        waiting += [v for v in function.__globals__.values() if getattr(v, "is_rule", False)]
    return list(found)


def _digest(functions: Iterable[Rule], given: Mapping[Rule, Rule]) -> str:
    modules = sorted({function.__module__ for function in functions} | {__name__})
    sources = [_source_of_module(module) for module in modules]
    generated = sorted(f.generated_source for f in functions if hasattr(f, "generated_source"))
    constants = sorted({text for function in functions for text in _constants(function)})
    stands_for = sorted(f"{_full_name(placeholder)} = {_full_name(f)}" for placeholder, f in given.items())
    parts = [*modules, *sources, *generated, *constants, *stands_for]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _full_name(function: Rule) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _constants(function: Rule) -> Iterator[str]:
    """The values of the module constants that a rule reads: they may come from files without rules."""
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


def _copy(function: Rule, scopes: dict[str, dict[str, Any]], prefix: str, backend: str) -> Rule:
    python_body = getattr(function, "python_body", None)
    if backend == "python" and python_body is not None:
        scopes.setdefault(function.__module__, dict(function.__globals__))
        return python_body  # type: ignore[no-any-return]
    scope = scopes.setdefault(function.__module__, dict(function.__globals__))
    copy = types.FunctionType(function.__code__, scope, function.__name__, function.__defaults__)
    copy.__module__, copy.__qualname__ = function.__module__, f"{prefix}.{function.__name__}"
    if backend == "python":
        return copy
    compiled: Rule = _numba().njit(**_options(function))(copy)
    return compiled


def _options(function: Rule) -> dict[str, bool]:
    """How numba compiles a rule; together, forceinline and _nrt make a step of the batch twice as fast.

    nogil: blocks of rows may run in threads of the caller's choice. No fastmath: it changes the bytes.
    forceinline: a short rule is put where it is called, since LLVM by itself leaves views of rows to be passed around.
    _nrt: whether to count references to arrays, which atomic instructions do for every view of a row. Only a rule that
    allocates an array needs it; numba says "NRT required but not enabled" where a rule does so without a name in
    `ALLOCATING`.
    """
    short = sum(1 for _ in dis.get_instructions(function)) <= INLINE_UP_TO
    allocates = not ALLOCATING.isdisjoint(function.__code__.co_names)
    return {"cache": True, "nogil": True, "forceinline": short, "_nrt": allocates}


@functools.cache
def _numba() -> Any:
    """Import numba and let it name machine code by the records that the code is for.

    numba names a record type by a number that the type has in this process. So two processes can leave different
    functions of one name in the disk cache, and a third, which loads both, runs one in the place of the other, on
    records of another size (tests/unit/test_disk_cache.py).
    """
    import numba

    record_type: Any = numba.core.types.Record

    def mangling_args(self: Any) -> tuple[str, tuple[str, ...]]:
        return "Record", (hashlib.sha256(self.name.encode()).hexdigest()[:16],)

    record_type.mangling_args = property(mangling_args)
    return numba


def generated_rule(name: str, source: str, like: Rule) -> Rule:
    """A rule from source text, in the scope and (for numba's cache locator) the file of another rule."""
    scope = dict(like.__globals__)
    exec(compile(source, like.__code__.co_filename, "exec"), scope)  # noqa: S102
    function = scope[name]
    function.is_rule, function.generated_source = True, source
    function.__module__ = like.__module__
    return function  # type: ignore[no-any-return]
