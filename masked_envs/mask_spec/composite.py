"""The kind of mask that is a dict or a tuple of the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from .base import MaskSpec, describe


@dataclass(frozen=True)
class DictMask(MaskSpec):
    """`MaskSpec.dict`: the action is legal where every part is.

    Attributes:
        keys: names of the parts; "0", "1", ... for a tuple.
        parts: the specs of the parts.
        is_tuple: whether actions and masks are tuples instead of dicts.
    """

    keys: tuple[str, ...]
    parts: tuple[MaskSpec, ...]
    is_tuple: bool = False

    kind: ClassVar[str] = "dict"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.parts or not all(isinstance(part, MaskSpec) for part in self.parts):
            raise ValueError(f"a dict mask is made of at least one MaskSpec, not {self.parts!r}")
        if not all(isinstance(key, str) and key for key in self.keys):
            raise ValueError(f"the keys of a dict mask are non-empty strings, not {self.keys!r}")
        for key, part in self.items():
            if part.needs_head_mask:
                raise ValueError(f"part {key!r}: a dict mask cannot ask head_mask for a third head; use joint")

    def pack(self, values: Any) -> Any:
        """One value per part as the dict or tuple that the spec speaks."""
        return tuple(values) if self.is_tuple else dict(zip(self.keys, values, strict=True))

    def unpack(self, value: Any, name: str) -> list[Any]:
        """The reverse of `pack`; refuses another structure."""
        if self.is_tuple:
            if isinstance(value, tuple) and len(value) == len(self.parts):
                return list(value)
            raise ValueError(f"expected {name} as a tuple of {len(self.parts)} parts, got {describe(value)}")
        if isinstance(value, dict) and set(value) == set(self.keys):
            return [value[key] for key in self.keys]
        given = f"keys {sorted(map(str, value))}" if isinstance(value, dict) else describe(value)
        raise ValueError(f"expected {name} as a dict with keys {sorted(self.keys)}, got {given}")

    @property
    def action_space(self) -> spaces.Space[Any]:
        return self._space([part.action_space for part in self.parts])

    @property
    def space(self) -> spaces.Space[Any]:
        return self._space([part.space for part in self.parts])

    def _space(self, parts: list[spaces.Space[Any]]) -> spaces.Space[Any]:
        return spaces.Tuple(parts) if self.is_tuple else spaces.Dict(dict(zip(self.keys, parts, strict=True)))

    @cached_property
    def heads(self) -> npt.NDArray[np.int64]:
        return np.concatenate([part.heads for part in self.parts])

    @property
    def num_draws(self) -> int:
        return sum(part.num_draws for part in self.parts)

    @property
    def mask_buffer(self) -> np.dtype[Any]:
        def in_record(part: MaskSpec) -> np.dtype[Any]:  # numba has no bool arrays in records
            buffer = part.mask_buffer
            return np.dtype((np.int8, buffer.shape)) if buffer.base == np.bool_ else buffer

        return np.dtype([(key, in_record(part)) for key, part in self.items()])

    @property
    def action_buffer(self) -> np.dtype[Any]:
        return np.dtype([(key, part.action_buffer) for key, part in self.items()])

    def full(self, rows: int | None = None) -> Any:
        return self.pack([part.full(rows) for part in self.parts])

    def surface(self, rows: npt.NDArray[Any]) -> Any:
        return self.pack([part.surface(rows[key]) for key, part in self.items()])

    def check(self, mask: Any) -> tuple[list[Any], bool]:
        """See `MaskSpec.check`; the rows are a list with those of every part."""
        masks = self.unpack(mask, "the mask")
        checked = self.each(lambda part, value: part.check(value), masks)
        if len({(batch, length(rows)) for rows, batch in checked}) != 1:
            raise ValueError("the parts of a dict mask must be one mask each, or batches of one length")
        return [rows for rows, _ in checked], checked[0][1]

    def contains(self, mask: Any) -> bool:
        try:
            self.check(mask)
        except ValueError:
            return False
        return all(self.each(lambda part, value: part.contains(value), self.unpack(mask, "the mask")))

    def encode(self, action: Any) -> Any | None:
        try:
            values = self.unpack(action, "the action")
        except ValueError:
            return None
        encoded = self.each(lambda part, value: part.encode(value), values)
        if any(value is None for value in encoded):
            return None
        record = np.zeros((), self.action_buffer)
        for key, value in zip(self.keys, encoded, strict=True):
            record[key] = value
        return record

    def encode_batch(self, actions: Any, rows: int) -> npt.NDArray[Any]:
        records = np.zeros(rows, self.action_buffer)
        values = self.unpack(actions, "the actions")
        encoded = self.each(lambda part, value: part.encode_batch(value, rows), values)
        for key, value in zip(self.keys, encoded, strict=True):
            records[key] = value
        return records

    def decode(self, rows: Any, batch: bool) -> Any:
        return self.pack([part.decode(rows[key], batch) for key, part in self.items()])

    def allows(self, mask: Any, action: Any) -> bool | npt.NDArray[np.bool_]:
        _, batch = self.check(mask)
        try:
            actions = self.unpack(action, "the action")
        except ValueError:
            if batch:
                raise
            return False
        answers = self.each(lambda part, *pair: part.allows(*pair), self.unpack(mask, "the mask"), actions)
        return np.logical_and.reduce(answers) if batch else all(answers)

    def sample(self, mask: Any, rng: np.random.Generator) -> Any:
        self.check(mask)
        return self.pack(self.each(lambda part, value: part.sample(value, rng), self.unpack(mask, "the mask")))

    def count(self, mask: Any) -> Any:
        _, batch = self.check(mask)
        counts = self.each(lambda part, value: part.count(value), self.unpack(mask, "the mask"))
        if not batch:
            return _product(counts)
        rows = [_product(row) for row in zip(*(count.tolist() for count in counts), strict=True)]
        return np.array(rows, self._count_dtype)

    @cached_property
    def _count_dtype(self) -> type:
        most = [part.count(part.full()) for part in self.parts]
        if math.prod(int(count) for count in most if count != math.inf) > np.iinfo(np.int64).max:
            return object
        return np.float64 if math.inf in most else np.int64

    def list_legal(self, mask: Any, limit: int | None = None) -> list[Any]:
        checked, batch = self.check(mask)
        if batch:
            raise ValueError(f"expected one dict mask, got a batch of {length(checked)}")
        choices = self.each(lambda part, value: part.list_legal(value, limit), self.unpack(mask, "the mask"))
        return [self.pack(values) for values in islice(product(*choices), limit)]

    def items(self) -> list[tuple[str, MaskSpec]]:
        """The parts with their names."""
        return list(zip(self.keys, self.parts, strict=True))

    def each(self, function: Callable[..., Any], *columns: Iterable[Any]) -> list[Any]:
        """function(part, ...) for every part, the other arguments from the columns; an error names the part."""
        results = []
        for (key, part), *arguments in zip(self.items(), *columns, strict=False):
            try:
                results.append(function(part, *arguments))
            except ValueError as error:
                raise ValueError(f"part {key!r}: {error}") from None
        return results


def length(rows: Any) -> int:
    """The number of rows that `check` found, however deep the parts are nested."""
    return length(rows[0]) if isinstance(rows, list) else len(rows)


def _product(counts: Iterable[Any]) -> Any:
    """The product, an exact integer, or infinity; 0 where one count is 0, even beside infinity."""
    known = list(counts)
    if 0 in known:
        return 0
    return math.inf if math.inf in known else math.prod(int(count) for count in known)
