"""The kinds of values in rules: numbers, arrays, records and constants, as far as every backend must know them.

Sizes do not matter, dimensions do. bool, int and float are three kinds of number that join: a name may be an int on one
path and a float on another, and is a float then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

RANKS = ("bool", "int", "float")


@dataclass(frozen=True)
class Number:
    """A number of 64 bits: "bool", "int" or "float"."""

    name: str

    def __str__(self) -> str:
        return f"{'an' if self.name == 'int' else 'a'} {self.name}"


BOOL, INT, FLOAT = (Number(name) for name in RANKS)


@dataclass(frozen=True)
class Array:
    """An array; `element` is a number or a record."""

    element: Kind
    ndim: int

    def __str__(self) -> str:
        return f"an array of {self.ndim} dimension{'s' if self.ndim > 1 else ''}"


@dataclass(frozen=True)
class Flat:
    """`array.flat`."""

    element: Kind

    def __str__(self) -> str:
        return "a flat array"


@dataclass(frozen=True)
class Record:
    """A record of named fields; `constant` where rules cannot write it."""

    name: str
    fields: tuple[tuple[str, Kind], ...]
    constant: bool = False

    def __str__(self) -> str:
        return f"the {self.name}"


@dataclass(frozen=True)
class Stream:
    """The random stream of a row, s["rng"]."""

    def __str__(self) -> str:
        return "the random stream"


@dataclass(frozen=True)
class Tuple:
    """Several values: a shape, or what a rule returns."""

    items: tuple[Kind, ...]
    constant: bool = False

    def __str__(self) -> str:
        return f"a tuple of {len(self.items)}"


@dataclass(frozen=True)
class Table:
    """A constant of numbers, all of one kind, in one shape: a tuple of tuples or an array of a module, an instance."""

    element: Number
    shape: tuple[int, ...]
    is_array: bool

    def __str__(self) -> str:
        return "a constant table"


@dataclass(frozen=True)
class Text:
    """A constant string."""

    value: str

    def __str__(self) -> str:
        return f"the string {self.value!r}"


@dataclass(frozen=True)
class Other:
    """A module constant that rules cannot use, except for its length, if it has one."""

    what: str
    has_length: bool = False

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True)
class Special:
    """What is no value."""

    what: str

    def __str__(self) -> str:
        return self.what


NOTHING = Special("nothing")
UNKNOWN = Special("something unknown")  # where a violation was found, so that it is reported once

Kind = Number | Array | Flat | Record | Stream | Tuple | Table | Text | Other | Special


def join(one: Kind, other: Kind) -> Kind | None:
    """The kind of a name that is the one or the other; None where there is none."""
    if one == other or other == UNKNOWN:
        return one
    if one == UNKNOWN:
        return other
    if isinstance(one, Number) and isinstance(other, Number):
        return max(one, other, key=lambda number: RANKS.index(number.name))
    return None


def parts_of(kind: Kind) -> list[Kind] | None:
    """What a value unpacks into; None where it does not."""
    if isinstance(kind, Tuple):
        return list(kind.items)
    if isinstance(kind, Table) and not kind.is_array:
        part: Kind = kind.element if len(kind.shape) == 1 else Table(kind.element, kind.shape[1:], False)
        return [part] * kind.shape[0]
    return None


def number_of(dtype: np.dtype[Any]) -> Number | None:
    """The kind of the elements of a dtype; None where rules cannot compute with them."""
    return {"b": BOOL, "i": INT, "u": INT, "f": FLOAT}.get(dtype.kind)


def kind_of(dtype: np.dtype[Any], name: str = "record", extra: int = 0) -> Kind:
    """The kind of a buffer entry of this dtype.

    Args:
        name: of a record, for messages.
        extra: axes of the buffer that come before those of the dtype.
    """
    ndim = len(dtype.shape) + extra
    if dtype.base.names:
        element: Kind = record_of(dtype.base, name)
    else:
        element = number_of(dtype.base) or Other(f"{dtype.base}")
    return Array(element, ndim) if ndim else element


def record_of(dtype: np.dtype[Any], name: str, constant: bool = False) -> Record:
    """The kind of a record; the arrays in a constant one are constant tables."""
    kinds = ((field, kind_of(dtype[field], f"field {field!r}"), dtype[field].shape) for field in dtype.names or ())
    return Record(
        name, tuple((field, as_table(kind, shape) if constant else kind) for field, kind, shape in kinds), constant
    )


def as_table(kind: Kind, shape: tuple[int, ...]) -> Kind:
    """An array of numbers as a table, which no rule can write."""
    if isinstance(kind, Array) and isinstance(kind.element, Number):
        return Table(kind.element, shape, is_array=True)
    return kind


def state_of(dtype: np.dtype[Any]) -> Record:
    """The kind of a state record, whose field `rng` is the random stream."""
    whole = record_of(dtype, "state record")
    return Record(whole.name, tuple((name, Stream() if name == "rng" else kind) for name, kind in whole.fields))


def kind_of_constant(value: Any) -> Kind:
    """The kind of a module constant."""
    if isinstance(value, (bool, np.bool_)):
        return BOOL
    if isinstance(value, (int, np.integer)):
        return INT
    if isinstance(value, (float, np.floating)):
        return FLOAT
    if isinstance(value, str):
        return Text(value)
    if isinstance(value, np.ndarray):
        element = number_of(value.dtype)
        return Table(element, value.shape, True) if element else Other(f"an array of {value.dtype}")
    if isinstance(value, tuple):
        shape, elements = _shape_of(value), set(_leaves(value))
        if shape is None or len(elements) != 1 or not isinstance(next(iter(elements)), Number):
            return Other("a tuple that is no table of numbers of one kind and one shape", has_length=True)
        return Table(next(iter(elements)), shape, False)  # type: ignore[arg-type]
    return Other(f"a {type(value).__name__}")


def _shape_of(value: Any) -> tuple[int, ...] | None:
    if not isinstance(value, tuple):
        return ()
    shapes = {_shape_of(item) for item in value}
    if len(shapes) != 1:
        return None
    (inner,) = shapes
    return None if inner is None else (len(value), *inner)


def _leaves(value: Any) -> list[Kind]:
    if isinstance(value, tuple):
        return [leaf for item in value for leaf in _leaves(item)]
    return [kind_of_constant(value)]
