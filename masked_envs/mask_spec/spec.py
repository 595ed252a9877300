"""`MaskSpec`: the form and the meaning of a mask, and the constructor of each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from .checks import check_choice, check_sizes, items_of, name_of, numbers_of, shown
from .operations import MaskOperations

if TYPE_CHECKING:
    from . import BinaryMask, CandidatesMask, ConditionalMask, DictMask, FlatMask, IntervalMask, JointMask, PerHeadMask

KINDS = ("flat", "per_head", "joint", "conditional", "binary", "interval", "candidates", "dict")
MEANINGS = ("legal", "useful", "safe")

Meaning = Literal["legal", "useful", "safe"]
Sizes = Sequence[int] | npt.NDArray[Any]


@dataclass(frozen=True)
class MaskSpec(MaskOperations):
    """The form and the meaning of a mask; a frozen value that compares, hashes and pickles.

    Attributes:
        kind: one of `KINDS`.
        meaning: what 0 stands for: "legal" (the rules refuse the action), "useful" (it would change nothing) or
            "safe" (it would break a declared safety limit).

    The constructors import their kinds from the package when they are called: together they would take half of the
    time of `import masked_envs`.
    """

    meaning: Meaning

    kind: ClassVar[str]

    def __post_init__(self) -> None:
        check_choice("meaning", self.meaning, MEANINGS)

    def __deepcopy__(self, memo: Any) -> MaskSpec:
        return self  # it never changes

    # --- one constructor per kind ---------------------------------------------------------------------------

    @staticmethod
    def flat(n: int, *, start: int = 0, meaning: Meaning = "legal") -> FlatMask:
        """`Discrete(n, start=start)`; mask int8 (n,), whose entry i stands for the action start + i."""
        from . import FlatMask

        return FlatMask(meaning, n, start)

    @staticmethod
    def candidates(max_n: int, *, meaning: Meaning = "legal") -> CandidatesMask:
        """`Discrete(max_n)` whose actions are described by features in the observation; mask int8 (max_n,)."""
        from . import CandidatesMask

        return CandidatesMask(meaning, max_n)

    @staticmethod
    def per_head(nvec: Sizes, *, meaning: Meaning = "legal") -> PerHeadMask:
        """`MultiDiscrete(nvec)` with independent heads; mask int8 (sum nvec,), head after head.

        Exact only where the legal set is a product of one set per head.
        """
        from . import PerHeadMask

        return PerHeadMask(meaning, check_sizes(nvec, "nvec"))

    @staticmethod
    def joint(nvec: Sizes, *, meaning: Meaning = "legal") -> JointMask:
        """`MultiDiscrete(nvec)`; mask int8 of shape nvec, one entry per combination."""
        from . import JointMask

        return JointMask(meaning, check_sizes(nvec, "nvec"))

    @staticmethod
    def conditional(nvec: Sizes, *, meaning: Meaning = "legal") -> ConditionalMask:
        """`MultiDiscrete(nvec)` whose later heads depend on earlier choices; mask int8 (nvec[0], nvec[1]).

        The mask is the table of the first dependence. With more than two heads, the operations take `head_mask=`, a
        function (k, prefix) -> int8 (nvec[k],) for k >= 2, such as an environment's own `head_mask`.
        """
        from . import ConditionalMask

        return ConditionalMask(meaning, check_sizes(nvec, "nvec"))

    @staticmethod
    def binary(n: int, *, meaning: Meaning = "legal") -> BinaryMask:
        """`MultiBinary(n)`; mask int8 (n, 2): bit i may be 0, bit i may be 1."""
        from . import BinaryMask

        return BinaryMask(meaning, n)

    @staticmethod
    def interval(
        low: npt.ArrayLike, high: npt.ArrayLike, *, dtype: npt.DTypeLike = np.float32, meaning: Meaning = "legal"
    ) -> IntervalMask:
        """`Box(low, high)` of shape (d,), finite; mask float (2, d): the lower and the upper bounds now.

        Args:
            low, high: the bounds of the action space, numbers or vectors (d,).
            dtype: of actions and masks: float16, float32 or float64.
            meaning: see `MaskSpec`.
        """
        from . import IntervalMask

        lows, highs = numbers_of(low), numbers_of(high)
        if lows is None or highs is None:
            raise ValueError(f"the bounds must be numbers, as many low as high, not {shown((low, high))}")
        lows, highs = np.broadcast_arrays(np.atleast_1d(lows), np.atleast_1d(highs))
        if lows.ndim != 1:
            raise ValueError(f"the bounds of an interval mask are vectors (d,), not of shape {lows.shape}")
        return IntervalMask(meaning, tuple(lows.tolist()), tuple(highs.tolist()), name_of(dtype))

    @staticmethod
    def dict(specs: Mapping[str, MaskSpec] | Sequence[MaskSpec], *, meaning: Meaning = "legal") -> DictMask:
        """`Dict` (from a mapping) or `Tuple` (from a sequence) of the other kinds; mask a dict or tuple of masks.

        The keys of a mapping are sorted, as `gymnasium.spaces.Dict` does.
        """
        from . import DictMask

        if isinstance(specs, Mapping):
            if not all(isinstance(key, str) for key in specs):
                raise ValueError(f"the keys of a dict mask are non-empty strings, not {shown(list(specs))}")
            items = sorted(specs.items(), key=lambda item: item[0])
            return DictMask(meaning, tuple(key for key, _ in items), tuple(spec for _, spec in items), False)
        parts = items_of(specs)
        if parts is None:
            raise ValueError(f"a dict mask is made of a mapping or a sequence of MaskSpecs, not {shown(specs)}")
        return DictMask(meaning, tuple(map(str, range(len(parts)))), tuple(parts), True)

    @staticmethod
    def from_space(action_space: spaces.Space[Any], kind: Any = None, *, meaning: Meaning = "legal") -> MaskSpec:
        """The spec of a mask over a Gymnasium action space.

        Args:
            action_space: Discrete, MultiDiscrete, MultiBinary, a Box of floats, or a Dict or Tuple of these.
            kind: needed for MultiDiscrete ("per_head", "joint" or "conditional"), and where "candidates" is meant
                instead of "flat"; for a Dict a mapping of key to kind, for a Tuple a sequence of kinds.
            meaning: see `MaskSpec`.

        Raises:
            ValueError: a space without a kind of mask, or a kind that does not fit this space.
        """
        from . import spec_of_space

        return spec_of_space(action_space, kind, meaning)

    # --- other libraries ------------------------------------------------------------------------------------

    def convert(self, mask: Any, to: str) -> Any:
        """The mask, or batch of masks, as another library reads it.

        Args:
            mask: canonical, or a batch of such.
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

    def can_convert(self, to: str) -> bool:
        """Whether a dialect can express this kind of mask.

        Raises:
            ValueError: an unknown dialect.
        """
        from .dialects import can_convert

        return can_convert(self, to)
