"""The kind of mask that is a dict or a tuple of the others."""

from __future__ import annotations

import math
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

    def _pack(self, values: Any) -> Any:
        """One value per part as the dict or tuple that the spec speaks."""
        return tuple(values) if self.is_tuple else dict(zip(self.keys, values, strict=True))

    def _unpack(self, value: Any, name: str) -> list[Any]:
        """The reverse of `_pack`; refuses another structure."""
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

        return np.dtype([(key, in_record(part)) for key, part in zip(self.keys, self.parts, strict=True)])

    @property
    def action_buffer(self) -> np.dtype[Any]:
        return np.dtype([(key, part.action_buffer) for key, part in zip(self.keys, self.parts, strict=True)])

    def full(self) -> Any:
        return self._pack([part.full() for part in self.parts])

    def surface(self, rows: npt.NDArray[Any]) -> Any:
        return self._pack([part.surface(rows[key]) for key, part in zip(self.keys, self.parts, strict=True)])

    def check(self, mask: Any) -> tuple[Any, bool]:
        checked = []
        for key, part, value in zip(self.keys, self.parts, self._unpack(mask, "the mask"), strict=True):
            try:
                checked.append(part.check(value))
            except ValueError as error:
                raise ValueError(f"part {key!r} of the mask: {error}") from None
        if len({(batch, len(rows)) for rows, batch in checked}) != 1:
            raise ValueError("the parts of a dict mask must be one mask each, or batches of one length")
        return [rows for rows, _ in checked], checked[0][1]

    def contains(self, mask: Any) -> bool:
        try:
            values = self._unpack(mask, "the mask")
        except ValueError:
            return False
        return all(part.contains(value) for part, value in zip(self.parts, values, strict=True))

    def encode(self, action: Any) -> Any | None:
        try:
            values = self._unpack(action, "the action")
        except ValueError:
            return None
        encoded = [part.encode(value) for part, value in zip(self.parts, values, strict=True)]
        if any(value is None for value in encoded):
            return None
        record = np.zeros((), self.action_buffer)
        for key, value in zip(self.keys, encoded, strict=True):
            record[key] = value
        return record

    def encode_batch(self, actions: Any, rows: int) -> npt.NDArray[Any]:
        records = np.zeros(rows, self.action_buffer)
        values = self._unpack(actions, "the actions")
        for key, part, value in zip(self.keys, self.parts, values, strict=True):
            records[key] = part.encode_batch(value, rows)
        return records

    def decode(self, rows: Any, batch: bool) -> Any:
        return self._pack([part.decode(rows[key], batch) for key, part in zip(self.keys, self.parts, strict=True)])

    def allows(self, mask: Any, action: Any) -> Any:
        _, batch = self.check(mask)
        try:
            actions = self._unpack(action, "the action")
        except ValueError:
            if batch:
                raise
            return False
        masks = self._unpack(mask, "the mask")
        answers = [part.allows(*pair) for part, *pair in zip(self.parts, masks, actions, strict=True)]
        return np.logical_and.reduce(answers) if batch else all(answers)

    def sample(self, mask: Any, rng: np.random.Generator) -> Any:
        self.check(mask)
        masks = self._unpack(mask, "the mask")
        return self._pack([part.sample(value, rng) for part, value in zip(self.parts, masks, strict=True)])

    def count(self, mask: Any) -> Any:
        _, batch = self.check(mask)
        counts = [part.count(value) for part, value in zip(self.parts, self._unpack(mask, "the mask"), strict=True)]
        return [_product(row) for row in zip(*counts, strict=True)] if batch else _product(counts)

    def list_legal(self, mask: Any, limit: int | None = None) -> list[Any]:
        masks = self._unpack(mask, "the mask")
        choices = [part.list_legal(value, limit) for part, value in zip(self.parts, masks, strict=True)]
        return [self._pack(values) for values in islice(product(*choices), limit)]


def _product(counts: Any) -> Any:
    return 0 if 0 in counts else math.prod(counts)
