"""The kind of mask that is a dict or a tuple of the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from typing import Any, ClassVar, NoReturn

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from .checks import Array, HeadMask, HeadMasks, count_dtype, describe, items_of, outer, parts_of, shown
from .operations import Bools
from .spec import MaskSpec


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
            raise ValueError(f"a dict mask is made of at least one MaskSpec, not {shown(self.parts)}")
        if not all(isinstance(key, str) and key for key in self.keys):
            raise ValueError(f"the keys of a dict mask are non-empty strings, not {shown(self.keys)}")
        for key, part in self.items():
            if part.needs_head_mask:
                raise ValueError(f"part {shown(key)}: a dict mask cannot ask head_mask for a third head; use joint")

    # --- parts ----------------------------------------------------------------------------------------------

    def items(self) -> list[tuple[str, MaskSpec]]:
        """The parts with their names."""
        return list(zip(self.keys, self.parts, strict=True))

    def pack(self, values: Iterable[Any]) -> Any:
        """One value per part as a dict, or as a tuple."""
        return tuple(values) if self.is_tuple else dict(zip(self.keys, values, strict=True))

    def unpack(self, value: Any, name: str) -> list[Any]:
        """The reverse of `pack`.

        Raises:
            ValueError: another structure; the message calls the value by `name`.
        """
        if self.is_tuple:
            items = items_of(value) if issubclass(type(value), tuple) else None
            if items is not None and len(items) == len(self.parts):
                return list(items)
            raise ValueError(f"expected {name} as a tuple of {len(self.parts)} parts, got {describe(value)}")
        parts = parts_of(value)
        if parts is not None and parts.keys() == set(self.keys):
            return [parts[key] for key in self.keys]
        given = describe(value) if parts is None else f"keys {shown(sorted(parts))}"
        raise ValueError(f"expected {name} as a dict with keys {sorted(self.keys)}, got {given}")

    def each(self, function: Callable[..., Any], *columns: Iterable[Any]) -> list[Any]:
        """function(part, ...) for every part, the other arguments from the columns; an error names the part."""
        results = []
        for (key, part), *arguments in zip(self.items(), *columns, strict=False):
            try:
                results.append(function(part, *arguments))
            except ValueError as error:
                raise ValueError(f"part {shown(key)}: {error}") from None
        return results

    # --- form -----------------------------------------------------------------------------------------------

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
    def is_continuous(self) -> bool:
        return any(part.is_continuous for part in self.parts)

    @property
    def flat_size(self) -> int:
        return sum(part.flat_size for part in self.parts)

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

    # --- masks ----------------------------------------------------------------------------------------------

    def full(self, rows: int | None = None) -> Any:
        return self.pack([part.full(rows) for part in self.parts])

    def empty(self, rows: int | None = None) -> Any:
        return self.pack(self.each(lambda part: part.empty(rows)))

    def canonical(self, rows: Array) -> Any:
        return self.pack([part.canonical(rows[key]) for key, part in self.items()])

    def write_mask(self, mask: Any, out: Array) -> None:
        for key, value in zip(self.keys, self.unpack(mask, "the mask"), strict=True):
            out[0][key] = value

    def flatten(self, mask: Any) -> Array:
        self.check(mask)
        parts = self.each(lambda part, value: part.flatten(value), self.unpack(mask, "the mask"))
        return np.concatenate(parts, axis=-1)

    def check(self, mask: Any) -> tuple[list[Any], bool]:
        """See `MaskOperations.check`; the rows are a list with those of every part."""
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

    def _parts_of(self, mask: Any) -> tuple[list[Any], bool]:
        """The masks of the parts, checked, and whether they are batches."""
        _, batch = self.check(mask)
        return self.unpack(mask, "the mask"), batch

    def _parts_of_one(self, mask: Any) -> list[Any]:
        """The masks of the parts of a single mask, checked."""
        checked, batch = self.check(mask)
        if batch:
            raise ValueError(f"expected one dict mask, got a batch of {length(checked)}")
        return self.unpack(mask, "the mask")

    # --- actions --------------------------------------------------------------------------------------------

    @cached_property
    def no_action(self) -> Any:
        return self._record([part.no_action for part in self.parts])

    def _record(self, values: Iterable[Any]) -> Any:
        record = np.zeros((), self.action_buffer)
        for key, value in zip(self.keys, values, strict=True):
            record[key] = value
        return record

    def encode(self, action: Any) -> Any | None:
        try:
            values = self.unpack(action, "the action")
        except ValueError:
            return None
        encoded = self.each(lambda part, value: part.encode(value), values)
        return None if any(value is None for value in encoded) else self._record(encoded)

    def encode_batch(self, actions: Any, rows: int) -> Array:
        records = np.zeros(rows, self.action_buffer)
        values = self.unpack(actions, "the actions")
        encoded = self.each(lambda part, value: part.encode_batch(value, rows), values)
        for key, value in zip(self.keys, encoded, strict=True):
            records[key] = value
        return records

    def decode(self, rows: Any, batch: bool) -> Any:
        return self.pack([part.decode(rows[key], batch) for key, part in self.items()])

    def action_of_row(self, actions: Any, row: int) -> Any:
        values = self.unpack(actions, "the actions")
        return self.pack(self.each(lambda part, value: part.action_of_row(value, row), values))

    # --- what is legal --------------------------------------------------------------------------------------

    def allows(self, mask: Any, action: Any, head_mask: HeadMasks | None = None) -> Bools:
        masks, batch = self._parts_of(mask)
        try:
            actions = self.unpack(action, "the action")
        except ValueError:
            if batch:
                raise
            return False
        allowed = self.each(lambda part, *pair: part.allows(*pair), masks, actions)
        return np.logical_and.reduce(allowed) if batch else all(allowed)

    def sample(self, mask: Any, rng: np.random.Generator, head_mask: HeadMasks | None = None) -> Any:
        masks, _ = self._parts_of(mask)
        return self.pack(self.each(lambda part, value: part.sample(value, rng), masks))

    def count(self, mask: Any, head_mask: HeadMasks | None = None) -> Any:
        masks, batch = self._parts_of(mask)
        counts = self.each(lambda part, value: part.count(value), masks)
        if not batch:
            return _product(counts)
        rows = [_product(row) for row in zip(*(count.tolist() for count in counts), strict=True)]
        return np.array(rows, self._count_dtype)

    @cached_property
    def _count_dtype(self) -> type:
        dtype = count_dtype(self.heads.tolist())
        return np.float64 if dtype is np.int64 and self.is_continuous else dtype

    def is_empty(self, mask: Any, head_mask: HeadMasks | None = None) -> Bools:
        masks, batch = self._parts_of(mask)
        empty = self.each(lambda part, value: part.is_empty(value), masks)
        return np.logical_or.reduce(empty) if batch else any(empty)

    def is_forced(self, mask: Any, head_mask: HeadMasks | None = None) -> Bools:
        masks, batch = self._parts_of(mask)
        forced = self.each(lambda part, value: part.is_forced(value), masks)
        return np.logical_and.reduce(forced) if batch else all(forced)

    def legal_fraction(self, mask: Any, head_mask: HeadMasks | None = None) -> Any:
        masks, batch = self._parts_of(mask)
        fractions = self.each(lambda part, value: part.legal_fraction(value), masks)
        return np.prod(fractions, axis=0) if batch else math.prod(fractions)

    def list_legal(self, mask: Any, limit: int | None = None, head_mask: HeadMask | None = None) -> list[Any]:
        choices = self.each(lambda part, value: part.list_legal(value, limit), self._parts_of_one(mask))
        return [self.pack(values) for values in islice(product(*choices), limit)]

    def describe_legal(self, mask: Any, limit: int = 10, head_mask: HeadMask | None = None) -> str:
        if not self.is_continuous:
            listed = self.list_legal(mask, limit + 1)
            return ", ".join(map(str, listed[:limit])) + (", ..." if len(listed) > limit else "")
        words = self.each(lambda part, value: part.describe_legal(value, limit), self._parts_of_one(mask))
        return "; ".join(f"{key}: {legal}" for key, legal in zip(self.keys, words, strict=True))

    def empty_choices(self, mask: Any, head_mask: HeadMask | None = None, limit: int = 100) -> list[str]:
        columns = zip(self.items(), self._parts_of_one(mask), strict=True)
        return [f"part {shown(key)}: {what}" for (key, part), value in columns for what in part.empty_choices(value)]

    def dense(self, mask: Any, head_mask: HeadMasks | None = None) -> npt.NDArray[np.int8]:
        masks, batch = self._parts_of(mask)
        parts = self.each(lambda part, value: part.dense(value), masks)
        whole: npt.NDArray[np.int8] = outer(parts if batch else [part[None] for part in parts])
        return whole if batch else whole[0]

    def head_mask(self, mask: Any, k: int, prefix: Any, head_mask: HeadMasks | None = None) -> NoReturn:
        raise ValueError(f"a dict mask has parts and no heads: ask one of its parts, {', '.join(map(repr, self.keys))}")


def length(rows: Any) -> int:
    """The number of rows that `check` found, however deep the parts are nested."""
    return length(rows[0]) if isinstance(rows, list) else len(rows)


def _product(counts: Iterable[Any]) -> Any:
    """The product, an exact integer, or infinity; 0 where one count is 0, even beside infinity."""
    known = list(counts)
    if 0 in known:
        return 0
    return math.inf if math.inf in known else math.prod(int(count) for count in known)
