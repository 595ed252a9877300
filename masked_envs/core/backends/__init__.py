"""Backends: the ways to run the rules of an environment in the rows of an engine.

A backend is one file in this folder and one line in `BACKENDS`. It

- binds rules, that is, makes functions of them (`Backend.bind`);
- allocates the arrays that the engine and the rules share (`Backend.allocate`);
- launches the row bodies of `core.loop` in many rows, or runs them in one (`Rows.launcher`, `Rows.in_row`);
- loads and stores the state of a row (`Rows.load`, `Rows.store`), where it keeps states in another form.

What a backend can rely on is the law of rules, which `core.law` checks: no allocation, no recursion, one kind per name.
A row body takes whole buffers and the index `i` of its row, and touches nothing of any other row; its random stream
and its scratch memory belong to the row. So rows can run in any order, and at once. What a backend must keep is the
bytes: no contraction of a * b + c, no reordered sums, 64-bit integers and floats (tests/catalogue/test_parity.py).
"""

from __future__ import annotations

import types
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...mask_spec.checks import shown
from ..binding import Rule

Launch = Callable[..., int]
"""launch(where, *given, before=None, after=None): run a row body in the rows in `where` (bool (N,), None for all); the
sum of its results. `given` are the arguments of the row body that are not in `Buffers`: arrays (N, ...) before `i`,
numbers after it. before(rows) and after(rows) are called with slices of all rows, by the thread that runs them: to
write and read them while they are in its cache."""
OnRows = Callable[[slice], None]


@dataclass(frozen=True)
class Buffers:
    """What the row bodies of one engine ask for by name.

    Attributes:
        records: the state records (N,); row bodies know them as `states`.
        parameters: the record of the parameters; row bodies know it as `parameters`, an array of this one record.
        per_row: arrays whose first axis is the row.
        shared: arrays and numbers that all rows have in common.
        indexed: names in `per_row` of which no rule of an environment gets a whole row: the loop indexes them by row
            and by view, or down to single numbers.
    """

    records: npt.NDArray[Any]
    parameters: np.void
    per_row: Mapping[str, npt.NDArray[Any]]
    shared: Mapping[str, Any]
    indexed: frozenset[str]


class Rows(ABC):
    """The rows of one engine on a backend.

    Attributes:
        states: the state of each row, as bound rules take it.
        parameters: the parameters, as bound rules take them.
    """

    states: Any
    parameters: Any

    @abstractmethod
    def launcher(self, body: Rule) -> Launch:
        """The function that runs a row body in many rows."""

    @abstractmethod
    def in_row(self, body: Rule, row: int) -> Callable[..., int]:
        """The function of what varies that runs a row body in one row, with as little around it as possible.

        Of a row body that is given no arrays.
        """

    @abstractmethod
    def load(self, rows: Iterable[int]) -> None:
        """Take over the state records of these rows, which were written from outside."""

    @abstractmethod
    def store(self, rows: Iterable[int]) -> None:
        """Bring the state records of these rows up to date, for reading from outside."""


class Launches:
    """The launches of these rows, by the names of the row bodies; each is made when it is first needed."""

    def __init__(self, rows: Rows, bodies: Iterable[Rule]) -> None:
        self._rows, self._bodies = rows, {body.__name__: body for body in bodies}

    def __getattr__(self, name: str) -> Launch:
        launch = self._rows.launcher(self._bodies[name])
        setattr(self, name, launch)
        return launch


class Backend(ABC):
    """One way to run rules. There is one instance of each; copies and pickles give that instance."""

    name: str

    @abstractmethod
    def is_available(self) -> bool:
        """Whether what it needs is installed."""

    @abstractmethod
    def bind(
        self, owner: str, entries: Iterable[Rule], given: Mapping[Rule, Rule], row_bodies: Iterable[Rule] = ()
    ) -> types.SimpleNamespace:
        """Make functions of rules.

        Args:
            owner: what the rules belong to, such as the id of an environment; part of names on disk.
            entries: the rules to call.
            given: for each placeholder that they call, the rule in its place.
            row_bodies: rules to launch, by `Rows.launcher`.

        Returns:
            the bound entries by their names, and the bound rules by the names of their placeholders.
        """

    def allocate(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """Zeros (shape, dtype.shape) that NumPy can read and write."""
        return np.zeros((*shape, *dtype.shape), dtype.base)

    @abstractmethod
    def rows(self, bound: types.SimpleNamespace, buffers: Buffers, num_threads: int = 1) -> Rows:
        """The rows of an engine: its buffers, with what `bind` gave.

        Args:
            bound: the result of `bind`.
            num_threads: most threads to use at a time; a backend without threads uses one.
        """

    def __reduce__(self) -> tuple[Any, ...]:
        return named, (self.name,)


from .numba import NumbaBackend, numba_is_available  # noqa: E402 (both import the interface)
from .python import PythonBackend  # noqa: E402

PLAIN = PythonBackend()
COMPILED = NumbaBackend()
BACKENDS: dict[str, Backend] = {backend.name: backend for backend in (PLAIN, COMPILED)}
AUTO = "auto"

__all__ = [
    "AUTO", "BACKENDS", "COMPILED", "PLAIN", "Backend", "Buffers", "Launch", "Launches", "OnRows", "Rows", "choose",
    "named", "numba_is_available",
]  # fmt: skip


def named(name: str) -> Backend:
    """The backend of this name.

    Raises:
        ValueError: an unknown name. ImportError: what it needs is not installed.
    """
    if not isinstance(name, str) or name not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(map(repr, (AUTO, *BACKENDS)))}, not {shown(name)}")
    backend = BACKENDS[name]
    if not backend.is_available():
        raise ImportError(f"backend='{name}' needs {name}: pip install {name} (or use backend={PLAIN.name!r})")
    return backend


def choose(name: str, rows: int, compile_from: int = 2) -> Backend:
    """The backend that a caller asked for by name.

    Args:
        name: of a backend; or "auto": compiled for `compile_from` rows or more, where numba is installed.
        rows: how many rows will run.

    Raises:
        ValueError: an unknown name. ImportError: what it needs is not installed.
    """
    if isinstance(name, str) and name == AUTO:
        return COMPILED if rows >= compile_from and COMPILED.is_available() else PLAIN
    return named(name)
