"""Hostile values made of bytes: specs, spaces, masks, actions, and what is none of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from masked_envs import MaskSpec

EDGES = (0, 1, 2, 3, -1, -2, 7, 127, 128, 255, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**400)
FLOATS = (0.0, -0.0, 0.5, 1.0, -1.0, 2.0, 1e-320, 1e-8, 6e4, 1e30, 3.5e38, 1e308, np.inf, -np.inf, np.nan)
DTYPES = (
    "int8",
    "bool",
    "uint8",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "O",
    "U2",
    "S2",
    "M8[s]",
)
WORDS = (
    "",
    "a",
    "action_mask",
    "legal_actions",
    "0",
    "flat",
    "per_head",
    "joint",
    "conditional",
    "binary",
    "dict",
    "x" * 300,
)


class Source:
    """Reads choices from bytes; after the last one every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def rest(self) -> bytes:
        rest, self._at = self._data[self._at :], len(self._data)
        return rest

    def below(self, n: int) -> int:
        return self.byte() % n

    def pick(self, options: Sequence[Any]) -> Any:
        return options[self.below(len(options))]

    def sizes(self, most: int = 3, largest: int = 4) -> tuple[int, ...]:
        return tuple(self.below(largest + 1) for _ in range(self.below(most + 1)))

    # --- specs and spaces -------------------------------------------------------------------------------------------

    def spec(self, depth: int = 0) -> Any:
        """A `MaskSpec` of any kind."""
        nvec = [1 + self.below(3) for _ in range(1 + self.below(3))]
        low = self.pick((-1.0, 0.0, -6e4))
        makers: list[Callable[[], Any]] = [
            lambda: MaskSpec.flat(1 + self.below(4), start=self.pick((0, 0, 1, -2))),
            lambda: MaskSpec.candidates(1 + self.below(4)),
            lambda: MaskSpec.per_head(nvec),
            lambda: MaskSpec.joint(nvec),
            lambda: MaskSpec.conditional(nvec if len(nvec) == 2 or (len(nvec) > 2 and depth == 0) else [2, 2]),
            lambda: MaskSpec.binary(1 + self.below(3)),
            lambda: MaskSpec.interval(
                [low] * len(nvec), [low + self.below(3)] * len(nvec), dtype=self.pick(("float32", "float64", "float16"))
            ),
        ]
        if depth < 2:
            parts = [self.spec(depth + 1) for _ in range(1 + self.below(2))] if self.below(8) > 5 else []
            if parts:
                return MaskSpec.dict(parts if self.below(2) else dict(zip("ab", parts, strict=False)))
        return makers[self.below(len(makers))]()

    def space(self, depth: int = 0) -> Any:
        """A Gymnasium space, served or not."""
        sizes = [1 + self.below(4) for _ in range(1 + self.below(3))]
        kind = self.below(10 if depth < 2 else 7)
        if kind == 0:
            return spaces.Discrete(sizes[0], start=self.pick((0, 1, -3)))
        if kind == 1:
            return spaces.MultiDiscrete(
                sizes if self.below(4) else [sizes], start=None if self.below(3) else [1] * len(sizes)
            )
        if kind == 2:
            return spaces.MultiBinary(sizes[0] if self.below(3) else sizes)
        if kind == 3:
            dtype = self.pick((np.float32, np.float64, np.float16, np.int64, np.uint8))
            low, high = self.pick(((0, 1), (0, 0), (-1, 3), (0, 100)))
            if np.issubdtype(dtype, np.floating) and self.below(3) == 0:
                low, high = -np.inf, np.inf
            if dtype is np.uint8:
                low = 0
            return spaces.Box(low, high, tuple(sizes[: self.below(3)]), dtype)
        if kind == 4:
            return spaces.Text(3)
        if kind == 5:
            return spaces.Sequence(spaces.Discrete(2))
        if kind == 6:
            return spaces.OneOf([spaces.Discrete(2)])
        parts = [self.space(depth + 1) for _ in range(self.below(3))]
        return spaces.Tuple(parts) if kind < 9 else spaces.Dict(dict(zip("ab", parts, strict=False)))

    # --- values -----------------------------------------------------------------------------------------------------

    def array(self, shape: tuple[int, ...] | None = None) -> Any:
        dtype, shape = self.pick(DTYPES), self.sizes() if shape is None else shape
        fill = self.below(5)
        array = np.zeros(shape, "float64") if fill == 0 else np.ones(shape, "float64")
        if fill == 2:
            array = array * self.pick(FLOATS)
        if fill > 2 and array.size:
            array.flat[self.below(array.size)] = self.pick((0.0, 2.0, -1.0, 1e9, np.nan))
        if dtype in ("O", "U2", "S2"):
            return array.astype(str).astype(dtype) if dtype != "O" else array.astype(object)
        with np.errstate(all="ignore"):
            cast = array.astype("int64").astype(dtype) if dtype[0] == "M" else array.astype(dtype)
        kinds = self.below(6)
        if kinds == 0:
            return np.ma.array(cast, mask=self.below(2) == 0)
        return cast[()] if kinds == 1 and cast.shape == () else cast

    def value(self, depth: int = 0) -> Any:
        """Anything."""
        kind = self.below(14)
        if kind < 4:
            return self.array()
        if kind == 4:
            return self.pick(EDGES)
        if kind == 5:
            return self.pick(FLOATS)
        if kind == 6:
            return self.pick(
                (None, True, False, ..., 1j, b"ab", object, np.True_, np.ma.masked, range(3), {0, 1}, {"a"})
            )
        if kind == 7:
            return self.pick(WORDS)
        parts = [self.value(depth + 1) for _ in range(self.below(4))] if depth < 3 else []
        if kind < 10:
            return parts
        if kind < 12:
            return tuple(parts)
        return dict(zip(("a", "b", 0, None), parts, strict=False))

    def near(self, value: Any, depth: int = 0) -> Any:
        """The value, or one like it with a small difference; seldom anything."""
        if isinstance(value, dict):
            return {key: self.near(part, depth + 1) for key, part in value.items() if self.below(16)}
        if isinstance(value, (tuple, list)):
            changed = [self.near(part, depth + 1) for part in value if self.below(16)]
            return self.pick((type(value), type(value), type(value), list, tuple))(changed)
        how = self.below(12)
        if how < 5 or not isinstance(value, np.ndarray):
            return value if how < 9 else self.value()
        if how == 5 and value.size:
            changed = value.copy()
            with np.errstate(all="ignore"):
                changed.flat[self.below(value.size)] = self.pick((0, 1, 0, 1, -1, 2, 3))
            return changed
        if how == 6 and value.dtype.kind != "M":
            with np.errstate(all="ignore"):
                return value.astype(self.pick(DTYPES[:8]))
        if how == 7:
            return value.tolist()
        if how == 8:
            return value[None] if self.below(2) else value[:1]
        return self.array(value.shape) if how == 9 else self.value()
