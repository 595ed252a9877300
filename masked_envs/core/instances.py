"""Instances of problems as parameters: drawn at random, from the literature, or the user's own.

The value of such a parameter is a str: a name, or a custom instance as JSON. So it is compared, hashed and kept
in `env.spec` like every other value, and `gymnasium.make(env.spec)` makes the same environment where the file that it
came from has changed or is gone. Rules get the instance as arrays beside the other parameters, such as p["durations"].
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, AnyStr

import numpy as np
import numpy.typing as npt

from ..mask_spec.checks import items_of, shown
from .parameters import Parameter

RANDOM = "random"
LONGEST_SHOWN, LONGEST_REASON = 60, 300  # characters of a value and of a reason in an error
MOST_KEYS = 1000  # of a dict: more are not looked at one by one to say which are unknown
FILE_AT_LEAST, BYTES_OF_NUMBER = 2**22, 10  # of a file that is read to its end: comments, and a number with blanks

Raw = Mapping[str, Any]
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Instance(Parameter):
    """A parameter that is an instance of a problem.

    It takes "random", the name of a data file in `folder`, the path of a user's file (in the format that
    `read` reads, or in JSON), or a dict of what such a file holds. Rules get its index, 0 for "random" and 1 for all
    others, and under the names in `fields` its arrays; for "random" these have one element each, which means nothing.

    Attributes:
        beside, folder: the data files are `folder`/<name>.txt beside the file `beside`; None where there are none.
        read: the text of a data file -> a dict of numbers, strings and nested lists. Raises a ValueError that says
            what is wrong with the text.
        complete: such a dict -> the arrays for rules, by the names in `fields`. Raises a ValueError, TypeError,
            KeyError or ArithmeticError for what is no instance. A key that it does not ask for is refused in a dict
            or JSON, and left out of what a file in another format says.
        most: how many numbers the largest instance holds. What has more than twice as many is refused before it is
            looked at, so that refusing it costs no more time and memory than taking the largest.
        fields: name -> (dtype, number of dimensions) of each array.
    """

    beside: str = field(default=__file__, kw_only=True)
    folder: str | None = field(default=None, kw_only=True)
    read: Callable[[str], Raw] = field(default=json.loads, kw_only=True)
    complete: Callable[[Raw], Mapping[str, Any]] = field(default=dict, kw_only=True)
    most: int = field(default=2**20, kw_only=True)
    fields: tuple[tuple[str, type, int], ...] = field(default=(), kw_only=True)

    @property
    def names(self) -> tuple[str, ...]:
        """The word "random", and the names of the data files in alphabetical order."""
        return (RANDOM, *sorted(path.stem for path in self.files))

    @property
    def files(self) -> list[Path]:
        """The data files."""
        return [] if self.folder is None else list((Path(self.beside).parent / self.folder).glob("*.txt"))

    def check(self, owner: str, name: str, value: Any) -> str:
        """The value as a str: a name, or a custom instance as JSON.

        Raises:
            ValueError: no name, no file, or no instance; the message says what is wrong with it.
        """
        if isinstance(value, str) and value in self.names:
            return str(value)
        try:
            raw = self._given(value)
        except (OSError, json.JSONDecodeError, RecursionError, _NotReadableError) as error:
            raise ValueError(self._refusal(owner, name, value, error)) from error
        if raw is None:
            expected = f"one of {', '.join(map(repr, self.names))}, the path of a file, or a dict of arrays"
            raise ValueError(f"{owner}: {name} must be {expected}, not {shown(value, LONGEST_SHOWN)}")
        try:
            text = _as_json(raw)
            asked = _understood(self, text)[1]
            if not isinstance(raw, _FromFile):
                _refuse_unknown(raw, asked)
            return _as_json({key: part for key, part in raw.items() if key in asked})
        except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError) as error:
            raise ValueError(self._refusal(owner, name, value, error)) from error

    def _given(self, value: Any) -> Raw | None:
        """What a dict, a text in JSON, or the path of a file says; None for anything else."""
        if isinstance(value, Mapping):
            return self._bounded(value)
        if isinstance(value, str) and _begins_an_object(value):
            return self._bounded(_object(self._bounded_text(value, "the text")))
        if isinstance(value, (str, os.PathLike)) and os.fspath(value) and Path(value).is_file():
            return self._read_text(self._text_of(Path(value)))
        return None

    @property
    def largest_file(self) -> int:
        """Bytes of the largest file that is read."""
        return max(FILE_AT_LEAST, BYTES_OF_NUMBER * self.most)

    def _text_of(self, path: Path) -> str:
        """The text of a file, which may have no end: no more than `largest_file` bytes are read."""
        with path.open("rb") as file:
            content = file.read(self.largest_file + 1)
        try:
            return self._bounded_text(content, "the file").decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _NotReadableError("the file is not text in UTF-8") from error

    def _bounded_text(self, text: AnyStr, what: str) -> AnyStr:
        if len(text) > self.largest_file:
            raise _NotReadableError(f"{what} is larger than {self.largest_file:,} bytes")
        return text

    def _bounded(self, raw: Raw) -> Raw:
        if len(raw) > MOST_KEYS:
            raise _NotReadableError(f"it has {len(raw):,} keys")
        if _count(raw, 2 * self.most) < 0:
            raise _NotReadableError(f"it holds far more than {self.most:,} numbers")
        return raw

    def _read_text(self, text: str) -> Raw:
        if _begins_an_object(text):
            return self._bounded(_object(text))
        try:
            return _FromFile(self._bounded(self.read(text)))
        except ValueError as error:
            raise _NotReadableError(str(error)) from error

    def _refusal(self, owner: str, name: str, value: Any, error: Exception) -> str:
        reason = f"without {error}" if isinstance(error, KeyError) else _cut(str(error), LONGEST_REASON)
        return f"{owner}: {name} {shown(value, LONGEST_SHOWN)} is not valid: {reason}"

    def raw(self, value: str) -> Raw:
        """The content of the data file of this name, or of a custom instance."""
        if value.lstrip().startswith("{"):
            return _object(value)
        (path,) = (path for path in self.files if path.stem == value)
        return self._read_text(path.read_text(encoding="utf-8"))

    def arrays(self, value: str) -> Arrays | None:
        """The arrays of a checked value, read-only; None for "random"."""
        return None if value == RANDOM else _understood(self, value)[0]

    def for_rules(self, name: str, value: Any) -> dict[str, Any]:
        arrays = self.arrays(value)
        if arrays is None:
            arrays = {key: np.zeros((1,) * ndim, dtype) for key, dtype, ndim in self.fields}
        return {name: int(value != RANDOM), **arrays}


class _NotReadableError(Exception):
    """A file is not in the format it should be in; the message says where."""


class _FromFile(dict[str, Any]):
    """What a file says that is not JSON: its format is not ours, and may say more than an instance needs."""


class _Asked(dict[str, Any]):
    """A dict that remembers which keys were asked for."""

    def __init__(self, raw: Raw) -> None:
        super().__init__(raw)
        self.keys_asked: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.keys_asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.keys_asked.add(key)
        return super().get(key, default)


def _refuse_unknown(raw: Raw, asked: frozenset[str]) -> None:
    unknown = sorted(set(raw) - asked)
    if unknown:
        raise ValueError(f"it takes {', '.join(map(repr, sorted(asked)))}, and not {', '.join(map(repr, unknown))}")


def _as_json(raw: Raw) -> str:
    """Raises: ValueError: NaN, an infinity, or a list that holds itself."""
    text = json.dumps(dict(sorted(raw.items())), default=plain)
    if "NaN" in text or "Infinity" in text:  # or in a string
        json.loads(text, parse_constant=_refuse_constant)
    return text


def _refuse_constant(word: str) -> None:
    raise ValueError(f"it holds {word}, where all numbers are finite")


def _begins_an_object(text: str) -> bool:
    return re.match(r"\s*\{", text) is not None


def _count(value: Any, left: int) -> int:
    """What is left of a number after all elements of nested lists, dicts and arrays, and all characters, are taken off.

    It ends soon after that is below 0. RecursionError: nests without end.
    """
    if isinstance(value, np.ndarray):
        return left - value.size
    if isinstance(value, str):
        return left - len(value)
    items = [*value.values()] if isinstance(value, Mapping) else items_of(value)
    if items is None:
        return left
    left -= len(items)
    for item in items:
        if left < 0:
            break
        if type(item) is not int and type(item) is not float:
            left = _count(item, left)
    return left


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}..."


@functools.lru_cache(maxsize=64)
def _understood(parameter: Instance, value: str) -> tuple[Arrays, frozenset[str]]:
    """The arrays of a value, and the keys that `complete` asked for."""
    asked = _Asked(parameter.raw(value))
    completed = parameter.complete(asked)
    arrays: Arrays = {}
    for key, dtype, ndim in parameter.fields:
        array: npt.NDArray[Any] = np.ascontiguousarray(completed[key], dtype)
        if array.ndim != ndim or array.size == 0:
            raise ValueError(
                f"{shown(key)} has {ndim} dimensions and at least one element, not the shape {array.shape}"
            )
        array.flags.writeable = False
        arrays[key] = array
    return arrays, frozenset(asked.keys_asked)


def _object(text: str) -> Raw:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise _NotReadableError(f"it holds {type(found).__name__}, and should hold a dict")
    return found


def stated_optimum(text: str, mark: str = "#") -> dict[str, int]:
    """{"optimum": ...} where a comment in the text of a data file states it, such as "# optimum 55".

    Args:
        mark: what a comment begins with.
    """
    begin = f"{mark} optimum "
    stated = [line.removeprefix(begin) for line in text.splitlines() if line.startswith(begin)]
    return {"optimum": int(stated[0])} if stated and stated[0].isdecimal() else {}


def plain(value: Any) -> Any:
    """An array or a number of NumPy as JSON can hold it.

    Raises:
        TypeError: anything else.
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is neither a number, a string, a list nor an array")


def whole(name: str, value: Any, ndim: int, low: int, high: int) -> npt.NDArray[np.int64]:
    """The value as an array of integers.

    Raises:
        ValueError: another number of dimensions, ragged rows, no whole numbers, or numbers out of bounds.
    """
    array = numbers(name, value, ndim)
    if not (array == np.floor(array)).all() or array.min() < low or array.max() > high:
        raise ValueError(f"{shown(name)} holds whole numbers from {low} to {high}")
    return array.astype(np.int64)


def numbers(name: str, value: Any, ndim: int) -> npt.NDArray[np.float64]:
    """The value as an array of finite numbers.

    Raises:
        ValueError: another number of dimensions, ragged rows, or something else than finite numbers.
    """
    try:
        array = np.array(value if _only_numbers(value) else np.nan, np.float64)
    except (TypeError, ValueError, OverflowError):  # ragged rows, or an integer that no float holds
        array = np.full((), np.nan)
    if array.ndim != ndim or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"{shown(name)} is an array of finite numbers with {ndim} dimension{'s' if ndim > 1 else ''}")
    return array


def number_in(word: str) -> float:
    """The number that a word of a file says.

    Raises:
        ValueError: another word.
    """
    try:
        return float(word)
    except ValueError as error:
        raise ValueError(f"a number stands here, and not {shown(word, LONGEST_SHOWN)}") from error


def _only_numbers(value: Any) -> bool:
    """Whether nested lists hold ints and floats alone; NumPy would take True, None and "3" for numbers too."""
    if isinstance(value, (list, tuple)):
        return all(map(_only_numbers, value))
    return type(value) in (int, float)
