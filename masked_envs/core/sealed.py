"""Values with a checksum, such as positions: a damaged one is refused before anything moves."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np

SealedT = TypeVar("SealedT", bound="Sealed")


class Sealed:
    """A frozen dataclass whose field `checksum` is that of all its other fields."""

    checksum: int

    def sealed(self: SealedT) -> SealedT:
        """The same value with the right checksum, for one that was changed on purpose."""
        return replace(self, checksum=self.right_checksum())  # type: ignore[type-var]

    def is_intact(self) -> bool:
        """Whether the checksum is right."""
        return type(self.checksum) is int and self.checksum == self.right_checksum()

    def right_checksum(self) -> int:
        """What the checksum should be."""
        names = [field.name for field in fields(self) if field.name != "checksum"]  # type: ignore[arg-type]
        return checksum_of([getattr(self, name) for name in names])


def check_fields(value: Any, owner: str) -> None:
    """Refuse a sealed value that lacks a field, as one can that was unpickled from damaged bytes.

    Raises:
        ValueError: a field is missing.
    """
    missing = [field.name for field in fields(value) if field.name not in vars(value)]
    if missing:
        raise ValueError(f"this state of {owner} is damaged: it has no {', '.join(missing)}")


def check_intact(value: Sealed, owner: str) -> None:
    """Refuse a sealed value that lacks a field, or whose checksum is wrong.

    Args:
        owner: what it is a state of, for the message.

    Raises:
        ValueError: it is damaged.
    """
    check_fields(value, owner)
    if not value.is_intact():
        raise ValueError(
            f"this state of {owner} is damaged: its checksum is wrong. A state that was changed on purpose needs "
            f"state.sealed()"
        )


def checksum_of(value: Any) -> int:
    """The CRC-32 of the content of a value, which finds every damage of up to 32 neighbouring bits.

    It is equal for copies, pickled ones included, in every process. Of objects it covers what pickle would write; what
    pickle cannot write counts by its type alone.
    """
    try:
        return _Content().checksum(value)
    except RecursionError:  # nested deeper than Python can follow
        return 0


class _Content:
    """Walks through values. A part that was met before is not walked through again; one that contains itself ends."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[int, Any]] = {}  # by id: the checksum, and the part, so that its id stays its own
        self.depth = 0

    def checksum(self, value: Any) -> int:
        plain = _plain(value)
        if plain is not None:
            return zlib.crc32(plain, zlib.crc32(type(value).__name__.encode()))
        if id(value) in self.known:
            return self.known[id(value)][0]
        self.known[id(value)] = (self.depth, value)  # for a part of it that is itself
        self.depth += 1
        kind, parts = _parts(value)
        sums = [self.checksum(part) for part in parts]
        if kind in ("set", "frozenset"):
            sums.sort()  # the order of a set is another one in another process
        total = zlib.crc32(struct.pack(f"<{len(sums)}I", *sums), zlib.crc32(kind.encode()))
        self.depth -= 1
        self.known[id(value)] = (total, value)
        return total


def _plain(value: Any) -> bytes | None:
    """A value without parts as bytes; None for any other."""
    kind = type(value)
    if value is None or kind is bool:
        return repr(value).encode()
    if kind is int:
        return int.to_bytes(value, value.bit_length() // 8 + 1, "little", signed=True)
    if kind is float:
        return struct.pack("<d", value)
    if kind is complex:
        return struct.pack("<2d", value.real, value.imag)
    if kind is str:
        return str.encode(value, "utf-8", "surrogatepass")
    if kind in (bytes, bytearray):
        return bytes(value)
    if (kind is np.ndarray or isinstance(value, np.generic)) and not value.dtype.hasobject:
        dtype = value.dtype.str if value.dtype.names is None else str(value.dtype)  # the fields of a record
        return f"{dtype}{value.shape}".encode() + bytes(value.tobytes())
    if isinstance(value, type):
        return f"{value.__module__}:{value.__qualname__}".encode()
    return None


def _parts(value: Any) -> tuple[str, list[Any]]:
    """What kind of value it is, and what it consists of."""
    kind = type(value)
    name = kind.__name__
    if kind in (list, tuple, set, frozenset):
        return name, list(value)
    if kind is dict:
        return name, [part for item in value.items() for part in item]
    if kind is np.ndarray:
        return name, [value.shape, *value.ravel().tolist()]
    name = f"{kind.__module__}:{kind.__qualname__}"
    try:
        return name, _written(value)
    except Exception:  # that of any object
        return name, []


def _written(value: Any) -> list[Any]:
    """What pickle would write of an object.

    Of what is sealed it is the checksums, of an array of another library the numbers, and of a function its name and
    what it remembers.
    """
    if isinstance(value, Sealed):
        return [value.checksum, value.right_checksum()]
    if isinstance(value, np.ma.MaskedArray):
        return [value.data, np.ma.getmaskarray(value)]
    if hasattr(type(value), "__array__") and not isinstance(value, np.ndarray):
        return [np.asarray(value)]
    if hasattr(value, "__closure__") and hasattr(value, "__qualname__"):
        return [value.__module__, value.__qualname__, *(cell.cell_contents for cell in value.__closure__ or ())]
    reduced = value.__reduce_ex__(4)
    if isinstance(reduced, str):
        return [reduced]
    return [list(part) if isinstance(part, Iterator) else part for part in reduced]
