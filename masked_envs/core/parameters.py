"""Parameters of environments: declared once, checked when an environment is made, and passed to rules as numbers."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ..mask_spec.checks import shown

Value = bool | int | float | str


@dataclass(frozen=True)
class Parameter:
    """One parameter. Its type is that of its default.

    Attributes:
        default: bool, int, float or, with `choices`, str.
        doc: one line on what it means, with the unit.
        low, high: inclusive bounds of a number, None for no bound.
        choices: the values of a str parameter; rules get the index.
    """

    default: Value
    doc: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def check(self, owner: str, name: str, value: Any) -> Value:
        """The value in the type of the parameter.

        Raises:
            TypeError: a value of another type. ValueError: a value out of bounds, or not among the choices.
        """
        if isinstance(self.default, str):
            if isinstance(value, str) and value in self.choices:
                return str(value)
            raise ValueError(f"{owner}: {name} must be one of {', '.join(map(repr, self.choices))}, not {shown(value)}")
        if isinstance(self.default, bool):
            if isinstance(value, (bool, np.bool_)):
                return bool(value)
            raise TypeError(f"{owner}: {name} must be True or False, not {shown(value)}")
        number = self._number(owner, name, value)
        if (self.low is not None and number < self.low) or (self.high is not None and number > self.high):
            raise ValueError(f"{owner}: {name} must be {self._bounds()}, not {shown(value)}")
        return number

    def _number(self, owner: str, name: str, value: Any) -> int | float:
        wants_int = isinstance(self.default, int)
        numeric = (int, np.integer) if wants_int else (int, float, np.integer, np.floating)
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, numeric):
            raise TypeError(f"{owner}: {name} must be {'an integer' if wants_int else 'a number'}, not {shown(value)}")
        if isinstance(value, (int, np.integer)) and not -(2**63) <= value < 2**63:
            raise ValueError(f"{owner}: {name} must be a number of 64 bits, not {shown(value)}")
        if not math.isfinite(value):
            raise ValueError(f"{owner}: {name} must be finite, not {shown(value)}")
        return int(value) if wants_int else float(value)

    def _bounds(self) -> str:
        given = [("at least", self.low), ("at most", self.high)]
        return " and ".join(f"{words} {_shortest(bound)}" for words, bound in given if bound is not None)

    def for_rules(self, name: str, value: Value) -> dict[str, Any]:
        """What rules get of the value: numbers and arrays by the names of their fields in the record."""
        if isinstance(value, str):
            return {name: self.choices.index(value)}
        return {name: value if isinstance(value, float) else int(value)}

    @property
    def names(self) -> tuple[str, ...]:
        """The values of a str parameter that have a name."""
        return self.choices


def _shortest(bound: float) -> str:
    return str(int(bound)) if float(bound).is_integer() else str(bound)


def resolve(owner: str, declared: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Value]:
    """The given values, and defaults for the others.

    Raises:
        TypeError: an unknown parameter (the nearest is suggested), or a value of the wrong type.
        ValueError: a value out of bounds.
    """
    for name in given:
        if name not in declared:
            nearest = difflib.get_close_matches(name, declared, 1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
            # Python's own words: TorchRL's GymEnv tries `frameskip=` and looks for them.
            raise TypeError(
                f"{owner} got an unexpected keyword argument {shown(name)}{hint} Its parameters: {', '.join(declared)}"
            )
    values = {name: parameter.default for name, parameter in declared.items()}
    return values | {name: declared[name].check(owner, name, value) for name, value in given.items()}


def as_record(declared: Mapping[str, Parameter], values: Mapping[str, Value]) -> np.void:
    """The parameters as one record of int64 and float64; an instance adds the arrays that it consists of."""
    parts: dict[str, Any] = {}
    for name, value in values.items():
        parts |= declared[name].for_rules(name, value)
    arrays = {name: np.asarray(part) for name, part in (parts or {"none": 0}).items()}
    record = np.zeros((), [(name, array.dtype, array.shape) for name, array in arrays.items()])
    for name, array in arrays.items():
        record[name] = array
    return cast(np.void, record[()])


def finite(name: str, number: Any) -> float:
    """The number as a float of 64 bits.

    Raises:
        TypeError: not a number. ValueError: not finite, or too large for 64 bits.
    """
    if isinstance(number, (bool, np.bool_)) or not isinstance(number, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, not {shown(number)}")
    try:
        value = float(number)
    except OverflowError:  # an integer beyond the largest float
        value = math.inf
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, not {shown(number)}")
    return value
