"""Plain Python: rules as they are written, for single environments and for debugging.

Python is slow at indexing NumPy arrays and records. So the state of a row is a dict of Python numbers and of views of
the record (`PlainState`), a buffer is a list of views, one per row, and an array of which the loop reads single numbers
is a memoryview, which gives Python numbers. All share the engine's memory, except for the numbers in the dicts.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..binding import Rule, Scope, arguments_of, bind, copied, given_arrays
from . import Backend, Buffers, Launch, OnRows, Rows


class PythonBackend(Backend):
    """Rules as plain Python functions."""

    name = "python"

    def is_available(self) -> bool:
        return True

    def bind(
        self, owner: str, entries: Iterable[Rule], given: Mapping[Rule, Rule], row_bodies: Iterable[Rule] = ()
    ) -> types.SimpleNamespace:
        return bind([*entries, *row_bodies], given, plain_copy)

    def rows(self, bound: types.SimpleNamespace, buffers: Buffers, num_threads: int = 1) -> Rows:
        return PythonRows(bound, buffers)


def plain_copy(rule: Rule, scope: Scope) -> Rule:
    """A rule as a Python function; of a verb, its Python body."""
    return getattr(rule, "python_body", None) or copied(rule, scope)


class PythonRows(Rows):
    """Rows that are stepped one after the other by Python."""

    def __init__(self, bound: types.SimpleNamespace, buffers: Buffers) -> None:
        self._bound = bound
        self._plain = [PlainState(buffers.records[i : i + 1]) for i in range(len(buffers.records))]
        self.states = [state.fields for state in self._plain]
        given = {name: buffers.parameters[name] for name in buffers.parameters.dtype.names or ()}
        self.parameters = {name: value if np.ndim(value) else value.item() for name, value in given.items()}
        self._buffers: dict[str, Any] = {
            **{name: plain_rows(array, name in buffers.indexed) for name, array in buffers.per_row.items()},
            **buffers.shared,
            "states": self.states,
            "parameters": [self.parameters],
        }

    def launcher(self, body: Rule) -> Launch:
        run, rows, arrays = self._with_buffers(body), len(self.states), given_arrays(body, self._buffers)

        def launch(
            where: npt.NDArray[np.bool_] | None, *given: Any, before: OnRows | None = None, after: OnRows | None = None
        ) -> int:
            if before is not None:
                before(slice(None))
            chosen = range(rows) if where is None else np.flatnonzero(where).tolist()
            fixed, varying = [plain_rows(array, array.ndim == 1) for array in given[:arrays]], given[arrays:]
            total = sum(run(*fixed, i, *varying) for i in chosen)
            if after is not None:
                after(slice(None))
            return total

        return launch

    def in_row(self, body: Rule, row: int) -> Callable[..., int]:
        return functools.partial(self._with_buffers(body), row)

    def _with_buffers(self, body: Rule) -> Callable[..., int]:
        """A row body as a function of what it is given, `i`, and what varies."""
        fixed = (self._buffers[name] for name in arguments_of(body) if name in self._buffers)
        return functools.partial(getattr(self._bound, body.__name__), *fixed)

    def load(self, rows: Iterable[int]) -> None:
        for row in rows:
            self._plain[row].load()

    def store(self, rows: Iterable[int]) -> None:
        for row in rows:
            self._plain[row].store()


def plain_rows(array: npt.NDArray[Any], indexed: bool) -> Any:
    """A buffer (N, ...) as Python indexes it fastest; a row that a rule sees as a whole stays an array.

    Args:
        indexed: see `Buffers.indexed`.
    """
    if not indexed:
        return list(array)
    if array.ndim == 1:
        return array.data
    if array.ndim == 2 and array.dtype.names is None:
        return [row.data for row in array]
    return [[row[v] for v in range(len(row))] for row in array]


class PlainState:
    """A state record for plain Python: `fields` has scalars as Python numbers, and arrays as views of the record.

    It is read ten times faster than a NumPy record. `store` writes the scalars back to the record.

    Args:
        records: the record in an array (1,).
    """

    def __init__(self, records: npt.NDArray[Any]) -> None:
        self._records, record, dtype = records, records[0], records.dtype
        self.scalars = [name for name in dtype.names or () if dtype[name].shape == ()]
        self.fields: dict[str, Any] = {name: record[name] for name in dtype.names or ()}
        # It gives Python numbers, over the same memory; by way of bytes, since it takes no unaligned int64.
        self.fields["rng"] = memoryview(record["rng"].view(np.uint8)).cast("q")
        for name in self.scalars:
            self.fields[name] = self.fields[name].item()

    @functools.cached_property
    def _cells(self) -> list[tuple[str, Any]]:
        """The memory of each scalar, which Python reads and writes faster than by way of NumPy."""
        memory: Any = self._records.view(np.uint8).data
        fields: Mapping[str, Any] = self._records.dtype.fields or {}
        places = [(name, fields[name][1], fields[name][0].char) for name in self.scalars]
        return [(name, memory[at : at + 8].cast("d" if kind == "d" else "q")) for name, at, kind in places]

    def load(self) -> None:
        """Read the scalars from the record."""
        for name, cell in self._cells:
            self.fields[name] = cell[0]

    def store(self) -> None:
        """Write the scalars to the record."""
        for name, cell in self._cells:
            cell[0] = self.fields[name]
