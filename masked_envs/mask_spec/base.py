"""`MaskSpec` itself: the operations every kind has, and the constructor of each kind."""

from __future__ import annotations

import reprlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

if TYPE_CHECKING:
    from .composite import DictMask
    from .conditional import ConditionalMask
    from .discrete import CandidatesMask, FlatMask, JointMask, PerHeadMask
    from .vector import BinaryMask, IntervalMask

KINDS = ("flat", "per_head", "joint", "conditional", "binary", "interval", "candidates", "dict")
MEANINGS = ("legal", "useful", "safe")

Meaning = Literal["legal", "useful", "safe"]


@dataclass(frozen=True)
class MaskSpec(ABC):
    """The form and the meaning of a mask; a frozen value that compares, hashes and pickles.

    Attributes:
        kind: one of `KINDS`.
        meaning: what 0 stands for: "legal" (the rules refuse the action), "useful" (it would change nothing) or
            "safe" (it would break a declared safety limit).

    A canonical mask is dense: int8 of zeros and ones with the shape of `space`, or float bounds for "interval", or
    a dict of such for "dict". Every operation takes one mask or a batch with one more leading axis (a dict of
    batches for "dict"), accepts bool in place of int8, and refuses anything else with a ValueError that names the
    expected form; nothing is reshaped.
    """

    meaning: Meaning

    kind: ClassVar[str]

    def __post_init__(self) -> None:
        if self.meaning not in MEANINGS:
            raise ValueError(f"meaning must be one of {', '.join(map(repr, MEANINGS))}, not {self.meaning!r}")

    # --- one constructor per kind ---------------------------------------------------------------------------

    @staticmethod
    def flat(n: int, *, start: int = 0, meaning: Meaning = "legal") -> FlatMask:
        """`Discrete(n, start=start)`; mask int8 (n,), whose entry i stands for the action start + i."""
        from .discrete import FlatMask

        return FlatMask(meaning, n, start)

    @staticmethod
    def candidates(max_n: int, *, meaning: Meaning = "legal") -> CandidatesMask:
        """`Discrete(max_n)` whose actions are described by features in the observation; mask int8 (max_n,)."""
        from .discrete import CandidatesMask

        return CandidatesMask(meaning, max_n)

    @staticmethod
    def per_head(nvec: Sequence[int] | npt.NDArray[Any], *, meaning: Meaning = "legal") -> PerHeadMask:
        """`MultiDiscrete(nvec)` with independent heads; mask int8 (sum nvec,), head after head.

        Exact only where the legal set is a product of one set per head.
        """
        from .discrete import PerHeadMask

        return PerHeadMask(meaning, check_sizes(nvec, "nvec"))

    @staticmethod
    def joint(nvec: Sequence[int] | npt.NDArray[Any], *, meaning: Meaning = "legal") -> JointMask:
        """`MultiDiscrete(nvec)`; mask int8 of shape nvec, one entry per combination."""
        from .discrete import JointMask

        return JointMask(meaning, check_sizes(nvec, "nvec"))

    @staticmethod
    def conditional(nvec: Sequence[int] | npt.NDArray[Any], *, meaning: Meaning = "legal") -> ConditionalMask:
        """`MultiDiscrete(nvec)` whose later heads depend on earlier choices; mask int8 (nvec[0], nvec[1]).

        The mask is the table of the first dependence. With more than two heads, the operations need `head_mask=`, a
        function (k, prefix) -> int8 (nvec[k],) for k >= 2, such as an environment's own `head_mask`.
        """
        from .conditional import ConditionalMask

        return ConditionalMask(meaning, check_sizes(nvec, "nvec"))

    @staticmethod
    def binary(n: int, *, meaning: Meaning = "legal") -> BinaryMask:
        """`MultiBinary(n)`; mask int8 (n, 2): bit i may be 0, bit i may be 1."""
        from .vector import BinaryMask

        return BinaryMask(meaning, n)

    @staticmethod
    def interval(
        low: npt.ArrayLike, high: npt.ArrayLike, *, dtype: npt.DTypeLike = np.float32, meaning: Meaning = "legal"
    ) -> IntervalMask:
        """`Box(low, high)` of shape (d,), finite; mask float (2, d): the lower and the upper bounds now."""
        from .vector import IntervalMask

        lows, highs = np.broadcast_arrays(np.atleast_1d(low), np.atleast_1d(high))
        if lows.ndim != 1:
            raise ValueError(f"the bounds of an interval mask are vectors (d,), not of shape {lows.shape}")
        return IntervalMask(meaning, tuple(lows.tolist()), tuple(highs.tolist()), np.dtype(dtype).name)

    @staticmethod
    def dict(specs: Mapping[str, MaskSpec] | Sequence[MaskSpec], *, meaning: Meaning = "legal") -> DictMask:
        """`Dict` (from a mapping) or `Tuple` (from a sequence) of the other kinds; mask a dict or tuple of masks.

        The keys of a mapping are sorted, as `gymnasium.spaces.Dict` does.
        """
        from .composite import DictMask

        if isinstance(specs, Mapping):
            items = sorted(specs.items(), key=lambda item: str(item[0]))
            return DictMask(meaning, tuple(key for key, _ in items), tuple(spec for _, spec in items), False)
        return DictMask(meaning, tuple(map(str, range(len(specs)))), tuple(specs), True)

    @staticmethod
    def from_space(action_space: spaces.Space[Any], kind: Any = None, *, meaning: Meaning = "legal") -> MaskSpec:
        """The spec of a mask over a Gymnasium action space.

        Args:
            action_space: Discrete, MultiDiscrete, MultiBinary, a Box of floats, or a Dict or Tuple of these.
            kind: needed for MultiDiscrete ("per_head", "joint" or "conditional"), and where "candidates" is meant
                instead of "flat"; for a Dict a mapping of key to kind, for a Tuple a sequence of kinds.
            meaning: see `MaskSpec`.

        Raises:
            ValueError: a space that no kind speaks of, or a kind that does not speak of this space.
        """
        from .from_space import from_space

        return from_space(action_space, kind, meaning)

    # --- form -----------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def action_space(self) -> spaces.Space[Any]:
        """The Gymnasium space of the actions that the mask speaks of; a new one each time, as a space holds a seed."""

    @property
    @abstractmethod
    def space(self) -> spaces.Space[Any]:
        """The Gymnasium space of one canonical mask (of a batch: `gymnasium.vector.utils.batch_space` of it)."""

    @cached_property
    @abstractmethod
    def heads(self) -> npt.NDArray[np.int64]:
        """The sizes of the choices that make one action, int64 (heads,)."""

    @property
    def needs_head_mask(self) -> bool:
        """Whether there are choices that the mask does not hold, so that `sample`, `allows`, `count` and `list_legal`
        take `head_mask=env.head_mask` (of a batch, one such function for each row).
        """
        return False

    @property
    @abstractmethod
    def num_draws(self) -> int:
        """How many uniform numbers one sampled action takes."""

    @property
    @abstractmethod
    def mask_buffer(self) -> np.dtype[Any]:
        """The dtype (with its shape) of one mask in the engine: bool inside."""

    @property
    @abstractmethod
    def action_buffer(self) -> np.dtype[Any]:
        """The dtype (with its shape) of one action in the engine."""

    # --- operations -----------------------------------------------------------------------------------------

    @abstractmethod
    def full(self, rows: int | None = None) -> Any:
        """The mask that forbids nothing, or a batch of `rows` of it."""

    @abstractmethod
    def check(self, mask: Any) -> tuple[Any, bool]:
        """Refuse what is not a mask, or batch of masks, of this form.

        Returns:
            the mask as read-only rows (rows, ...), and whether it was a batch.

        Raises:
            ValueError: wrong shape, dtype or value; the message names what was expected and what was given.
        """

    @abstractmethod
    def contains(self, mask: Any) -> bool:
        """Whether this is a canonical mask, or a batch of them: shape, dtype and values, exactly."""

    @abstractmethod
    def encode(self, action: Any) -> Any | None:
        """One action as the engine holds it, or None when it is not of the action space's form at all.

        Out-of-range numbers keep their form: what a mask does not allow is decided by the mask alone.
        """

    @abstractmethod
    def encode_batch(self, actions: Any, rows: int) -> Any:
        """`rows` actions as the engine holds them; a row that is not of the form becomes an action no mask allows.

        Raises:
            ValueError: the batch does not have `rows` rows.
        """

    @abstractmethod
    def decode(self, rows: Any, batch: bool) -> Any:
        """The reverse of `encode_batch` (batch) or `encode`, in the dtype of the action space."""

    @abstractmethod
    def surface(self, rows: Any) -> Any:
        """Engine masks (..., mask) as canonical masks: a copy, int8 or float."""

    @abstractmethod
    def allows(self, mask: Any, action: Any) -> bool | npt.NDArray[np.bool_]:
        """Whether the mask allows the action; for a batch, bool (rows,). Malformed actions are not allowed."""

    @abstractmethod
    def sample(self, mask: Any, rng: np.random.Generator) -> Any:
        """One action, uniform over the legal ones; for a batch, one per row.

        Raises:
            ValueError: a mask without a legal action; the message names the row.
        """

    @abstractmethod
    def count(self, mask: Any) -> Any:
        """The number of legal actions: an int, however large; for a batch, an array (rows,).

        The array is int64, or of Python ints where the action space is larger than that. An interval counts 1 where
        its bounds meet, infinity where they leave room, 0 where they cross, and gives floats.
        """

    @abstractmethod
    def list_legal(self, mask: Any, limit: int | None = None) -> list[Any]:
        """The legal actions of one mask in order, at most `limit` of them.

        Raises:
            ValueError: an interval, whose actions cannot be listed.
        """

    def convert(self, mask: Any, to: str) -> Any:
        """The mask, or batch of masks, as another library reads it.

        Args:
            mask: see `MaskSpec`.
            to: one of `DIALECTS`; docs/masks.md shows what each gives.

        Raises:
            ValueError: an unknown dialect, or one that cannot express this kind.
        """
        from .dialects import convert

        return convert(self, mask, to)

    def parse(self, mask: Any, from_: str) -> Any:
        """A mask, or batch of masks, of another library as a canonical mask; the reverse of `convert`.

        Raises:
            ValueError: an unknown dialect, one that cannot express this kind, or a mask that is not in that dialect.
        """
        from .dialects import parse

        return parse(self, mask, from_)


def describe(value: Any) -> str:
    """What a value is, for error messages: shape and dtype of an array, else its type."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and dtype is not None:
        return f"{type(value).__name__} of shape {tuple(shape)} and dtype {dtype}"
    return f"{reprlib.repr(value)} ({type(value).__name__})"


def check_sizes(sizes: Any, name: str) -> tuple[int, ...]:
    """The sizes as Python ints; refuses what is not a sequence of positive integers."""
    listed = tuple(sizes) if isinstance(sizes, (tuple, list, np.ndarray)) else ()
    if not listed or any(isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1 for n in listed):
        raise ValueError(f"{name} must be positive integers, not {reprlib.repr(sizes)}")
    return tuple(int(n) for n in listed)
