"""What one can do with a mask, whatever its kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from .checks import HeadMask, HeadMasks

Bools = bool | npt.NDArray[np.bool_]


class MaskOperations(ABC):
    """The operations of every kind of mask.

    A canonical mask is dense: int8 of zeros and ones with the shape of `space`; float bounds for "interval"; a dict or
    tuple of masks for "dict". Every operation takes one mask or a batch, which has one more leading axis (for "dict" it
    is a dict of batches). bool is accepted in place of int8. Anything else is a ValueError that names the expected
    form; nothing is reshaped.

    `head_mask` matters for conditional masks of more than two heads, whose table does not hold the later heads; every
    other kind ignores it, so that one call serves all kinds. For one mask it is a function (k, prefix) -> int8
    (nvec[k],), such as `env.unwrapped.head_mask`. For a batch it is a function (row, k, prefix), such as
    `envs.unwrapped.head_mask` of a vector environment, or a sequence of one function (k, prefix) per row. Where it is
    needed and missing, the operation raises a ValueError that says so.
    """

    # --- form -----------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def action_space(self) -> spaces.Space[Any]:
        """The Gymnasium space of the actions; a new one each time, since a space holds a random generator."""

    @property
    @abstractmethod
    def space(self) -> spaces.Space[Any]:
        """The Gymnasium space of one canonical mask (of a batch: `gymnasium.vector.utils.batch_space` of it)."""

    @cached_property
    @abstractmethod
    def heads(self) -> npt.NDArray[np.int64]:
        """The sizes of the choices that make one action, int64 (heads,); 1 for each number of an interval."""

    @property
    def needs_head_mask(self) -> bool:
        """Whether the operations need `head_mask`: a conditional mask of more than two heads."""
        return False

    @property
    def is_continuous(self) -> bool:
        """Whether actions hold real numbers, so that the legal ones cannot be listed."""
        return False

    @property
    @abstractmethod
    def flat_size(self) -> int:
        """How many numbers one mask holds; see `flatten`."""

    @property
    @abstractmethod
    def num_draws(self) -> int:
        """How many uniform numbers one sampled action takes, without dependent heads."""

    @property
    @abstractmethod
    def mask_buffer(self) -> np.dtype[Any]:
        """The dtype (with its shape) of one mask in the engine: bool inside."""

    @property
    @abstractmethod
    def action_buffer(self) -> np.dtype[Any]:
        """The dtype (with its shape) of one action in the engine."""

    # --- masks ----------------------------------------------------------------------------------------------

    @abstractmethod
    def full(self, rows: int | None = None) -> Any:
        """The mask that forbids nothing, or a batch of `rows` of it."""

    @abstractmethod
    def empty(self, rows: int | None = None) -> Any:
        """The mask that allows nothing, or a batch of `rows` of it: zeros; for an interval, bounds that cross.

        Raises:
            ValueError: an interval whose action space is a single point, within which no bounds can cross.
        """

    @abstractmethod
    def check(self, mask: Any) -> tuple[Any, bool]:
        """Refuse what is not a mask, or a batch of masks, of this form.

        Returns:
            the mask as read-only rows (rows, ...), and whether it was a batch.

        Raises:
            ValueError: wrong shape, dtype or value; the message names what was expected and what was given.
        """

    @abstractmethod
    def contains(self, mask: Any) -> bool:
        """Whether this is a canonical mask, or a batch of them: shape, dtype and values, exactly."""

    @abstractmethod
    def flatten(self, mask: Any) -> npt.NDArray[Any]:
        """The numbers of a mask in one row: a copy (flat_size,), or (rows, flat_size) for a batch.

        In memory order; the parts of a dict one after another. int8, or float where there are bounds.
        """

    @abstractmethod
    def canonical(self, rows: Any) -> Any:
        """Masks from an engine buffer (..., mask) as canonical masks: a copy, int8 or float."""

    @abstractmethod
    def write_mask(self, mask: Any, out: Any) -> None:
        """Write a canonical mask into one row of an engine buffer: out[0]."""

    # --- actions --------------------------------------------------------------------------------------------

    @cached_property
    @abstractmethod
    def no_action(self) -> Any:
        """An action as the engine holds it that no mask allows; stands for what is not an action at all."""

    @abstractmethod
    def encode(self, action: Any) -> Any | None:
        """One action as the engine holds it, or None when it is not of the action space's form at all.

        Out-of-range numbers keep their form: only the mask decides what is legal.
        """

    @abstractmethod
    def encode_batch(self, actions: Any, rows: int) -> Any:
        """`rows` actions as the engine holds them; a row that is not of the form becomes an action no mask allows.

        Args:
            actions: an array (rows, action), or a list or tuple of actions; for "dict", a dict or tuple of these.
            rows: how many.

        Raises:
            ValueError: not a batch of `rows` rows.
        """

    def encode_into(self, actions: Any, out: Any) -> None:
        """`encode_batch`, written into an engine buffer (rows, action)."""
        out[...] = self.encode_batch(actions, len(out))

    @abstractmethod
    def decode(self, rows: Any, batch: bool) -> Any:
        """The reverse of `encode_batch` (batch) or `encode`, in the dtype of the action space."""

    @abstractmethod
    def action_of_row(self, actions: Any, row: int) -> Any:
        """What a batch of actions that `encode_batch` takes has in one row, unchanged."""

    # --- what is legal --------------------------------------------------------------------------------------

    @abstractmethod
    def allows(self, mask: Any, action: Any, head_mask: HeadMasks | None = None) -> Bools:
        """Whether the mask allows the action; for a batch, bool (rows,). Malformed actions are not allowed."""

    @abstractmethod
    def sample(self, mask: Any, rng: np.random.Generator, head_mask: HeadMasks | None = None) -> Any:
        """One action, every legal one equally likely; for a batch, one per row.

        Dependent heads too are sampled uniformly over the whole actions, exactly except for trees of very many, very
        different branches; see `ActionTree.sample`.

        Raises:
            ValueError: a mask without a legal action; the message names the row. TypeError: not a Generator.
        """

    @abstractmethod
    def count(self, mask: Any, head_mask: HeadMasks | None = None) -> Any:
        """The number of legal actions: an int, however large; for a batch, an array (rows,).

        The array is int64, or of Python ints where the action space is larger than that. An interval counts 1 where
        its bounds meet, infinity where they leave room, 0 where they cross, and gives floats. With dependent heads,
        `head_mask` is called for every legal prefix: use `is_empty` and `is_forced` for less.
        """

    @abstractmethod
    def is_empty(self, mask: Any, head_mask: HeadMasks | None = None) -> Bools:
        """Whether no action is legal; for a batch, bool (rows,). With dependent heads, it looks for one."""

    @abstractmethod
    def is_forced(self, mask: Any, head_mask: HeadMasks | None = None) -> Bools:
        """Whether exactly one action is legal; for a batch, bool (rows,). With dependent heads, it looks for two."""

    @abstractmethod
    def legal_fraction(self, mask: Any, head_mask: HeadMasks | None = None) -> Any:
        """The share of the action space that is legal: a float in [0, 1]; for a batch, float64 (rows,).

        Of the discrete kinds, `count(mask) / count(full())`: whole actions are counted, not entries of the mask. Of an
        interval, the share of the volume: the product over its numbers of (high - low) / (high - low of the action
        space), where a number that the action space fixes counts as 1, and 0 where bounds cross. Of a dict, the product
        of its parts. With dependent heads it costs what `count` costs.
        """

    @abstractmethod
    def list_legal(self, mask: Any, limit: int | None = None, head_mask: HeadMask | None = None) -> list[Any]:
        """The legal actions of one mask in order, at most `limit` of them.

        Raises:
            ValueError: a batch, or an interval, whose actions cannot be listed.
        """

    @abstractmethod
    def describe_legal(self, mask: Any, limit: int = 10, head_mask: HeadMask | None = None) -> str:
        """The legal actions of one mask in words for a message: at most `limit` of them, or the bounds."""

    @abstractmethod
    def empty_choices(self, mask: Any, head_mask: HeadMask | None = None, limit: int = 100) -> list[str]:
        """Which choices of one mask have nothing legal: "head 1", "bit 3", "head 2 after (0, 1)", "part 'x': bit 0".

        Empty where something is legal for every choice, as law L5 asks. With dependent heads, `limit` prefixes of each
        length are looked at.
        """

    @abstractmethod
    def dense(self, mask: Any, head_mask: HeadMasks | None = None) -> npt.NDArray[np.int8]:
        """One entry per action, int8 (..., *heads): 1 for the legal ones, in the order of `list_legal`.

        Raises:
            ValueError: an interval.
        """

    def complete(self, mask: Any, head_mask: HeadMasks | None = None) -> Any:
        """The mask with its dependent heads, as `masked_envs.torch.distribution_for` takes it.

        Of a conditional mask of more than two heads that is `dense`; every other mask is returned as it is.
        """
        return self.dense(mask, head_mask) if self.needs_head_mask else mask

    @abstractmethod
    def head_mask(
        self, mask: Any, k: int, prefix: Sequence[int] | npt.NDArray[Any], head_mask: HeadMasks | None = None
    ) -> npt.NDArray[np.int8]:
        """What head k may take after the choices `prefix` of the heads before it.

        Args:
            mask: one canonical mask, or a batch of them.
            k: the head, from 0: `heads[k]` is its size.
            prefix: k earlier choices, each from 0, legal themselves; for a batch, integers (rows, k).
            head_mask: see the class.

        Returns:
            int8 (heads[k],); for a batch (rows, heads[k]).

        Raises:
            ValueError: a head out of range, a prefix of the wrong form or that is not legal, or a kind that has no
                such heads ("interval" and "dict").
        """
