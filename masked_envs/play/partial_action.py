"""An action of any kind as choices that a person makes, each under the mask that the earlier ones leave."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..mask_spec import MaskSpec
from ..mask_spec.checks import HeadMask
from ..render.places import Path

DEPENDENT = ("joint", "conditional")
"""Kinds whose heads are chosen in order; those of all others in any order."""
PRESET = ("binary", "interval")
"""Kinds that begin with a value for everything, which the person changes and confirms."""
REASONS = {
    "legal": "the rules do not allow it",
    "useful": "it would change nothing",
    "safe": "it would break a safety limit",
}
"""What a mask means by forbidding something."""


class Choice(NamedTuple):
    """One choice of an action: what a head takes, or the number of a coordinate.

    Attributes:
        key: of the part of a dict action; () elsewhere.
        head: which head, bit or coordinate of the part.
        value: the choice, from 0, or the number.
    """

    key: Path
    head: int
    value: float


class HeadsPart:
    """A part of an action that is made of choices among a few.

    Args:
        spec, mask, head_mask: of the part.
        before: of bits, the values to begin with as far as they are legal; the lowest legal ones without them.

    Attributes:
        spec: of the part.
        values: the choice of each head; None while it is open.
    """

    def __init__(
        self, spec: MaskSpec, mask: Any, head_mask: HeadMask | None, before: Sequence[float] | None = None
    ) -> None:
        self.spec, self._mask, self._head_mask = spec, mask, head_mask
        self.values: list[Any] = [None] * len(spec.heads)
        if spec.kind in PRESET:
            wanted = zip(self._independent, before or [0] * len(self.values), strict=True)
            self.values = [int(value if options[int(value)] else np.argmax(options)) for options, value in wanted]

    @property
    def is_free(self) -> bool:
        """Whether more than one choice is left to a preset part."""
        return any(np.count_nonzero(options) > 1 for options in self._independent)

    def options(self, head: int) -> npt.NDArray[np.int8] | None:
        """What a head may take now, int8 (heads[head],); None while an earlier choice is open that decides it."""
        if self.spec.kind not in DEPENDENT:
            return self._independent[head]
        before = self.values[:head]
        if None in before:
            return None
        return self.spec.head_mask(self._mask, head, before, self._head_mask)

    def why_not(self, head: int, value: float) -> str:
        """Why a choice is forbidden; "" if it is not."""
        options = self.options(head)
        if options is None:
            return "something must be chosen before it"
        return "" if options[int(value)] else REASONS[self.spec.meaning]

    def choose(self, head: int, value: float) -> None:
        """Make a choice; those that depend on it are open again."""
        self.values[head] = int(value)
        if self.spec.kind in DEPENDENT:
            self.values[head + 1 :] = [None] * (len(self.values) - head - 1)

    def open_heads(self) -> list[int]:
        """The heads without a choice."""
        return [head for head, value in enumerate(self.values) if value is None]

    def only_option(self, head: int) -> int | None:
        """What an open head must take, where there is one way only."""
        options = self.options(head)
        return int(np.argmax(options)) if options is not None and np.count_nonzero(options) == 1 else None

    @property
    def action(self) -> Any:
        """The part of the action."""
        buffer = self.spec.action_buffer
        return self.spec.decode(np.array(self.values, buffer.base).reshape(buffer.shape), False)

    @functools.cached_property
    def _independent(self) -> list[npt.NDArray[np.int8]]:
        """The options of each head, which no other choice changes."""
        options: list[npt.NDArray[np.int8]] = []
        for head in range(len(self.spec.heads)):
            options.append(self.spec.head_mask(self._mask, head, [int(np.argmax(each)) for each in options]))
        return options


class NumbersPart:
    """A part of an action that is made of numbers between bounds; its heads are the coordinates.

    Args:
        spec, mask: of the part.
        before: numbers to begin with, as far as the bounds allow them; the nearest to 0 without them.
    """

    def __init__(self, spec: Any, mask: Any, before: Sequence[float] | None) -> None:
        self.spec = spec
        self.low, self.high = mask
        start = np.zeros(len(self.low)) if before is None else np.array(before)
        self.values: list[Any] = [self.nearest(i, number) for i, number in enumerate(start.tolist())]

    @property
    def is_free(self) -> bool:
        """Whether the bounds leave any room."""
        return bool((self.low < self.high).any())

    def nearest(self, head: int, number: float) -> float:
        """The legal number that is nearest, in the precision of the action space."""
        rounded = np.asarray(number, self.low.dtype)
        return float(np.clip(rounded, self.low[head], self.high[head]))

    def why_not(self, head: int, number: float) -> str:
        """Why a number is forbidden; "" if it is not."""
        low, high = float(self.low[head]), float(self.high[head])
        if low <= number <= high:
            return ""
        bound = f"below {low:.4g}, the least" if number < low else f"above {high:.4g}, the most"
        return f"it is {bound} that is legal now; {REASONS[self.spec.meaning]}"

    def choose(self, head: int, number: float) -> None:
        """Set a coordinate to a legal number."""
        self.values[head] = self.nearest(head, number)

    def open_heads(self) -> list[int]:
        """None: every coordinate has a number."""
        return []

    def only_option(self, head: int) -> int | None:
        """Nothing is left open."""
        return None

    @property
    def action(self) -> Any:
        """The part of the action."""
        return self.spec.decode(np.array(self.values, self.low.dtype), False)


Part = HeadsPart | NumbersPart


class PartialAction:
    """An action in the making.

    A choice that only one thing is left for, after those before it, makes itself. A dict action begins with the choices
    of its parts that have no alternative.

    Args:
        spec: of the mask.
        mask: of the position, canonical.
        head_mask: of a conditional mask of more than two heads.
        before: the `preset` of an earlier action, to begin with.

    Attributes:
        parts: by their keys in a dict action; {(): part} of every other kind.
        needs_confirmation: whether a complete action still waits for a word: it holds bits or numbers, which the person
            may change several times, or nothing was left to choose.
    """

    def __init__(
        self,
        spec: MaskSpec,
        mask: Any,
        head_mask: HeadMask | None = None,
        before: Mapping[Path, Sequence[float]] | None = None,
    ) -> None:
        self.spec = spec
        self.parts: dict[Path, Part] = dict(_parts_of(spec, mask, head_mask, before or {}))
        self._past: list[dict[Path, list[Any]]] = []
        if spec.kind == "dict":
            self._fill()
        preset = [part for part in self.parts.values() if part.spec.kind in PRESET]
        self.needs_confirmation = self.is_complete or any(part.is_free for part in preset)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is open."""
        return not any(part.open_heads() for part in self.parts.values())

    @property
    def action(self) -> Any:
        """The whole action, in the form of the action space."""
        return self._action_of(self.spec, ())

    @property
    def preset(self) -> dict[Path, list[Any]]:
        """The bits and numbers chosen, by the key of their part."""
        return {key: list(part.values) for key, part in self.parts.items() if part.spec.kind in PRESET}

    @property
    def numbers(self) -> dict[Path, list[float]]:
        """The numbers chosen, by the key of their part."""
        return {key: part.values for key, part in self.parts.items() if isinstance(part, NumbersPart)}

    def why_not(self, choices: Sequence[Choice]) -> str:
        """Why choices, made one after the other, are forbidden now; "" if they are not. Nothing changes."""
        kept = self._values()
        try:
            return next(filter(None, map(self._try, choices)), "")
        finally:
            self._restore(kept)

    def choose(self, choices: Sequence[Choice]) -> None:
        """Make legal choices, one after the other, and those that they leave no alternative for."""
        self._past.append(self._values())
        for choice in choices:
            self.parts[choice.key].choose(choice.head, choice.value)
        self._fill()

    def take_back(self) -> bool:
        """Return to before the last call of `choose`; False where there was none."""
        if not self._past:
            return False
        self._restore(self._past.pop())
        return True

    def _try(self, choice: Choice) -> str:
        reason = self.parts[choice.key].why_not(choice.head, choice.value)
        if not reason:
            self.parts[choice.key].choose(choice.head, choice.value)
        return reason

    def _fill(self) -> None:
        """Make the choices that have no alternative."""
        for part in self.parts.values():
            for head in part.open_heads():
                only = part.only_option(head)
                if only is not None:
                    part.choose(head, only)

    def _values(self) -> dict[Path, list[Any]]:
        return {key: list(part.values) for key, part in self.parts.items()}

    def _restore(self, values: dict[Path, list[Any]]) -> None:
        for key, kept in values.items():
            self.parts[key].values = list(kept)

    def _action_of(self, spec: Any, key: Path) -> Any:
        if spec.kind != "dict":
            return self.parts[key].action
        return spec.pack(self._action_of(part, (*key, name)) for name, part in spec.items())


def leaves_of(spec: Any, value: Any, key: Path = ()) -> Iterator[tuple[Path, MaskSpec, Any]]:
    """The simple kinds that a kind is made of: key, specification and part of a value (a mask, an action) of each."""
    if spec.kind != "dict":
        yield key, spec, value
        return
    for (name, part), inner in zip(spec.items(), spec.unpack(value, "the value"), strict=True):
        yield from leaves_of(part, inner, (*key, name))


def _parts_of(
    spec: MaskSpec, mask: Any, head_mask: HeadMask | None, before: Mapping[Path, Sequence[float]]
) -> Iterator[tuple[Path, Part]]:
    for key, part, inner in leaves_of(spec, mask):
        if part.kind == "interval":
            yield key, NumbersPart(part, inner, before.get(key))
        else:
            yield key, HeadsPart(part, inner, head_mask, before.get(key))
