"""numba: rules as machine code, for many rows.

Compiled code is kept on disk. numba looks only at the file that a function is written in, so here every function is
named by a hash of all sources that it depends on (`binding.digest`): after an edit in any of them it is compiled anew.
Where no directory for it can be written, such as in a read-only installation without a home directory, the rules are
compiled in every process, after one warning.

Compiling takes seconds, most of them for each function anew, whatever its length. So

- a row body, and a rule without a loop that is called in one place alone, becomes a part of its caller before it is
  compiled. A rule that is compiled by itself and then put into its caller is optimized again at every level above. With
  loops it is done all the same: numba's own inlining can make them half as fast;
- only loops and `entries` get at once the second function that unpacks Python's arguments, which takes a quarter of the
  whole; other rules get it when Python first calls them (`FromPython`).

One thing in numba is changed, and only while rules of this package compile: the names of record types in machine code
(`_named_by_content`). numba numbers record types in the order in which a process meets them. So two processes can leave
different functions of one name in the cache, and a third that loads both runs one in the place of the other, on records
of another size (tests/unit/test_disk_cache.py). Here a record type is named by a hash of its fields. Functions that are
compiled by others in the same process keep numba's own names.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from ..binding import (
    Rule,
    Scope,
    arguments_of,
    bind,
    copied,
    digest,
    generated_rule,
    given_arrays,
    places_of_calls,
)
from . import Backend, Buffers, Launch, OnRows, Rows
from .threads import Crew, the_faster

INLINE_UP_TO = 300  # bytecode instructions, of all copies together


def numba_is_available() -> bool:
    """Whether numba can be imported here (it has no build for a new Python for some months)."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return False
    return True


class NumbaBackend(Backend):
    """Rules compiled by numba; rows in as many threads as the caller allows, where that is faster."""

    name = "numba"

    def is_available(self) -> bool:
        return numba_is_available()

    def bind(
        self, owner: str, entries: Iterable[Rule], given: Mapping[Rule, Rule], row_bodies: Iterable[Rule] = ()
    ) -> types.SimpleNamespace:
        row_bodies = list(row_bodies)
        loops = [*entries, *row_bodies, *map(loop_over_rows, row_bodies)]
        prefix = f"{owner}.{digest(loops, given, __name__)}"
        called, places = {*loops} - {*row_bodies}, places_of_calls(loops, given)

        def compiled(rule: Rule, scope: Scope) -> Rule:
            if rule in called:
                return _compiled_copy(prefix, rule, scope, places[rule], no_cpython_wrapper=False)
            inlined = rule in row_bodies or (places[rule] == 1 and not _has_loop(rule) and not _allocates(rule))
            return _compiled_copy(prefix, rule, scope, places[rule], inline="always" if inlined else "never")

        bound = bind(loops, given, compiled)
        ready = {rule.__name__ for rule in called}
        inner = {name: FromPython(prefix, rule) for name, rule in vars(bound).items() if name not in ready}
        return types.SimpleNamespace(**{**vars(bound), **inner})

    def rows(self, bound: types.SimpleNamespace, buffers: Buffers, num_threads: int = 1) -> Rows:
        return NumbaRows(bound, buffers, num_threads)


class NumbaRows(Rows):
    """Rows whose buffers are the arrays themselves, in as many parts as threads may share out."""

    def __init__(self, bound: types.SimpleNamespace, buffers: Buffers, num_threads: int) -> None:
        self._bound = bound
        self.states, self.parameters = buffers.records, buffers.parameters
        self._per_row = {**buffers.per_row, "states": buffers.records}
        self._shared = {**buffers.shared, "parameters": buffers.parameters.reshape(1)}
        self._named = {*self._per_row, *self._shared}
        self._every_row = np.ones(len(buffers.records), np.bool_)
        self._crew = Crew(min(num_threads, len(buffers.records)))

    def launcher(self, body: Rule) -> Launch:
        alone = self._launch(body, slice(None))
        if self._crew.number == 1:
            return alone
        parts = [(rows, self._launch(body, rows)) for rows in self._crew.parts(len(self._every_row))]
        arrays = given_arrays(body, self._named)

        def together(where: npt.NDArray[np.bool_] | None, *given: Any, **on_rows: OnRows) -> int:
            def do(rows: slice, launch: Launch) -> int:
                chosen = None if where is None else where[rows]
                return launch(chosen, *(array[rows] for array in given[:arrays]), *given[arrays:], **on_rows)

            return self._crew.run([functools.partial(do, *part) for part in parts])

        return the_faster(alone, together)

    def _launch(self, body: Rule, rows: slice) -> Launch:
        """A launch in some rows by one thread; `where` and what is given are of these rows."""
        loop, every_row = getattr(self._bound, _loop_name(body)), self._every_row[rows]
        fixed, arrays = self._arguments(body, rows), given_arrays(body, self._named)

        def launch(
            where: npt.NDArray[np.bool_] | None, *given: Any, before: OnRows | None = None, after: OnRows | None = None
        ) -> int:
            if before is not None:
                before(rows)
            chosen = every_row if where is None else where
            total: int = loop(*fixed, *given[:arrays], chosen, *given[arrays:])
            if after is not None:
                after(rows)
            return total

        return launch

    def in_row(self, body: Rule, row: int) -> Callable[..., int]:
        # Machine code for these types, called directly: to look types up in every call takes as long as a short row.
        fixed, names = (*self._arguments(body, slice(None)), row), arguments_of(body)
        varying = (0 for _ in names[names.index("i") + 1 :])
        machine_code = getattr(self._bound, body.__name__).compile(tuple(map(_numba().typeof, (*fixed, *varying))))
        return functools.partial(machine_code, *fixed)

    def _arguments(self, body: Rule, rows: slice) -> tuple[Any, ...]:
        """The buffers of some rows that a row body asks for."""
        named = {**{name: array[rows] for name, array in self._per_row.items()}, **self._shared}
        return tuple(named[name] for name in arguments_of(body) if name in named)

    def load(self, rows: Iterable[int]) -> None:
        """Nothing to do: rules work on the records."""

    def store(self, rows: Iterable[int]) -> None:
        """Nothing to do: rules work on the records."""


def _loop_name(body: Rule) -> str:
    return f"{body.__name__}s"


@functools.cache
def loop_over_rows(body: Rule) -> Rule:
    """The loop that runs a row body in the rows in `where`, which comes in the place of `i`."""
    arguments = arguments_of(body)
    after = arguments.index("i")
    source = (
        f"def {_loop_name(body)}({', '.join([*arguments[:after], 'where', *arguments[after + 1 :]])}):\n"
        f"    total = 0\n"
        f"    for i in range(len(where)):\n"  # so that the compiler knows i >= 0, and tests no index for it
        f"        if where[i]:\n"
        f"            total += {body.__name__}({', '.join(arguments)})\n"
        f"    return total\n"
    )
    return generated_rule(_loop_name(body), source, body)


# --- compiling ----------------------------------------------------------------------------------------------------


def _numba() -> Any:
    import numba

    return numba


class FromPython:
    """A compiled rule that other rules call, for calls from Python too: compiled for that at the first of them."""

    def __init__(self, prefix: str, rule: Rule) -> None:
        self._prefix, self._rule = prefix, rule

    def __call__(self, *arguments: Any) -> Any:
        return self._entry(*arguments)

    def compile(self, signature: Any) -> Any:
        """Machine code for arguments of these types."""
        return self._entry.compile(signature)  # type: ignore[attr-defined]

    @functools.cached_property
    def _entry(self) -> Rule:
        called: Any = self._rule
        name, arguments = called.py_func.__name__, ", ".join(arguments_of(called.py_func))
        source = f"def {name}_entry({arguments}):\n    return {name}({arguments})\n"
        entry = generated_rule(f"{name}_entry", source, called.py_func)
        return _compiled_copy(self._prefix, entry, {**entry.__globals__, name: called}, 0, no_cpython_wrapper=False)


def _compiled_copy(prefix: str, rule: Rule, scope: Scope, places: int, **options: Any) -> Rule:
    """A rule as machine code.

    Args:
        prefix: of its name in the cache on disk.
        places: in how many places rules call it.
        options: of numba, beside those that every rule gets.
    """
    copy = copied(rule, scope)
    copy.__qualname__ = f"{prefix}.{rule.__name__}"
    dispatcher = _numba().njit(**{**_options(rule, places), **options})(copy)
    try:
        dispatcher.enable_caching()
    except RuntimeError as error:
        _warn_once(str(error))
    dispatcher.compile = functools.partial(_compile, dispatcher, dispatcher.compile)
    return dispatcher  # type: ignore[no-any-return]


def _options(rule: Rule, places: int) -> dict[str, bool]:
    """How numba compiles a rule; together, forceinline and _nrt make a step of many rows twice as fast.

    nogil: threads of the caller's choice may run rows at the same time. No fastmath: it changes the bytes.
    forceinline: a short rule is put where it is called, since LLVM by itself leaves views of rows to be passed around;
    not one that would be long in all places together, whose copies take minutes to compile and make nothing faster.
    no_cpython_wrapper, no_cfunc_wrapper: what only rules call needs no other way in.
    _nrt: whether to count references to arrays, which atomic instructions do for every view of a row. Only a rule that
    makes an array needs it, which then stays a function of its own.
    """
    short = sum(1 for _ in dis.get_instructions(rule)) * max(1, places) <= INLINE_UP_TO
    return {
        "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
        "nogil": True, "forceinline": short, "_nrt": _allocates(rule),
    }  # fmt: skip


def _allocates(rule: Rule) -> bool:
    return "zeros" in rule.__code__.co_names


def _has_loop(rule: Rule) -> bool:
    instructions = dis.get_instructions(rule)
    return any("JUMP" in each.opname and each.argval < each.offset for each in instructions)


def _compile(dispatcher: Any, compile_for: Callable[[Any], Any], signature: Any) -> Any:
    """`Dispatcher.compile` of one of our rules: numba calls it for every new signature."""
    numba = _numba()
    with numba.core.compiler_lock.global_compiler_lock, _named_by_content():
        try:
            return compile_for(signature)
        except OSError as error:  # compiled, but the cache could not be written
            compiled = dispatcher.overloads.get(tuple(numba.core.sigutils.normalize_signature(signature)[0]))
            if compiled is None:
                raise
            _warn_once(str(error))
            return compiled.entry_point


@contextmanager
def _named_by_content() -> Iterator[None]:
    """Name record types by their fields, for as long as this thread holds numba's compiler lock."""
    record_type = _numba().core.types.Record

    def mangling_args(self: Any) -> tuple[str, tuple[str, ...]]:
        return "Record", (hashlib.sha256(self.name.encode()).hexdigest()[:16],)

    before = record_type.__dict__["mangling_args"]
    record_type.mangling_args = property(mangling_args)
    try:
        yield
    finally:
        record_type.mangling_args = before


_reasons: list[str] = []  # why there is no cache: at most one, since one warning is enough


def _warn_once(reason: str) -> None:
    if not _reasons:
        _reasons.append(reason)
        warnings.warn(
            f"compiled rules cannot be kept on disk, so that every process compiles them again ({reason}); "
            f"set NUMBA_CACHE_DIR to a directory that can be written",
            RuntimeWarning,
            stacklevel=2,
        )
