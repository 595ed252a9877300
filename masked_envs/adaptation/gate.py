"""The gate in front of a third-party environment: the one place that judges, counts and replaces invalid actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..api.invalid_action import invalid_action_error
from ..core.on_invalid import ON_INVALID, check_invalid_reward, check_on_invalid
from ..mask_spec import MaskSpec
from ..mask_spec.checks import HeadMask, held

SALT = 0x6D61736B  # "mask" in ASCII: with the same seed, the gate and the environment draw different numbers


class GivenAction(NamedTuple):
    """An action given to an environment, and the mask that judges it.

    Attributes:
        action: as it was given, whatever it is.
        spec, mask, head_mask: the mask of the position; `head_mask` for dependent heads only.
        counter: the index of the counter it belongs to, such as the row.
        where: for messages: "" for the only agent, else ", row 3" or ", agent_0".
    """

    action: Any
    spec: MaskSpec
    mask: Any
    head_mask: HeadMask | None = None
    counter: int = 0
    where: str = ""


def refusal(env: str, given: GivenAction, how_to_sample: str) -> Exception:
    """The error for an invalid action.

    Args:
        env: its name.
        given: the action.
        how_to_sample: code that gives a legal action.
    """
    one = given
    return invalid_action_error(env, one.spec, one.action, one.mask, one.where, how_to_sample, one.head_mask)


class Verdict(NamedTuple):
    """What the gate lets through.

    Attributes:
        action: what the given one holds; with on_invalid="resample" a legal one in the place of an invalid one.
        invalid: whether the mask forbids the given one.
    """

    action: Any
    invalid: bool


class Gate:
    """Judges every action of an environment by its mask, counts the invalid ones, and applies `on_invalid`.

    Args:
        on_invalid: one of `known`.
        invalid_reward: what an invalid action earns, unless it raises.
        known: the values of `on_invalid` that the wrapper can carry out.
        counters: how many counts are kept, such as one for each row.

    Attributes:
        counts: int64 (counters,), how many invalid actions were given; they only grow.
        rng: the generator of replaced and sampled actions.

    Raises:
        ValueError: another `on_invalid`, or a reward that is not finite. TypeError: a reward that is no number.
    """

    def __init__(
        self, on_invalid: str, invalid_reward: float = 0.0, known: Sequence[str] = ON_INVALID, counters: int = 1
    ) -> None:
        self.on_invalid = check_on_invalid(on_invalid, known)
        self.invalid_reward = check_invalid_reward(invalid_reward)
        self.counts = np.zeros(counters, np.int64)
        self.rng = np.random.default_rng()

    def seed(self, seed: Any) -> None:
        """Begin the random stream anew; it goes on where `seed` is not an integer."""
        if isinstance(seed, (int, np.integer)):
            self.rng = np.random.default_rng([int(seed), SALT])

    def judge(self, given: Sequence[GivenAction], refuse: Callable[[GivenAction], Exception]) -> list[Verdict]:
        """Judge the actions of one step, all of them before any is carried out.

        Args:
            given: the actions.
            refuse: the error for an invalid action.

        Returns:
            one verdict for each action, in order.

        Raises:
            InvalidActionError: with on_invalid="raise", what `refuse` gives for the first invalid action. All of them
            are counted.
        """
        invalid = [not one.spec.allows(one.mask, one.action, one.head_mask) for one in given]
        for one, is_invalid in zip(given, invalid, strict=True):
            self.counts[one.counter] += is_invalid
        if self.on_invalid == "raise" and any(invalid):
            raise refuse(given[invalid.index(True)])
        return [Verdict(self._let_through(*pair), pair[1]) for pair in zip(given, invalid, strict=True)]

    def _let_through(self, one: GivenAction, is_invalid: bool) -> Any:
        if is_invalid and self.on_invalid == "resample":
            return one.spec.sample(one.mask, self.rng, one.head_mask)
        return held(one.action)  # what was judged, and not what a subclass may say of itself in the environment

    def flag(self, invalid: Any) -> dict[str, Any]:
        """The entry of `info` that says whether the action was invalid; none where invalid actions raise."""
        return {} if self.on_invalid == "raise" else {"invalid_action": invalid}
